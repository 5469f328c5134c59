#include "cli/verb_table.h"

#include <algorithm>

#include "base/text.h"
#include "cli/command.h"

namespace culprit::cli {

namespace {

constexpr VerbRow kVerbs[] = {
#define VERB(name, operands, most, groups, formats, purpose, examples) \
  {#name, operands, most, kAnyVerb | (groups), formats, purpose, examples, run_##name},
#define PLANNED(name) {#name, "", 0, 0, "", "", "", nullptr},
#include "cli/verbs.inc"
#undef PLANNED
#undef VERB
};

}  // namespace

std::span<const VerbRow> verb_rows() { return kVerbs; }

const VerbRow* find_verb(std::string_view name) {
  auto found = std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const VerbRow& row) { return row.name == name; });
  return found == std::end(kVerbs) ? nullptr : found;
}

std::vector<std::string_view> verb_names() {
  std::vector<std::string_view> names;
  for (const VerbRow& row : kVerbs)
    if (row.run != nullptr) names.push_back(row.name);
  return names;
}

bool takes(const VerbRow& verb, const OptionRow& option) {
  if ((verb.groups & option.groups) == 0) return false;
  if (option.stands_for.empty()) return true;
  std::vector<std::string_view> formats = split(verb.formats, ' ');
  return std::find(formats.begin(), formats.end(), option.stands_for) != formats.end();
}

std::vector<const OptionRow*> options_of(const VerbRow& verb) {
  std::vector<const OptionRow*> rows;
  for (const OptionRow& option : option_rows())
    if (option.state != OptionRow::State::Planned && takes(verb, option)) rows.push_back(&option);
  return rows;
}

std::string_view choices_of(const VerbRow& verb, const OptionRow& option) {
  return option.name == "format" ? verb.formats : option.choices;
}

}  // namespace culprit::cli
