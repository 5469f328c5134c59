// LinePrefix: the text that a log's collector puts before every line, also of a document that spans lines.
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
  // The prefix of the first document that begins at a line's end and goes on behind the same prefix; none: there is no such one.
  static std::optional<LinePrefix> find(std::string_view front);

  // What stands behind the prefix; none: `line` has another one, or none.
  std::optional<std::string_view> strip(std::string_view line) const;

 private:
  explicit LinePrefix(std::string_view text) : text_(text) {}

  std::string text_;  // of one line; where it has a digit, any digit fits
};

}  // namespace culprit
