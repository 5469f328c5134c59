// Paragraph: builds lines of text that fit a terminal: a label, then words that wrap under each other.
//
//   why       353 ms of CPU for 7 rows (median): looks like a scan
//             [inferred]
#pragma once

#include <string>
#include <string_view>

namespace culprit::report {

enum class Style { Plain, Bold, Dim, Red, Green, Yellow };

class Paragraph {
 public:
  Paragraph(int width, bool color) : width_(width < 40 ? 40 : width), color_(color) {}

  // Adds `text`, wrapped at spaces, with `indent` before each line. `label` is in front of the first line; the text
  // begins `label_width` columns later on all lines.
  void labelled(int indent, std::string_view label, int label_width, std::string_view text, Style style = Style::Plain);
  void line(int indent, std::string_view text, Style style = Style::Plain) { labelled(indent, "", 0, text, style); }
  // Adds `left` and `right` on one line, with `right` at the right edge; on two lines if they do not fit.
  void both_ends(int indent, std::string_view left, std::string_view right, Style left_style = Style::Plain);
  // Adds `left`, padded to `column`, and `right`; on two lines if they do not fit.
  void columns(int indent, std::string_view left, int column, std::string_view right);
  void blank() { text_ += '\n'; }

  int width() const { return width_; }
  std::string take() { return std::move(text_); }

 private:
  void put(std::string_view text, Style style);

  int width_;
  bool color_;
  std::string text_;
};

}  // namespace culprit::report
