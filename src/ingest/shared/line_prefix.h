// LinePrefix: the text that a log collector puts before every line, also before each line of a document.
//
//   shop-1  | {                              docker compose logs
//   shop-1  |   "resourceSpans": [ …
//
//   2026-01-02T03:04:05.123456789Z {         kubectl logs --timestamps; digits differ from line to line
//   2026-01-02T03:04:05.123456790Z   "resourceSpans": [ …
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace culprit {

class LinePrefix {
 public:
  // Returns the prefix of the first document that begins at the end of a line and continues behind the same prefix;
  // none: there is no such document.
  static std::optional<LinePrefix> find(std::string_view front);

  // Returns the text behind the prefix; none: `line` has another prefix, or none.
  std::optional<std::string_view> strip(std::string_view line) const;

 private:
  explicit LinePrefix(std::string_view text) : text_(text) {}

  std::string text_;  // of one line; a digit in it matches any digit
};

}  // namespace culprit
