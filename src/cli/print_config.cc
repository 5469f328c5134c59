// --print-config: every setting with its value and its source, as TOML, which is a valid settings file.
#include "base/json.h"
#include "base/text.h"
#include "cli/settings.h"
#include "cli/verb_table.h"

namespace culprit::cli {

namespace {

struct Shown {
  const OptionRow* row;
  std::vector<std::string> values;  // empty: not set
  std::string place;
};

Shown shown_of(const OptionRow& row, const Options& options) {
  if (row.name == "format" && (options.typed("json") || options.typed("html")))
    return {&row, {options.format}, std::string(Options::kCommandLine)};
  auto found = options.origins.find(row.name);
  if (found != options.origins.end()) return {&row, found->second.values, found->second.place};
  if (row.fallback.empty()) return {&row, {}, "not set"};
  return {&row, {std::string(row.fallback)}, "default"};
}

// Returns the combined values of options and settings, for one verb or for all.
std::vector<Shown> all_shown(const Options& options, const Settings& settings) {
  std::vector<Shown> shown;
  const VerbRow* verb = find_verb(options.verb);
  for (const OptionRow& row : option_rows()) {
    if (row.setting != OptionRow::Setting::Yes) continue;
    if (verb != nullptr) {
      if (takes(*verb, row)) shown.push_back(shown_of(row, options));
      continue;
    }
    Shown general = shown_of(row, {});
    for (const Setting& setting : settings.strongest_first)
      if (setting.name == row.name && setting.verb.empty()) {
        general = {&row, setting.values, setting.place};
        break;
      }
    shown.push_back(general);
  }
  return shown;
}

// Returns `values` as TOML: text in quotes, a list if the option may be given more than once.
std::string toml_of(const OptionRow& row, const std::vector<std::string>& values) {
  if (row.takes == Takes::OptionalDsn && values.front().empty()) return "true";
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ", ") + json_quoted(printable(value));
  return row.repeats() ? "[" + text + "]" : text;
}

}  // namespace

std::string config_text(const Options& options, const Settings& settings) {
  constexpr size_t kOriginColumn = 36;
  std::string text;
  for (const Settings::File& file : settings.files)
    text += "# " + printable(file.path) + ": " + printable(file.state) + "\n";
  for (const Shown& shown : all_shown(options, settings)) {
    std::string line = shown.values.empty() ? "# " + std::string(shown.row->name)
                                            : std::string(shown.row->name) + " = " + toml_of(*shown.row, shown.values);
    size_t width = display_width(line);
    line.append(width < kOriginColumn ? kOriginColumn - width : 1, ' ');
    text += line + "# " + printable(shown.place) + "\n";
  }
  return text;
}

std::string config_json(const Options& options, const Settings& settings) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.config/1").member("verb", options.verb).key("files").begin_array();
  for (const Settings::File& file : settings.files)
    json.begin_object().member("path", file.path).member("state", file.state).end_object();
  json.end_array().key("settings").begin_array();
  for (const Shown& shown : all_shown(options, settings)) {
    json.begin_object().member("name", std::string(shown.row->name)).key("values").begin_array();
    for (const std::string& value : shown.values) json.value(value);
    json.end_array().member("origin", shown.place).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace culprit::cli
