#include "replay/words.h"

#include <charconv>
#include <cmath>
#include <utility>

namespace culprit::replay {

namespace {

int hex_value(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

// Where the quoted text that begins at `at` ends: behind its closing quote.
size_t end_of_quoted(std::string_view text, size_t at) {
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      return i + 1;
  }
  return std::string_view::npos;
}

// `text` cut at `separator` outside of quotes and parentheses, without blanks around the pieces.
Result<std::vector<std::string>> cut(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  std::string piece;
  int depth = 0;
  auto push = [&] {
    while (!piece.empty() && piece.back() == ' ') piece.pop_back();
    if (!piece.empty()) pieces.push_back(std::exchange(piece, {}));
  };
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"') {
      const size_t end = end_of_quoted(text, i);
      if (end == std::string_view::npos) return mistake("a quote is not closed");
      piece += text.substr(i, end - i);
      i = end;
      continue;
    }
    depth += (c == '(') - (c == ')');
    if (c == separator && depth == 0)
      push();
    else if (c != ' ' || !piece.empty())
      piece += c;
    ++i;
  }
  if (depth != 0) return mistake("a parenthesis is not closed");
  push();
  return pieces;
}

}  // namespace

Error mistake(std::string message) { return {Error::Kind::Corrupt, std::move(message)}; }

Result<std::vector<std::string>> words_of(std::string_view line) { return cut(line, ' '); }

Result<std::string> unquoted(std::string_view word) {
  if (word.empty() || word[0] != '"') return std::string(word);
  std::string out;
  for (size_t i = 1; i + 1 < word.size(); ++i) {
    if (word[i] != '\\') {
      out += word[i];
      continue;
    }
    switch (word[++i]) {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case '0': out += '\0'; break;
      case 'x': {
        if (i + 2 >= word.size() || hex_value(word[i + 1]) < 0 || hex_value(word[i + 2]) < 0)
          return mistake("\\x takes two lower-case hex digits");
        out += static_cast<char>(hex_value(word[i + 1]) * 16 + hex_value(word[i + 2]));
        i += 2;
        break;
      }
      default: out += word[i];
    }
  }
  return out;
}

Result<int64_t> number(std::string_view word) {
  int64_t n = 0;
  auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), n);
  if (error != std::errc() || stop != word.data() + word.size()) return mistake("no number: " + std::string(word));
  return n;
}

Result<int64_t> milliseconds(std::string_view word) {
  double ms = 0;
  auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), ms);
  if (error != std::errc() || stop != word.data() + word.size()) return mistake("no time: " + std::string(word));
  return std::llround(ms * 1e6);
}

Result<Call> call_of(std::string_view word) {
  const size_t open = word.find('(');
  if (open == std::string_view::npos || word.back() != ')') return Call{std::string(word), {}};
  Call call{std::string(word.substr(0, open)), {}};
  for (const std::string& argument : TRY(cut(word.substr(open + 1, word.size() - open - 2), ',')))
    call.arguments.push_back(TRY(unquoted(argument)));
  return call;
}

}  // namespace culprit::replay
