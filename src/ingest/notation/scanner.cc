#include "ingest/notation/scanner.h"

#include <charconv>

namespace culprit::notation {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool Scanner::skip_spaces() {
  while (position_ < text_.size() && is_space(text_[position_])) ++position_;
  return position_ < text_.size() && text_[position_] != '#';
}

std::string_view Scanner::word() {
  if (!skip_spaces()) return {};
  size_t from = position_;
  while (position_ < text_.size() && !is_space(text_[position_])) ++position_;
  return text_.substr(from, position_ - from);
}

std::optional<Word> Scanner::key_value() {
  if (!skip_spaces()) return std::nullopt;
  Word word;
  auto more = [&] { return position_ < text_.size(); };
  while (more() && !is_space(text_[position_]) && text_[position_] != '=') word.key += text_[position_++];
  if (!more() || text_[position_] != '=') return word;
  word.has_value = true;
  ++position_;
  word.quoted = more() && text_[position_] == '"';
  if (!word.quoted) {
    while (more() && !is_space(text_[position_])) word.value += text_[position_++];
    return word;
  }
  ++position_;
  while (more() && text_[position_] != '"') {
    char c = text_[position_++];
    if (c == '\\' && more()) {
      c = text_[position_++];
      c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
    }
    word.value += c;
  }
  word.unterminated = !more();
  if (more()) ++position_;
  return word;
}

std::optional<int64_t> parse_decimal(std::string_view text, size_t decimals, int64_t most) {
  bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  size_t dot = std::min(text.find('.'), text.size());
  std::string_view whole = text.substr(0, dot), fraction = text.substr(std::min(dot + 1, text.size()));
  constexpr std::string_view kDigits = "0123456789";
  if (whole.empty() || whole.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  if (dot < text.size() && fraction.empty()) return std::nullopt;
  if (fraction.size() > decimals || fraction.find_first_not_of(kDigits) != std::string_view::npos) return std::nullopt;
  auto number = parse_whole<int64_t>(whole);
  if (!number || *number > most) return std::nullopt;
  for (size_t i = 0; i < decimals; ++i) *number = *number * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return negative ? -*number : *number;
}

Value typed_value(const Word& word) {
  std::string_view text = word.value;
  if (word.quoted || text.empty()) return word.value;
  if (text == "true" || text == "false") return text == "true";
  // from_chars also accepts "inf" and "nan", which are words here.
  bool numeric =
      (text[0] >= '0' && text[0] <= '9') || (text[0] == '-' && text.size() > 1 && text[1] >= '0' && text[1] <= '9');
  if (!numeric) return word.value;
  if (auto integer = parse_whole<int64_t>(text)) return *integer;
  if (auto number = parse_whole<double>(text)) return *number;
  return word.value;
}

}  // namespace culprit::notation
