// The table of verbs (verbs.inc): parsing, help, the manual and completion come from it, with the options of option_table.h.
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
  uint32_t groups;            // of options
  std::string_view formats;   // of --format, blank between them
  std::string_view purpose;
  std::string_view examples;           // one a line, each can be run
  Result<int> (*run)(const Options&);  // the exit status; null: planned, refused by its name
};

// Planned ones too.
std::span<const VerbRow> verb_rows();
// Null where there is none of this name.
const VerbRow* find_verb(std::string_view name);
// Those that work, in the order of the help.
std::vector<std::string_view> verb_names();

// Whether `verb` takes the option, planned or not.
bool takes(const VerbRow& verb, const OptionRow& option);
// Those that work for `verb`, in the order of the help.
std::vector<const OptionRow*> options_of(const VerbRow& verb);
// What `option` may be for `verb`, blank between them; empty: anything.
std::string_view choices_of(const VerbRow& verb, const OptionRow& option);

}  // namespace culprit::cli
