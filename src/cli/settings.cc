#include "cli/settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "cli/toml.h"
#include "cli/verb_table.h"

namespace culprit::cli {

namespace {

// A settings file has some hundred bytes; a larger file is something else.
constexpr size_t kLargestFile = 64 << 10;

const OptionRow* setting_row(std::string_view name) {
  for (const OptionRow& row : option_rows())
    if (row.name == name && row.setting == OptionRow::Setting::Yes) return &row;
  return nullptr;
}

std::vector<std::string_view> setting_names() {
  std::vector<std::string_view> names;
  for (const OptionRow& row : option_rows())
    if (row.setting == OptionRow::Setting::Yes) names.push_back(row.name);
  return names;
}

// Returns "CULPRIT_RING_SIZE" for "ring-size".
std::string variable_of(std::string_view name) {
  std::string variable = "CULPRIT_";
  for (char c : name) variable += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return variable;
}

struct FileText {
  std::string text, state;
};

// `text` is set only if `state` is "read". The file is opened first and checked afterwards, so that the checked file is
// the one that is read.
FileText read_file(const std::string& path, unsigned uid) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return {"", errno == ENOENT || errno == ENOTDIR ? "not there" : std::string("ignored: ") + std::strerror(errno)};
  struct stat status = {};
  FileText file{"", "read"};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
    file.state = "ignored: not a regular file";
  else if (status.st_uid != 0 && status.st_uid != uid)
    file.state = "ignored: its owner is another user";
  else if ((status.st_mode & S_IWOTH) != 0)
    file.state = "ignored: all users may write to it";
  else if (static_cast<size_t>(status.st_size) > kLargestFile)
    file.state = "ignored: larger than 64 KiB";
  while (file.state == "read") {
    char buffer[4096];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) file.state = std::string("ignored: ") + std::strerror(errno);
    if (n <= 0 || file.text.size() > kLargestFile) break;
    file.text.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  return file;
}

// Durations have a unit, and so are texts.
bool takes_number(Takes takes) { return takes == Takes::Count || takes == Takes::Size; }

Error in_file(const std::string& path, int line, const std::string& what, const std::string& fix) {
  return {Error::Kind::Usage, path + ":" + std::to_string(line) + ": " + what, fix};
}

// Returns the entries of a file; those of the verb's own table come first.
Result<std::vector<Setting>> settings_of(const std::string& path, const std::string& text) {
  auto entries = read_toml(text);
  if (!entries.has_value())
    return Error{Error::Kind::Usage, path + ": " + entries.error().message, entries.error().fix};
  std::vector<Setting> settings;
  for (TomlEntry& entry : entries.value()) {
    std::replace(entry.key.begin(), entry.key.end(), '_', '-');
    const VerbRow* verb = find_verb(entry.table);
    if (!entry.table.empty() && (verb == nullptr || verb->run == nullptr)) {
      std::string_view guess = closest(entry.table, verb_names());
      return in_file(path, entry.line, "[" + entry.table + "] is no verb",
                     guess.empty() ? "the verbs: culprit --help" : "did you mean [" + std::string(guess) + "]?");
    }
    const OptionRow* row = setting_row(entry.key);
    if (row == nullptr) {
      std::string_view guess = closest(entry.key, setting_names());
      return in_file(
          path, entry.line, "there is no setting '" + entry.key + "'",
          guess.empty() ? "all settings: culprit --print-config" : "did you mean '" + std::string(guess) + "'?");
    }
    if (entry.kind == TomlEntry::Kind::Array && !row->repeats())
      return in_file(path, entry.line, entry.key + " has one value, not a list", entry.key + " = \"…\"");
    if (entry.kind == TomlEntry::Kind::Integer && !takes_number(row->takes))
      return in_file(path, entry.line, entry.key + " is no number", entry.key + " = \"…\"");
    if (entry.kind == TomlEntry::Kind::Boolean) {  // a switch that is false counts as not set
      if (row->takes != Takes::OptionalDsn)
        return in_file(path, entry.line, entry.key + " is no switch", entry.key + " = \"…\"");
      if (entry.values.front() == "false") continue;
      entry.values.front().clear();
    }
    settings.push_back(
        {std::string(row->name), entry.table, std::move(entry.values), path + ":" + std::to_string(entry.line)});
  }
  std::stable_partition(settings.begin(), settings.end(), [](const Setting& setting) { return !setting.verb.empty(); });
  return settings;
}

// Returns whether the verb's option accepts the value: `format = "csv"` has no effect on a verb without that format.
bool fits(const VerbRow& verb, const OptionRow& row, const Setting& setting) {
  if (row.name != "format" || !setting.verb.empty()) return true;
  std::vector<std::string_view> formats = split(verb.formats, ' ');
  return std::find(formats.begin(), formats.end(), setting.values.front()) != formats.end();
}

bool is_format(std::string_view word) {
  for (const VerbRow& verb : verb_rows())
    for (std::string_view format : split(verb.formats, ' '))
      if (format == word) return true;
  return false;
}

}  // namespace

SettingsPlaces settings_places() {
  SettingsPlaces places;
  places.uid = geteuid();
  for (std::string_view name : setting_names())
    if (const char* value = std::getenv(variable_of(name).c_str()); value != nullptr && *value != '\0')
      places.environment.emplace_back(variable_of(name), value);
  const char* home = std::getenv("HOME");
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/')  // the XDG specification: a relative path is to be ignored
    places.user = std::string(config) + "/culprit/culprit.toml";
  else if (home != nullptr && home[0] == '/')
    places.user = std::string(home) + "/.config/culprit/culprit.toml";
  places.project = "./.culprit.toml";
  places.system = "/etc/culprit/culprit.toml";
  return places;
}

Result<Settings> load_settings(const SettingsPlaces& places) {
  Settings settings;
  for (std::string_view name : setting_names())
    for (auto& [variable, value] : places.environment)
      if (variable == variable_of(name)) settings.strongest_first.push_back({std::string(name), "", {value}, variable});
  for (const std::string* path : {&places.project, &places.user, &places.system}) {
    if (path->empty()) continue;
    if (path == &places.project && places.uid == 0) {
      settings.files.push_back({*path, "ignored for root"});
      continue;
    }
    FileText file = read_file(*path, places.uid);
    settings.files.push_back({*path, file.state});
    if (file.state != "read") continue;
    for (Setting& setting : TRY(settings_of(*path, file.text))) settings.strongest_first.push_back(std::move(setting));
  }
  return settings;
}

Result<void> apply_settings(Options& options, const Settings& settings) {
  const VerbRow& verb = *find_verb(options.verb);
  for (const OptionRow* row : options_of(verb)) {
    if (row->setting != OptionRow::Setting::Yes || options.origins.contains(row->name)) continue;
    if (row->name == "format" && (options.typed("json") || options.typed("html"))) continue;
    for (const Setting& setting : settings.strongest_first) {
      if (setting.name != row->name || (!setting.verb.empty() && setting.verb != verb.name)) continue;
      if (row->name == "format" && is_format(setting.values.front()) && !fits(verb, *row, setting)) continue;
      for (const std::string& value : setting.values) {
        auto assigned = assign(options, *row, value, choices_of(verb, *row));
        if (!assigned.has_value())
          return Error{assigned.error().kind, setting.place + ": " + assigned.error().message, assigned.error().fix};
      }
      options.origins[row->name] = {setting.values, setting.place};
      break;
    }
  }
  return {};
}

}  // namespace culprit::cli
