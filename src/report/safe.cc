#include <algorithm>

#include "base/text.h"
#include "report/render.h"

namespace culprit::report {

namespace {

// Calls `put` with each line of `text`, without the line's end, and copies the ends.
template <class Put>
std::string by_line(std::string_view text, Put put) {
  std::string out;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    bool returns = line.ends_with('\r');
    out += put(returns ? line.substr(0, line.size() - 1) : line);
    if (returns) out += '\r';
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string terminal_safe(std::string_view text) { return by_line(text, printable); }

std::string terminal_safe_json(std::string_view json) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  auto escape = [&](uint32_t code) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[code >> shift & 15];
  };
  while (!json.empty()) {
    size_t length = 1;
    while (length <= 4 && !valid_utf8(json.substr(0, length))) ++length;
    if (length > 4) {  // an invalid UTF-8 byte
      escape(0xfffd);
      json.remove_prefix(1);
      continue;
    }
    std::string_view piece = json.substr(0, length);
    auto byte = [&](size_t k) { return static_cast<unsigned char>(piece[k]); };
    bool layout = piece == "\n" || piece == "\t" || piece == "\r";  // in strings these are escaped already
    if (layout || printable(piece) == piece)
      out += piece;
    else if (length == 1)
      escape(byte(0));
    else if (length == 2)
      escape((byte(0) & 0x1fu) << 6 | (byte(1) & 0x3fu));
    else  // no control character has four bytes
      escape((byte(0) & 0x0fu) << 12 | (byte(1) & 0x3fu) << 6 | (byte(2) & 0x3fu));
    json.remove_prefix(length);
  }
  return out;
}

std::string html_page(std::string_view title, std::string_view text) {
  auto escaped = [](std::string_view raw) {
    std::string out;
    for (char c : raw) {
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += c;
      }
    }
    return out;
  };
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
         "<title>" +
         escaped(printable(title)) +
         "</title>\n"
         "<style>body{margin:2em;color-scheme:light dark}pre{font:14px/1.4 ui-monospace,monospace;white-space:pre-wrap}"
         "</style>\n</head>\n<body>\n<pre>" +
         escaped(terminal_safe(text)) + "</pre>\n</body>\n</html>\n";
}

}  // namespace culprit::report
