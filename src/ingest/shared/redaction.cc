#include "ingest/shared/redaction.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ingest/shared/redacted_text.h"
#include "model/conventions.h"
#include "statement/normalise.h"
#include "statement/redact.h"

namespace culprit {

// The type of an attribute's text, determined by its key.
enum class Redaction::Content : uint8_t { Text, Statement, Target, Command, Secret };

// A cache of the type of each key: a program's attributes have few different keys.
class Redaction::Keys {
 public:
  Content content(std::string_view key);

 private:
  struct Entry {
    std::string key;
    Content content;
  };
  Entry entries_[512] = {};  // index: a cheap hash; a collision costs one more computation
};

namespace {

// "GET /users/42": replaces the words of a name that are paths or URLs by their templates.
std::string redacted_name(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    size_t space = std::min(name.find(' '), name.size());
    std::string_view word = name.substr(0, space);
    bool target = word.starts_with('/') || word.find("://") != std::string_view::npos;
    text += target ? redacted_target(word) : redacted_text(word);
    if (space < name.size()) text += ' ';
    name.remove_prefix(std::min(space + 1, name.size()));
  }
  return text;
}

std::string redacted_statement(std::string_view text, std::string_view system) {
  return normalise_sql(text, SqlText::Whole, {&sql_dialect(system), {}, false}).text();
}

// A URL with a password, or with a query that may contain a secret.
bool suspicious_target(std::string_view target) {
  if (target.find_first_of("@?") == std::string_view::npos) return false;
  size_t query = target.find('?');
  return target.substr(0, query).find('@') != std::string_view::npos ||
         (query != std::string_view::npos && (names_secret(target.substr(query)) || without_tokens(target) != target));
}

int64_t replace(std::string& text, std::string by) {
  bool changed = text != by;
  if (changed) text = std::move(by);
  return changed;
}

}  // namespace

Redaction::Redaction() : keys_(std::make_unique<Keys>()) {}
Redaction::~Redaction() = default;

Redaction::Content Redaction::Keys::content(std::string_view key) {
  using enum Content;
  static constexpr std::pair<std::string_view, Content> kKnown[] = {
      {"db.query.text", Statement}, {"db.statement", Statement},
      {"url.full", Target},         {"url.path", Target},
      {"url.original", Target},     {"http.url", Target},
      {"http.target", Target},      {"http.path", Target},
      {"http.uri", Target},         {"process.command_line", Command},
      {"process.command", Command}, {"process.command_args", Command},
      {"url.query", Secret},        {"client.address", Secret},
      {"http.client_ip", Secret},   {"enduser.id", Secret},
      {"user.id", Secret},          {"user.email", Secret},
      {"user.name", Secret},        {"user.full_name", Secret}};
  if (key.empty()) return Text;
  size_t hash = key.size() * 131 + static_cast<uint8_t>(key.front()) * 7 + static_cast<uint8_t>(key.back()) * 31 +
                static_cast<uint8_t>(key[key.size() / 2]);
  Entry& entry = entries_[hash % std::size(entries_)];
  if (entry.key == key) return entry.content;
  entry = {std::string(key), names_secret(key) || key.starts_with("db.query.parameter.") ? Secret : Text};
  for (auto& [known, content] : kKnown)
    if (key == known) entry.content = content;
  return entry.content;
}

int64_t Redaction::apply(Attribute& attribute, std::string_view system) {
  Content content = keys_->content(attribute.key);
  if (auto* text = std::get_if<std::string>(&attribute.value)) {
    switch (content) {
      case Content::Statement: return replace(*text, redacted_statement(*text, system));
      case Content::Target: return replace(*text, redacted_target(*text));
      case Content::Command: return replace(*text, redact_command(*text).text);
      case Content::Secret: return replace(*text, "?");
      case Content::Text: return replace(*text, redacted_text(*text));
    }
  }
  if (auto* nested = std::get_if<Nested>(&attribute.value)) {
    std::string masked = content == Content::Text ? redacted_text(nested->json) : R"({"stringValue":"?"})";
    return replace(nested->json, std::move(masked));
  }
  if (content != Content::Secret) return 0;
  attribute.value = std::string("?");
  return 1;
}

int64_t Redaction::apply(Attributes& attributes) {
  std::string system(db_system(attributes));
  int64_t changed = 0;
  for (Attribute& attribute : attributes) changed += apply(attribute, system);
  return changed;
}

int64_t Redaction::apply(Span& span) {
  bool statement = !span.name.empty() && span.name == db_text(span.attributes);
  std::string system(db_system(span.attributes));
  int64_t changed = replace(span.name, statement ? redacted_statement(span.name, system) : redacted_name(span.name));
  changed += replace(span.status_message, redacted_text(span.status_message));
  changed += apply(span.attributes);
  for (SpanEvent& event : span.events)
    changed += replace(event.name, redacted_text(event.name)) + apply(event.attributes);
  for (SpanLink& link : span.links) changed += apply(link.attributes);
  return changed;
}

int64_t Redaction::apply(LogRecord& log) { return replace(log.body, redacted_text(log.body)) + apply(log.attributes); }

int64_t Redaction::apply(MetricPoint& metric) { return apply(metric.attributes); }

int64_t Redaction::apply(Resource& resource) { return apply(resource.attributes) + apply(resource.scope_attributes); }

int64_t Redaction::suspected(const Attributes& attributes) {
  int64_t suspected = 0;
  for (const Attribute& attribute : attributes) {
    Content content = keys_->content(attribute.key);
    auto* text = std::get_if<std::string>(&attribute.value);
    if (content == Content::Text || !text || text->empty()) continue;
    if (content == Content::Secret) suspected += names_secret(attribute.key) && *text != "?";
    if (content == Content::Target) suspected += suspicious_target(*text);
    // redact_command() cannot be used here: it masks every word that is not known to be harmless.
    if (content == Content::Command) suspected += names_secret(*text) || without_tokens(*text) != *text;
  }
  return suspected;
}

}  // namespace culprit
