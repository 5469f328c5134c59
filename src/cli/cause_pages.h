// The pages of docs/causes, which are part of the program: the definition of each class of findings, and what to do.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace culprit::cli {

struct CausePage {
  std::string_view name;  // name of the class; "causes": the list of all classes
  std::string_view text;  // Markdown
};
std::span<const CausePage> cause_pages();

// Returns `page` as text for a terminal of `width` columns.
std::string page_text(std::string_view page, int width);

// Returns the page of `word` for a terminal: "lock_wait", or "lock_wait/row" as in an answer. Nothing if there is no
// such page.
std::optional<std::string> cause_page_text(std::string_view word, int width);

}  // namespace culprit::cli
