#include "cli/trace_name.h"

#include <algorithm>

#include "base/text.h"
#include "cli/signals.h"

namespace culprit::cli {

namespace {

// The most ids named in a message: enough to distinguish them, and short.
constexpr size_t kNamed = 5;

struct Named {
  TraceId id;
  std::string root;  // name of its root or, if the root is missing, of its first span
};

// Returns the contents of a JSON string of hex digits or names, as in SqlTable.
std::string unquoted(const std::string& json) { return json.size() < 2 ? json : json.substr(1, json.size() - 2); }

Result<std::vector<Named>> named(Reader& reader, const std::string& select) {
  SqlLimits limits;
  limits.cancel = &stop_token();
  SqlTable table = TRY(reader.sql(select, limits));
  std::vector<Named> found;
  for (const auto& row : table.rows)
    if (auto id = parse_trace_id(unquoted(row[0])); id && row.size() > 1) found.push_back({*id, unquoted(row[1])});
  return found;
}

constexpr const char* kSlowest =
    "SELECT trace_id, '' FROM (SELECT trace_id, max(duration_ns) FILTER (WHERE parent_span_id = 0) AS root_ns, "
    "max(start_ns::HUGEINT + duration_ns) - min(start_ns) AS extent_ns FROM span GROUP BY trace_id) "
    "ORDER BY coalesce(root_ns, extent_ns) DESC, trace_id LIMIT 1";

Error ambiguous(const std::string& word, const std::vector<Named>& all) {
  std::string list;
  for (size_t i = 0; i < all.size() && i < kNamed; ++i)
    list += (list.empty() ? "" : ", ") + to_hex(all[i].id) + " (" + all[i].root + ")";
  if (all.size() > kNamed) list += " and others";
  return {Error::Kind::Usage, "'" + word + "' begins more than one trace id: " + list, "give more digits"};
}

}  // namespace

Error no_trace(const std::string& word, const std::string& source) {
  return {Error::Kind::NotFound, "no trace '" + word + "' in " + source,
          "culprit sql 'SELECT DISTINCT trace_id FROM span LIMIT 10' -s " + shell_quoted(source)};
}

Result<TraceId> find_trace(Reader& reader, const std::string& word, const std::string& source) {
  if (word == "slowest") {
    std::vector<Named> slowest = TRY(named(reader, kSlowest));
    if (slowest.empty()) return no_trace(word, source);
    return slowest.front().id;
  }
  auto id = parse_trace_id(word);
  if (!id)
    return Error{Error::Kind::Usage, "not a trace id: '" + word + "'", "32 hex digits, the first of them, or slowest"};
  if (word.size() == 32) return *id;
  std::string digits = word;
  for (char& c : digits) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::vector<Named> all =
      TRY(named(reader,
                "SELECT trace_id, coalesce(min(name) FILTER (WHERE parent_span_id = 0), min(name)) FROM span WHERE "
                "trace_id LIKE '" +
                    digits + "%' OR trace_id = '" + to_hex(*id) + "' GROUP BY trace_id ORDER BY trace_id <> '" +
                    to_hex(*id) + "', trace_id LIMIT " + std::to_string(kNamed + 1)));
  if (all.empty()) return no_trace(word, source);
  if (all.size() > 1 && all.front().id != *id) return ambiguous(word, all);
  return all.front().id;
}

}  // namespace culprit::cli
