#include "statement/lexer.h"

#include <algorithm>
#include <array>

#include "statement/double_quote.h"
#include "statement/trace_context.h"

namespace culprit {

namespace {

bool blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
bool word_character(char c) { return letter(c) || digit(c) || c == '$'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

class Lexer {
 public:
  Lexer(std::string_view text, const SqlSettings& settings)
      : text_(text),
        dialect_(settings.dialect ? *settings.dialect : sql_dialect("postgresql")),
        backslash_(settings.backslash.value_or(dialect_.backslash)),
        double_quote_(settings.ansi_quotes ? DoubleQuote::Name : dialect_.double_quote) {
    out_.tokens.reserve(text.size() / 5 + 8);
  }

  SqlTokens run() {
    constexpr size_t kBytesPerToken = 5;  // of most statements it is more
    out_.tokens.reserve(std::min<size_t>(text_.size(), 8192) / kBytesPerToken + 4);
    while (at_ < text_.size()) step();
    return std::move(out_);
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void step() {
    char c = text_[at_];
    if (blank(c)) {
      ++at_;
      space_ = true;
    } else if (comment_begins()) {
      comment();
    } else if (c == '\'') {
      string_literal('\'', backslash_);
    } else if (c == '"' || (c == '`' && dialect_.backtick_names) || (c == '[' && bracket_name_begins())) {
      quoted(at_);
    } else if (digit(c) || (c == '.' && digit(peek(1)) && !after_operand())) {
      number();
    } else if (letter(c) || (c == '#' && dialect_.hash == HashMark::Name) || hash_name_begins()) {
      word();
    } else if (c == '$') {
      dollar();
    } else if (c == '?') {
      question_mark();
    } else if ((c == ':' || c == '@') && (letter(peek(1)) || digit(peek(1))) && parameter_may_stand()) {
      parameter();
    } else if (c == ':' && peek(1) == ':') {
      emit(SqlTokenKind::Operator, 2);
    } else if (c == ';') {
      end_of_statement();
    } else {
      parentheses(c);
      emit(SqlTokenKind::Operator, 1);
    }
  }

  void emit(SqlTokenKind kind, size_t size_bytes) {
    std::string_view text = kind == SqlTokenKind::Literal ? std::string_view("?") : text_.substr(at_, size_bytes);
    out_.suspicious |= kind == SqlTokenKind::Word && string_end_ == at_ && at_ > 0;
    out_.tokens.push_back({kind, space_, text});
    at_ += size_bytes;
    space_ = false;
  }
  void emit_literal(size_t end) {
    emit(SqlTokenKind::Literal, end - at_);
    ++out_.literals;
  }
  // Emits a string. A string that directly follows another one continues it, as in MySQL: 'a' 'b' is one string. (The SQL
  // standard requires a line break between them.)
  void emit_string(size_t end) {
    bool goes_on = string_end_ > 0 && string_token_ + 1 == out_.tokens.size();
    if (goes_on) {
      at_ = end;
    } else {
      emit_literal(end);
    }
    string_end_ = at_;
    string_token_ = out_.tokens.size() - 1;
  }

  void parentheses(char c) {
    if (c == '(') open_.push_back(out_.tokens.size());
    if (c == ')' && !open_.empty()) open_.pop_back();
  }

  bool after_operand() const {
    if (out_.tokens.empty() || space_) return false;
    const SqlToken& last = out_.tokens.back();
    return last.kind == SqlTokenKind::Word || last.kind == SqlTokenKind::Quoted || last.kind == SqlTokenKind::Literal ||
           last.text == ")" || last.text == "]";
  }
  // Returns true if a parameter can be here: x[1:n] and @> contain no parameters; = :n and = @n do.
  bool parameter_may_stand() const {
    if (cut_mark_follows()) return false;
    if (text_[at_] == ':' && (!dialect_.colon_parameters || inside_subscript())) return false;
    return !after_operand() && (at_ == 0 || (text_[at_ - 1] != ':' && text_[at_ - 1] != '@'));
  }
  // Returns true if the mark of an earlier cut follows. The mark is not a name.
  bool cut_mark_follows() const { return text_.substr(at_ + 1).starts_with("…"); }
  // Returns true inside of subscripts such as [:2] and [1:2].
  bool inside_subscript() const {
    return digit(peek(1)) && !out_.tokens.empty() &&
           (out_.tokens.back().text == "[" || out_.tokens.back().kind == SqlTokenKind::Literal);
  }

  // Returns true if [ begins a quoted name, as in [name]. In other dialects [ begins a subscript.
  bool bracket_name_begins() const { return dialect_.bracket_names; }

  bool last_word_introduces_name() const {
    static constexpr std::array<std::string_view, 6> kWords = {"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "EXISTS"};
    if (out_.tokens.empty()) return false;
    std::string_view last = out_.tokens.back().text;
    return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) { return is_word(last, word); });
  }
  bool hash_name_begins() const {
    if (peek() != '#' || dialect_.hash != HashMark::ByPlace) return false;
    return last_word_introduces_name() && (letter(peek(1)) || (peek(1) == '#' && letter(peek(2))));
  }

  bool comment_begins() const {
    char c = peek(), next = peek(1);
    if (c == '/' && next == '*') return true;
    if (c == '/' && next == '/') return dialect_.slash_comments;
    if (c == '#')
      return dialect_.hash == HashMark::Comment || (dialect_.hash == HashMark::ByPlace && !hash_name_begins());
    if (c != '-' || next != '-') return false;
    if (!dialect_.dashes_need_blank) return true;
    // In MySQL, white space or a control character must follow the dashes. Removing a comment leaves a blank there.
    const char after = peek(2);
    return at_ + 2 < text_.size() && (static_cast<unsigned char>(after) <= ' ' || after == '#' || after == '/');
  }

  void comment() {
    size_t begin = at_;
    if (peek() == '/' && peek(1) == '*') {
      block_comment();
    } else {
      size_t end = text_.find_first_of("\r\n", at_);
      at_ = end == std::string_view::npos ? text_.size() : end;
    }
    if (!out_.context) out_.context = trace_context_of_comment(text_.substr(begin, at_ - begin));
    ++out_.literals;
    space_ = true;
  }

  void block_comment() {
    size_t depth = 0;
    while (at_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*' && (depth == 0 || dialect_.nested_comments)) {
        ++depth;
        at_ += 2;
      } else if (peek() == '*' && peek(1) == '/') {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
    at_ = text_.size();
    out_.unterminated = true;
  }

  // Returns the position after the closing quote of the text that opens at `open`; text_.size() + 1 if there is none.
  size_t end_of_quoted(size_t open, char close, Backslash backslash) const {
    for (size_t i = open + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && backslash == Backslash::Escapes) {
        ++i;
      } else if (text_[i] == close) {
        if (i + 1 >= text_.size() || text_[i + 1] != close) return i + 1;
        ++i;  // a doubled quote stands for a quote
      }
    }
    return text_.size() + 1;
  }

  void string_literal(char close, Backslash backslash, size_t prefix = 0) {
    size_t end = end_of_quoted(at_ + prefix, close, backslash);
    if (end > text_.size()) {
      out_.unterminated = true;
      end = text_.size();
    }
    emit_string(end);
  }

  // Reads the text that opens with ", ` or [ at `open`.
  void quoted(size_t open) {
    char c = text_[open];
    if (c == '"' && double_quote_ == DoubleQuote::String) return string_literal('"', backslash_, open - at_);
    Backslash inside = c == '"' && double_quote_ == DoubleQuote::ByPlace ? backslash_ : Backslash::Plain;
    size_t end = end_of_quoted(open, c == '[' ? ']' : c, inside);
    if (end > text_.size()) {  // it may be a string of another dialect and is removed
      out_.unterminated = true;
      ++out_.literals;
      at_ = text_.size();
      return;
    }
    if (c == '"' && double_quote_ == DoubleQuote::ByPlace && !name_stands_here(open, end)) return emit_string(end);
    emit(SqlTokenKind::Quoted, end - at_);
  }
  bool name_stands_here(size_t open, size_t end) const {
    return name_by_place({out_.tokens, open_.empty() ? kNoParenthesis : open_.back(),
                          text_.substr(open + 1, end - open - 2), text_.substr(end)});
  }

  // Reads digits with all attached characters: 1_000, 0xFF, 1.5e-3. To be safe, also texts that are a number in no
  // dialect (12ab).
  void number() { emit_literal(end_of_number(at_)); }
  size_t end_of_number(size_t begin) const {
    bool hex = text_[begin] == '0' && begin + 1 < text_.size() && lower(text_[begin + 1]) == 'x';
    size_t end = begin;
    while (end < text_.size() && (letter(text_[end]) || digit(text_[end]) || text_[end] == '.' ||
                                  exponent_sign(begin, end, hex) || (text_[end] == '$' && dollar_tag(end) == 0)))
      ++end;
    return end;
  }
  bool exponent_sign(size_t begin, size_t i, bool hex) const {
    if (hex || (text_[i] != '+' && text_[i] != '-') || i < begin + 2 || lower(text_[i - 1]) != 'e') return false;
    return (digit(text_[i - 2]) || text_[i - 2] == '.') && i + 1 < text_.size() && digit(text_[i + 1]);
  }

  void word() {
    char c = lower(peek()), next = peek(1);
    if (next == '\'' && prefixed_string(c)) return;
    if (dialect_.unicode_strings && c == 'u' && next == '&' && peek(2) == '\'')
      return string_literal('\'', backslash_, 2);
    if (dialect_.unicode_strings && c == 'u' && next == '&' && peek(2) == '"') return quoted(at_ + 2);
    if (dialect_.alternative_quotes && c == 'n' && lower(next) == 'q' && peek(2) == '\'') return alternative_quote(2);
    size_t end = at_ + 1;
    while (end < text_.size() && word_goes_on(end)) ++end;
    emit(SqlTokenKind::Word, end - at_);
  }
  bool word_goes_on(size_t i) const {
    return word_character(text_[i]) ||
           (text_[i] == '#' && (dialect_.hash == HashMark::Name || dialect_.hash == HashMark::ByPlace));
  }
  bool prefixed_string(char prefix) {
    if (prefix == 'e' && dialect_.escape_strings) {
      string_literal('\'', Backslash::Escapes, 1);
    } else if (prefix == 'q' && dialect_.alternative_quotes) {
      alternative_quote(1);
    } else if (dialect_.string_prefixes.find(prefix) != std::string_view::npos) {
      string_literal('\'', backslash_, 1);
    } else {
      return false;
    }
    return true;
  }
  // Reads Oracle's q'[…]' and q'!…!', up to the delimiter followed by a quote. `prefix` is the number of letters before
  // the quote.
  void alternative_quote(size_t prefix) {
    static constexpr std::string_view kOpen = "[{(<", kClose = "]})>";
    if (at_ + prefix + 1 >= text_.size()) return string_literal('\'', backslash_, prefix);
    char open = text_[at_ + prefix + 1];
    size_t pair = kOpen.find(open);
    char close[] = {pair == std::string_view::npos ? open : kClose[pair], '\''};
    size_t end = text_.find(std::string_view(close, 2), at_ + prefix + 2);
    if (end == std::string_view::npos) {
      if (dialect_.guesses) return string_literal('\'', backslash_, prefix);
      out_.unterminated = true;
      return emit_string(text_.size());
    }
    emit_string(end + 2);
  }

  // Returns the size of the $tag$ that begins at `begin`; 0: there is none.
  size_t dollar_tag(size_t begin) const {
    if (!dialect_.dollar_quotes || (begin + 1 < text_.size() && digit(text_[begin + 1]))) return 0;
    size_t end = begin + 1;
    while (end < text_.size() && (letter(text_[end]) || digit(text_[end]))) ++end;
    return end < text_.size() && text_[end] == '$' ? end + 1 - begin : 0;
  }

  // Reads $1, $12.50 (an amount) and $tag$…$tag$ (PostgreSQL, "Dollar-Quoted String Constants"). In other dialects it
  // reads the parameter $name.
  void dollar() {
    if (digit(peek(1)) || (peek(1) == '.' && digit(peek(2))))
      return emit(SqlTokenKind::Literal, end_of_number(at_ + 1) - at_);
    size_t tag_size = dollar_tag(at_);
    if (tag_size == 0) {
      bool named = letter(peek(1)) && !dialect_.dollar_quotes && !after_operand() && !cut_mark_follows();
      return named ? parameter() : emit(SqlTokenKind::Operator, 1);
    }
    std::string_view tag = text_.substr(at_, tag_size);
    size_t close = text_.find(tag, at_ + tag_size);
    if (close == std::string_view::npos) {
      out_.unterminated = true;
      return emit_literal(text_.size());
    }
    emit_literal(close + tag.size());
  }

  // Reads ? and SQLite's ?1.
  void question_mark() {
    size_t end = at_ + 1;
    while (end < text_.size() && digit(text_[end])) ++end;
    emit(SqlTokenKind::Literal, end - at_);
  }

  void parameter() {
    size_t end = at_ + 1;
    while (end < text_.size() && word_character(text_[end])) ++end;
    emit(SqlTokenKind::Literal, end - at_);
  }

  void end_of_statement() {
    bool data_follows = copies_from_stdin();
    emit(SqlTokenKind::End, 1);
    open_.clear();
    if (!data_follows) return;
    // In scripts of psql and pg_dump, rows follow until a line with "\."
    size_t end = text_.find("\n\\.", at_);
    at_ = end == std::string_view::npos ? text_.size() : end + 3;
    ++out_.literals;
  }
  bool copies_from_stdin() const {
    size_t begin = out_.tokens.size();
    while (begin > 0 && out_.tokens[begin - 1].kind != SqlTokenKind::End) --begin;
    bool line_ends = peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n');
    if (!line_ends || begin == out_.tokens.size() || !is_word(out_.tokens[begin].text, "COPY")) return false;
    for (size_t i = begin; i < out_.tokens.size(); ++i)
      if (is_word(out_.tokens[i].text, "STDIN")) return true;
    return false;
  }

  std::string_view text_;
  const SqlDialect& dialect_;
  Backslash backslash_;
  DoubleQuote double_quote_;
  size_t at_ = 0;
  bool space_ = false;
  size_t string_end_ = 0, string_token_ = 0;  // the end and the token index of the last string
  std::vector<size_t> open_;                  // indexes of the "(" tokens that are not closed yet
  SqlTokens out_;
};

// Combines two readings: what one of them takes for a literal is a literal.
void drop_what_other_drops(std::string_view text, SqlTokens& reading, const SqlTokens& other) {
  std::vector<bool> kept(text.size(), false);
  for (const SqlToken& token : other.tokens) {
    if (token.kind == SqlTokenKind::Literal) continue;
    auto begin = kept.begin() + (token.text.data() - text.data());
    std::fill(begin, begin + static_cast<ptrdiff_t>(token.text.size()), true);
  }
  for (SqlToken& token : reading.tokens) {
    if (token.kind == SqlTokenKind::Literal) continue;
    auto begin = kept.begin() + (token.text.data() - text.data());
    if (std::find(begin, begin + static_cast<ptrdiff_t>(token.text.size()), false) ==
        begin + static_cast<ptrdiff_t>(token.text.size()))
      continue;
    token = {SqlTokenKind::Literal, token.space_before, "?"};
    ++reading.literals;
  }
}

}  // namespace

bool is_word(std::string_view word, std::string_view upper) {
  if (word.size() != upper.size()) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (lower(word[i]) != lower(upper[i])) return false;
  return true;
}

SqlTokens lex_sql(std::string_view text, const SqlSettings& settings) { return Lexer(text, settings).run(); }

SqlTokens read_sql(std::string_view text, const SqlSettings& settings, bool cut) {
  SqlTokens usual = lex_sql(text, settings);
  if (settings.backslash || text.find('\\') == std::string_view::npos) return usual;
  const SqlDialect& dialect = settings.dialect ? *settings.dialect : sql_dialect("postgresql");
  bool sound = (!usual.unterminated || cut) && !usual.suspicious;
  if (sound && !dialect.guesses) return usual;
  SqlSettings swapped = settings;
  swapped.backslash = dialect.backslash == Backslash::Plain ? Backslash::Escapes : Backslash::Plain;
  SqlTokens other = lex_sql(text, swapped);
  if (other.unterminated || other.suspicious) return usual;
  if (!sound) return other;
  drop_what_other_drops(text, usual, other);
  return usual;
}

}  // namespace culprit
