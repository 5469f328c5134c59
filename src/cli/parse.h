// The command line's grammar, the same for all verbs:
//
//   culprit VERB [OPERANDS] [OPTIONS] [-- WORDS]
//
//   --name VALUE  --name=VALUE  -n VALUE  -nVALUE  -ab     one value an occurrence; -ab where both are flags
//   --ask         --ask=DSN     --ask DSN                  the next word only where it can be nothing but a DSN
//   --                                                     what follows are operands, for `record` the command
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"

namespace culprit::cli {

// What to do: a verb with its options, or a text to print (help, version) and be done.
struct Parsed {
  Options options;
  std::optional<std::string> text;
  bool print_config = false;  // to print the settings, of all verbs where `options` has none, and be done
};
// `words`: without the program's name. Error{Usage} with a suggestion where there is one.
Result<Parsed> parse(const std::vector<std::string>& words);

}  // namespace culprit::cli
