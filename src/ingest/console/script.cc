#include "ingest/console/script.h"

#include <algorithm>

#include "base/json.h"

namespace culprit::console {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Translator {
 public:
  explicit Translator(std::string_view script) : rest_(script) { json_.reserve(script.size() + script.size() / 4); }

  std::string run() {
    while (!rest_.empty()) step();
    return std::move(json_);
  }

 private:
  void step() {
    char c = rest_.front();
    if (c == '\'' || c == '"' || c == '`')
      strings();
    else if (c == '[')
      bracket();
    else if (c == '}' || c == ']')
      close();
    else if (rest_.starts_with("..."))
      rest_.remove_prefix(std::min(rest_.find_first_of(",\n]}"), rest_.size()));  // "... 2 more items"
    else if (c == '<')
      rest_.remove_prefix(std::min(rest_.find('>'), rest_.size() - 1) + 1);  // "<ref *1>"
    else if (is_digit(c) || c == '-')
      number();
    else if (in_word(c))
      word();
    else
      copy();
  }

  void copy() {
    if (kBlanks.find(rest_.front()) == std::string_view::npos) json_ += rest_.front();
    rest_.remove_prefix(1);
  }

  char next_after_blanks(size_t at) const {
    at = rest_.find_first_not_of(kBlanks, at);
    return at == std::string_view::npos ? '\0' : rest_[at];
  }

  // 'a' + 'b': a long text is printed in several pieces.
  void strings() {
    std::string text;
    while (true) {
      append_string(text);
      if (next_after_blanks(0) != '+') break;
      size_t plus = rest_.find('+');
      char quote = next_after_blanks(plus + 1);
      if (quote != '\'' && quote != '"' && quote != '`') break;
      rest_.remove_prefix(rest_.find(quote, plus));
    }
    json_ += json_quoted(text);
  }

  void append_string(std::string& text) {
    char quote = rest_.front();
    size_t i = 1;
    while (i < rest_.size() && rest_[i] != quote) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) {
        i += append_escape(rest_.substr(i), text);
      } else {
        text += rest_[i++];
      }
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
  }

  // Appends the character of an escape:
  //  \t \' \\ \x1B \u00e9; other characters mean themselves. Returns the escape's length.
  static size_t append_escape(std::string_view escape, std::string& text) {
    static constexpr std::string_view kNames = "bfnrtv0", kBytes("\b\f\n\r\t\v\0", 7);
    char name = escape[1];
    if (name == 'x' || name == 'u') {
      size_t digits = name == 'x' ? 2 : 4;
      unsigned code = 0;
      for (char c : escape.substr(2, digits)) {
        int digit = is_digit(c) ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
        if (digit < 0) return 2;
        code = code << 4 | static_cast<unsigned>(digit);
      }
      append_utf8(code, text);
      return std::min(2 + digits, escape.size());
    }
    size_t known = kNames.find(name);
    text += known == std::string_view::npos ? name : kBytes[known];
    return 2;
  }

  static void append_utf8(unsigned code, std::string& text) {
    if (code < 0x80) {
      text += static_cast<char>(code);
    } else if (code < 0x800) {
      text += static_cast<char>(0xc0 | code >> 6);
      text += static_cast<char>(0x80 | (code & 63));
    } else {  // unpaired surrogates are repaired when the JSON is written
      text += static_cast<char>(0xe0 | code >> 12);
      text += static_cast<char>(0x80 | (code >> 6 & 63));
      text += static_cast<char>(0x80 | (code & 63));
    }
  }

  // Converts an array, or an abbreviation: [Object], [Array], [Function: f], [Object: null prototype] {…}.
  void bracket() {
    size_t end = rest_.find(']');
    bool left_out = rest_.size() > 1 && rest_[1] >= 'A' && rest_[1] <= 'Z' && end != std::string_view::npos;
    if (!left_out) {
      json_ += '[';
      rest_.remove_prefix(1);
      return;
    }
    std::string_view name = rest_.substr(0, end + 1);
    rest_.remove_prefix(end + 1);
    if (next_after_blanks(0) != '{') json_ += json_quoted(name);
  }

  void close() {
    if (json_.ends_with(',')) json_.pop_back();  // the last element was an abbreviation
    copy();
  }

  // Converts 12, 1.5, 1e21, -0 and 12n; a Date is printed as 2026-01-01T00:00:00.000Z.
  void number() {
    size_t end = std::min(rest_.find_first_of(" \t\r\n,]}"), rest_.size());
    std::string_view text = rest_.substr(0, end);
    if (end > 0 && rest_[end - 1] == ':') {  // a key: '0: …' of array-like objects
      json_ += json_quoted(text.substr(0, end - 1)) + ":";
    } else if (text.find_first_not_of("0123456789+-.eEn") != std::string_view::npos) {
      json_ += json_quoted(text);
    } else {
      json_ += text.substr(0, text.find('n'));
    }
    rest_.remove_prefix(end);
  }

  void word() {
    size_t end = 0;
    while (end < rest_.size() && in_word(rest_[end])) ++end;
    std::string_view name = rest_.substr(0, end);
    char next = next_after_blanks(end);
    rest_.remove_prefix(end);
    if (next == ':' || name == "true" || name == "false" || name == "null")
      json_ += next == ':' ? json_quoted(name) : std::string(name);
    else if (name == "undefined" || name == "NaN" || name == "Infinity")
      json_ += "null";
    else if (next == '{' || next == '[' || next == '(')  // the name of a class: SpanContext {…}, Map(2) {…}
      rest_.remove_prefix(next == '(' ? std::min(rest_.find(')'), rest_.size() - 1) + 1 : 0);
    else
      json_ += json_quoted(name);
  }

  std::string_view rest_;
  std::string json_;
};

}  // namespace

std::string json_of_script(std::string_view script) { return Translator(script).run(); }

}  // namespace culprit::console
