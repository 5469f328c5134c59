#include "ingest/shared/line_prefix.h"

#include "base/text.h"

namespace culprit {

namespace {

constexpr size_t kLongestPrefix = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Returns the position of "{" or "[" at the end of a line that begins with other text.
std::optional<size_t> opening(std::string_view line) {
  size_t last = line.find_last_not_of(" \t\r");
  if (last == std::string_view::npos || last == 0 || last > kLongestPrefix) return std::nullopt;
  std::string_view before = line.substr(0, last);
  bool opens = line[last] == '{' || line[last] == '[';
  // With a quote before it, it is a member of an object.
  if (!opens || trimmed(before).empty() || before.find('"') != std::string_view::npos) return std::nullopt;
  return last;
}

bool begins_json(std::string_view text) {
  text = trimmed(text);
  return !text.empty() && std::string_view("{}[]\"").find(text.front()) != std::string_view::npos;
}

}  // namespace

std::optional<LinePrefix> LinePrefix::find(std::string_view front) {
  std::optional<LinePrefix> candidate;
  for (std::string_view line : split(front, '\n')) {
    if (candidate) {
      auto rest = candidate->strip(line);
      if (rest && begins_json(*rest)) return candidate;
    }
    auto at = opening(line);
    candidate = at ? std::optional(LinePrefix(line.substr(0, *at))) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string_view> LinePrefix::strip(std::string_view line) const {
  if (line.size() < text_.size()) return std::nullopt;
  for (size_t i = 0; i < text_.size(); ++i)
    if (line[i] != text_[i] && !(is_digit(line[i]) && is_digit(text_[i]))) return std::nullopt;
  return line.substr(text_.size());
}

}  // namespace culprit
