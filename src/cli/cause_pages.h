// The pages of docs/causes, which the program carries: what each class of findings is, and what to do about it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace culprit::cli {

struct CausePage {
  std::string_view name;  // of the class; "causes": the list of all
  std::string_view text;  // Markdown
};
std::span<const CausePage> cause_pages();

// `page` as text for a terminal of `width` columns.
std::string page_text(std::string_view page, int width);

// The page of `word` for a terminal: "lock_wait", or as an answer writes it, "lock_wait/row". None where there is none.
std::optional<std::string> cause_page_text(std::string_view word, int width);

}  // namespace culprit::cli
