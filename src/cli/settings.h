// Settings: values of options from the environment and from files, weaker than what is typed.
//
//   option > CULPRIT_NAME > ./.culprit.toml > $XDG_CONFIG_HOME/culprit/culprit.toml > /etc/culprit/culprit.toml
//
// A key of a file is an option's name; those of a table [VERB] are for that verb alone and win over the file's others.
// ./.culprit.toml is ignored for root: a directory that other users write to must not steer what root does. For the same
// reason a file is ignored where its owner is neither root nor the user, or where all may write to it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace culprit::cli {

struct Setting {
  std::string name;  // of an option, with dashes
  std::string verb;  // empty: every verb that takes it
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

// Where to look: of this process, or made up by tests.
struct SettingsPlaces {
  std::vector<std::pair<std::string, std::string>> environment;  // name, value
  std::string project, user, system;                             // paths; empty: none
  unsigned uid = 0;
};
SettingsPlaces settings_places();

// Error{Usage} where a file is not what it should be, or names an option that is none.
Result<Settings> load_settings(const SettingsPlaces& places);

// Gives `options` every setting that its verb takes and that was not typed.
Result<void> apply_settings(Options& options, const Settings& settings);

// Every setting of the verb (no verb: of all) with its value and its origin.
std::string config_text(const Options& options, const Settings& settings);
std::string config_json(const Options& options, const Settings& settings);

}  // namespace culprit::cli
