// Help texts, generated from the tables of verbs and options.
#pragma once

#include <string>

#include "cli/verb_table.h"

namespace culprit::cli {

std::string help_text(const VerbRow& verb, int width);
// Returns the help of culprit itself: every verb with its purpose.
std::string overview_text(int width);

}  // namespace culprit::cli
