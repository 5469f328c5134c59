#include "analysis/trace/call.h"

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "model/conventions.h"
#include "statement/normalise.h"
#include "statement/path_template.h"

namespace culprit::analysis {

namespace {

// The limit of children of a call among which its callee is searched. Beside the server's span there may be the caller's
// spans of name lookup, connection and login. Checking all children of every parent would take quadratic time.
constexpr size_t kMostBeside = 16;

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || (c & 0x80); }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Returns the position, at or after `from`, of `word` as a whole word in `text`, or npos. `word` is in lower case; a
// space in it matches any single blank.
size_t find_word(std::string_view text, std::string_view word, size_t from = 0) {
  for (size_t at = from; at + word.size() <= text.size(); ++at) {
    if (at > 0 && in_word(text[at - 1]) && in_word(word.front())) continue;
    size_t same = 0;
    while (same < word.size() && lower(text[at + same]) == word[same]) ++same;
    if (same < word.size()) continue;
    size_t after = at + word.size();
    if (after == text.size() || !in_word(word.back()) || !in_word(text[after])) return at;
  }
  return std::string_view::npos;
}

bool has_word(std::string_view text, std::string_view word) { return find_word(text, word) != std::string_view::npos; }

// Returns whether a caller's span and another service's span belong to one call, judged by their names. Both ends of a
// remote call have the method's name ("Sent.x.Cart/Get" and "/x.Cart/Get"); the name of an HTTP caller is often only
// the verb.
bool names_one_call(std::string_view caller, std::string_view callee) {
  if (caller.starts_with("HTTP ")) caller.remove_prefix(5);
  for (std::string_view verb : {"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"})
    if (caller == verb) return true;
  std::string_view longer = caller.size() > callee.size() ? caller : callee;
  std::string_view shorter = caller.size() > callee.size() ? callee : caller;
  if (shorter.starts_with("/")) shorter.remove_prefix(1);
  return !shorter.empty() && longer.ends_with(shorter) &&
         (longer.size() == shorter.size() || !in_word(longer[longer.size() - shorter.size() - 1]));
}

std::string first_word(std::string_view statement) {
  std::string word;
  for (char c : trimmed(statement)) {
    if (!in_word(c)) break;
    word += lower(c);
  }
  return word;
}

}  // namespace

SpanIndex callee_view(const Trace& trace, SpanIndex caller) {
  const Span& span = trace.spans[caller];
  const auto& children = trace.children[caller];
  if (span.kind == SpanKind::Client)
    for (size_t i = 0; i < std::min(children.size(), kMostBeside); ++i)
      if (trace.spans[children[i]].flags & kSharedId) return children[i];
  if (children.size() != 1) return kNoSpan;
  const Span& child = trace.spans[children[0]];
  if (span.kind == SpanKind::Unspecified && child.kind == SpanKind::Unspecified) {
    SpanIndex parent = trace.parent[caller];
    bool inside = parent != kNoSpan && trace.spans[parent].service == span.service;
    return inside && child.service != span.service && names_one_call(span.name, child.name) ? children[0] : kNoSpan;
  }
  if (span.kind != SpanKind::Client) return kNoSpan;
  bool linked = child.link == LinkHow::Connection || child.link == LinkHow::Reported || child.link == LinkHow::None;
  return child.kind == SpanKind::Server && linked ? children[0] : kNoSpan;
}

SpanIndex last_view(const Trace& trace, SpanIndex index) {
  for (size_t steps = 0; steps < trace.spans.size(); ++steps) {
    SpanIndex next = callee_view(trace, index);
    if (next == kNoSpan && trace.children[index].size() == 1 &&
        (trace.spans[trace.children[index][0]].flags & kOtherObserver))
      next = trace.children[index][0];
    if (next == kNoSpan) return index;
    index = next;
  }
  return index;
}

bool is_database(const Span& span) {
  for (const Attribute& attribute : span.attributes)
    if (attribute.key.starts_with("db.")) return true;
  return false;
}

std::string_view system_of(const Span& span) { return db_system(span.attributes); }

std::string_view statement_text(const Span& span) {
  std::string_view text = db_text(span.attributes);
  return text.empty() ? std::string_view(span.name) : text;
}

std::string address_of(const Span& span) {
  std::string address(peer_address(span.attributes));
  const std::string port = ":" + std::to_string(peer_port(span.attributes));
  if (!address.empty() && port != ":0" && !address.ends_with(port)) address += port;
  return address;
}

std::string_view database_of(const Span& span) { return db_namespace(span.attributes); }

std::string peer_of(const Span& span) {
  std::string_view service = peer_service(span.attributes);
  return service.empty() ? address_of(span) : std::string(service);
}

int64_t rows_of(const Span& span) {
  for (std::string_view key : {"db.response.returned_rows", "culprit.rows_affected"}) {
    int64_t rows = find_integer(span.attributes, key, -1);
    if (rows >= 0) return rows;
  }
  return -1;
}

std::string without_literals(std::string_view text, std::string_view system) {
  return normalise(text, sql_dialect(system)).text();
}

std::string without_ids(std::string_view operation) {
  size_t slash = operation.find('/');
  if (slash == std::string_view::npos || (slash > 0 && operation[slash - 1] != ' ')) return std::string(operation);
  std::string out(operation.substr(0, slash));
  std::string_view path = operation.substr(slash, operation.find_first_of("?#", slash) - slash);
  for (std::string_view part : split(path.substr(1), '/')) {
    out += '/';
    out += identifies(part) ? "?" : part;
  }
  return out;
}

bool changes_tables(std::string_view statement) {
  const std::string word = first_word(statement);
  for (std::string_view other :
       {"alter", "analyze", "cluster", "create", "drop", "lock", "refresh", "reindex", "truncate", "vacuum"})
    if (word == other) return true;
  return false;
}

StatementSort sort_of(std::string_view statement) {
  const std::string word = first_word(statement);
  auto is = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (is({"commit", "end"})) return StatementSort::Commit;
  if (is({"begin", "start", "rollback", "savepoint", "release", "set", "reset", "discard", "deallocate", "show"}))
    return StatementSort::Control;
  if (is({"insert", "update", "delete", "merge", "copy", "replace"})) return StatementSort::Write;
  // A statement that begins with WITH may still write.
  bool writes = word == "with" && (has_word(statement, "insert into") || has_word(statement, "delete from") ||
                                   (has_word(statement, "update") && has_word(statement, "set")));
  if (writes) return StatementSort::Write;
  if (is({"select", "with", "table", "values", "fetch"})) return StatementSort::Read;
  return StatementSort::Other;
}

bool aggregates(std::string_view statement) {
  for (std::string_view words : {"group by", "distinct"})
    if (has_word(statement, words)) return true;
  // A column may have the name of a function: a function is followed by its arguments.
  for (std::string_view function : {"over", "sum", "avg", "count", "min", "max", "array_agg", "string_agg"}) {
    for (size_t at = find_word(statement, function); at != std::string_view::npos;
         at = find_word(statement, function, at + 1)) {
      size_t after = statement.find_first_not_of(' ', at + function.size());
      if (after != std::string_view::npos && statement[after] == '(') return true;
    }
  }
  return false;
}

bool looks_up(std::string_view statement) {
  size_t where = find_word(statement, "where");
  if (where == std::string_view::npos) return false;
  std::string_view condition = statement.substr(where);
  for (std::string_view form : {"= ?", "=?", "in (?", "like ?", "any (?", "any(?"})
    if (find_word(condition, form) != std::string_view::npos) return true;
  return false;
}

bool locks_rows(std::string_view statement) {
  if (sort_of(statement) != StatementSort::Read) return true;
  for (std::string_view form : {"for update", "for share", "for no key update", "for key share"})
    if (has_word(statement, form)) return true;
  return statement.find("pg_advisory") != std::string_view::npos;
}

bool has_limit(std::string_view statement) {
  return has_word(statement, "limit") || has_word(statement, "fetch first");
}

std::string table_of(std::string_view statement) {
  for (std::string_view word : {"from", "update", "into", "table", "join"}) {
    size_t at = find_word(statement, word);
    if (at == std::string_view::npos) continue;
    at = statement.find_first_not_of(' ', at + word.size());
    if (at == std::string_view::npos) continue;
    size_t end = at;
    while (end < statement.size() && (in_word(statement[end]) || statement[end] == '.' || statement[end] == '"')) ++end;
    if (end > at) return std::string(statement.substr(at, end - at));
  }
  return {};
}

}  // namespace culprit::analysis
