// Settings: values of options from the environment and from files; options on the command line have precedence.
//
//   option > CULPRIT_NAME > ./.culprit.toml > $XDG_CONFIG_HOME/culprit/culprit.toml > /etc/culprit/culprit.toml
//
// A key in a file is an option's name. Keys in a table [VERB] apply to that verb only, and have precedence over the
// file's other keys. ./.culprit.toml is ignored for root: a directory that other users write to must not control what
// root does. For the same reason a file is ignored if its owner is neither root nor the user, or if all users may write
// to it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace culprit::cli {

struct Setting {
  std::string name;  // name of an option, with dashes
  std::string verb;  // empty: every verb that accepts the option
  std::vector<std::string> values;
  std::string place;  // "CULPRIT_TZ", "./.culprit.toml:3"
};

struct Settings {
  std::vector<Setting> strongest_first;
  struct File {
    std::string path, state;  // "read", "not there", "ignored: …"
  };
  std::vector<File> files;
};

// The places of settings: of this process, or given by tests.
struct SettingsPlaces {
  std::vector<std::pair<std::string, std::string>> environment;  // name, value
  std::string project, user, system;                             // paths; empty: none
  unsigned uid = 0;
};
SettingsPlaces settings_places();

// Returns Error{Usage} if a file is malformed, or names an unknown option.
Result<Settings> load_settings(const SettingsPlaces& places);

// Sets in `options` every setting that its verb accepts and that was not typed.
Result<void> apply_settings(Options& options, const Settings& settings);

// Returns every setting of the verb (no verb: all settings) with its value and its source.
std::string config_text(const Options& options, const Settings& settings);
std::string config_json(const Options& options, const Settings& settings);

}  // namespace culprit::cli
