// The table of verbs (verbs.inc). Parsing, help, the manual and completion are generated from it and from
// option_table.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/option_table.h"
#include "cli/options.h"

namespace culprit::cli {

struct VerbRow {
  std::string_view name;
  std::string_view operands;  // for the usage line
  int most_operands;          // -1: any number
  uint32_t groups;            // groups of options that it accepts
  std::string_view formats;   // values of --format, separated by spaces
  std::string_view purpose;
  std::string_view examples;           // one a line; each can be run
  Result<int> (*run)(const Options&);  // returns the exit status; null: planned, refused by name
};

// Returns all verbs, also planned ones.
std::span<const VerbRow> verb_rows();
// Returns null if there is no verb of this name.
const VerbRow* find_verb(std::string_view name);
// Returns the verbs that work, in the order of the help.
std::vector<std::string_view> verb_names();

// Returns whether `verb` accepts the option, planned or not.
bool takes(const VerbRow& verb, const OptionRow& option);
// Returns the options that work for `verb`, in the order of the help.
std::vector<const OptionRow*> options_of(const VerbRow& verb);
// Returns the values of `option` that `verb` accepts, separated by spaces; empty: any value.
std::string_view choices_of(const VerbRow& verb, const OptionRow& option);

}  // namespace culprit::cli
