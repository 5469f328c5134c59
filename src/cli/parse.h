// The grammar of the command line, the same for all verbs:
//
//   culprit VERB [OPERANDS] [OPTIONS] [-- WORDS]
//
//   --name VALUE  --name=VALUE  -n VALUE  -nVALUE  -ab     one value each time; -ab: both are flags
//   --ask         --ask=DSN     --ask DSN                  the next word is used only if it can only be a DSN
//   --                                                     operands follow, for `record` the command
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace culprit::cli {

// What to do: run a verb with its options, or print a text (help, version).
struct Parsed {
  Options options;
  std::optional<std::string> text;
  bool print_config = false;  // print the settings: the verb's, or all if `options` has no verb
};
// `words`: without the program's name. Returns Error{Usage}, with a suggestion if there is one.
Result<Parsed> parse(const std::vector<std::string>& words);

}  // namespace culprit::cli
