#include "report/paragraph.h"

#include <algorithm>

#include "base/text.h"

namespace culprit::report {

namespace {

// Returns the longest beginning of `text` that fits into `columns`, cut at a space if there is one; never empty.
std::string_view line_of(std::string_view text, size_t columns) {
  if (display_width(text) <= columns) return text;
  size_t bytes = std::max<size_t>(1, fitting_bytes(text, columns));
  for (size_t blank = bytes; blank > 0; --blank)  // never between a number and its per cent sign
    if (text[blank] == ' ' && text.substr(blank + 1, 1) != "%") return text.substr(0, blank);
  return text.substr(0, bytes);
}

}  // namespace

void Paragraph::put(std::string_view raw, Style style) {
  std::string text = printable(raw);  // the last check of foreign text, independent of the caller
  static constexpr std::string_view kCodes[] = {"", "\033[1m", "\033[2m", "\033[31m", "\033[32m", "\033[33m"};
  if (!color_ || style == Style::Plain) {
    text_ += text;
    return;
  }
  text_ += kCodes[static_cast<int>(style)];
  text_ += text;
  text_ += "\033[0m";
}

void Paragraph::labelled(int indent, std::string_view label, int label_width, std::string_view text, Style style) {
  size_t margin = static_cast<size_t>(indent + label_width);
  size_t room = std::max<size_t>(10, static_cast<size_t>(width_) - std::min(margin, static_cast<size_t>(width_) - 10));
  bool first = true;
  do {
    std::string_view piece = line_of(text, room);
    text.remove_prefix(piece.size());
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    text_.append(static_cast<size_t>(indent), ' ');
    if (label_width > 0) {
      std::string shown(first ? label : std::string_view());
      size_t used = display_width(shown);
      put(shown, Style::Dim);
      text_.append(static_cast<size_t>(label_width) > used ? static_cast<size_t>(label_width) - used : 1, ' ');
    }
    put(piece, style);
    text_ += '\n';
    first = false;
  } while (!text.empty());
}

void Paragraph::both_ends(int indent, std::string_view left, std::string_view right, Style left_style) {
  size_t used = static_cast<size_t>(indent) + display_width(left) + display_width(right);
  if (used + 2 > static_cast<size_t>(width_)) {
    line(indent, left, left_style);
    line(indent, right);
    return;
  }
  text_.append(static_cast<size_t>(indent), ' ');
  put(left, left_style);
  text_.append(static_cast<size_t>(width_) - used, ' ');
  put(right, Style::Plain);
  text_ += '\n';
}

void Paragraph::columns(int indent, std::string_view left, int column, std::string_view right) {
  size_t begin = std::max(static_cast<size_t>(column), static_cast<size_t>(indent) + display_width(left) + 2);
  if (right.empty() || begin + display_width(right) > static_cast<size_t>(width_)) {
    line(indent, left);
    if (!right.empty()) line(indent, right);
    return;
  }
  std::string text(left);
  text.append(begin - static_cast<size_t>(indent) - display_width(left), ' ');
  text_.append(static_cast<size_t>(indent), ' ');
  put(text, Style::Plain);
  put(right, Style::Plain);
  text_ += '\n';
}

}  // namespace culprit::report
