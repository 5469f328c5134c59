#include "statement/lexer.h"

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
  Lexer(std::string_view text, SqlDialect dialect, Backslash backslash)
      : text_(text), dialect_(dialect), backslash_(backslash) {
    out_.tokens.reserve(text.size() / 5 + 8);
  }

  SqlTokens run() {
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
      quoted_literal('\'', backslash_);
    } else if (c == '"' || c == '`' || (c == '[' && dialect_ == SqlDialect::SqlServer)) {
      quoted_name(at_);
    } else if (digit(c) || (c == '.' && digit(peek(1)) && !after_operand())) {
      number();
    } else if (letter(c)) {
      word();
    } else if (c == '$') {
      dollar();
    } else if (c == '?') {
      emit(SqlTokenKind::Literal, 1);
    } else if ((c == ':' || c == '@') && letter(peek(1)) && parameter_may_stand()) {
      parameter();
    } else if (c == ':' && peek(1) == ':') {
      emit(SqlTokenKind::Operator, 2);
    } else if (c == ';') {
      end_of_statement();
    } else {
      emit(SqlTokenKind::Operator, 1);
    }
  }

  void emit(SqlTokenKind kind, size_t size_bytes) {
    std::string_view text = kind == SqlTokenKind::Literal ? std::string_view("?") : text_.substr(at_, size_bytes);
    out_.tokens.push_back({kind, space_, text});
    at_ += size_bytes;
    space_ = false;
  }
  void emit_literal(size_t end) {
    emit(SqlTokenKind::Literal, end - at_);
    ++out_.literals;
  }

  bool after_operand() const {
    if (out_.tokens.empty() || space_) return false;
    const SqlToken& last = out_.tokens.back();
    return last.kind == SqlTokenKind::Word || last.kind == SqlTokenKind::Quoted || last.kind == SqlTokenKind::Literal ||
           last.text == ")" || last.text == "]";
  }
  // x[1:n] and @> are no parameters; = :n and = @n are.
  bool parameter_may_stand() const {
    if (text_.substr(at_ + 1).starts_with("…")) return false;  // the mark of an earlier cut is no name
    return !after_operand() && (at_ == 0 || (text_[at_ - 1] != ':' && text_[at_ - 1] != '@'));
  }

  bool comment_begins() const {
    char c = peek(), next = peek(1);
    if (c == '/' && next == '*') return true;
    if (c == '#') return dialect_ == SqlDialect::Mysql;
    return c == '-' && next == '-';  // MySQL wants a blank after it, so that too much goes of 5--1
  }

  void comment() {
    size_t begin = at_;
    if (peek() == '/') {
      block_comment();
    } else {
      size_t end = text_.find_first_of("\r\n", at_);
      at_ = end == std::string_view::npos ? text_.size() : end;
    }
    if (!out_.context) out_.context = trace_context_of_comment(text_.substr(begin, at_ - begin));
    ++out_.literals;
    space_ = true;
  }

  // Nested as the SQL standard and PostgreSQL have it; where a dialect does not nest, too much is dropped, never too little.
  void block_comment() {
    size_t depth = 0;
    while (at_ < text_.size()) {
      if (peek() == '/' && peek(1) == '*') {
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

  // Past the closing quote of a quoted run that opens at `open`; text_.size() + 1 where there is none.
  size_t end_of_quoted(size_t open, char close, Backslash backslash) const {
    for (size_t i = open + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && backslash == Backslash::Escapes) {
        ++i;
      } else if (text_[i] == close) {
        if (i + 1 >= text_.size() || text_[i + 1] != close) return i + 1;
        ++i;  // doubled: stands for itself
      }
    }
    return text_.size() + 1;
  }

  void quoted_literal(char close, Backslash backslash, size_t prefix = 0) {
    size_t end = end_of_quoted(at_ + prefix, close, backslash);
    if (end > text_.size()) {
      out_.unterminated = true;
      end = text_.size();
    }
    emit_literal(end);
  }

  void quoted_name(size_t open) {
    char c = text_[open];
    if (c == '"' && dialect_ == SqlDialect::Mysql) return quoted_literal('"', Backslash::Escapes);
    size_t end = end_of_quoted(open, c == '[' ? ']' : c, Backslash::Plain);
    if (end > text_.size()) {  // may as well be a string of another dialect: it goes
      out_.unterminated = true;
      ++out_.literals;
      at_ = text_.size();
      return;
    }
    emit(SqlTokenKind::Quoted, end - at_);
  }

  // Digits and all that sticks to them: 1_000, 0xFF, 1.5e-3, and what no dialect calls a number (12ab), to be safe.
  void number() {
    bool hex = peek() == '0' && lower(peek(1)) == 'x';
    size_t end = at_;
    while (end < text_.size() && (word_character(text_[end]) || text_[end] == '.' || exponent_sign(end, hex))) ++end;
    emit_literal(end);
  }
  bool exponent_sign(size_t i, bool hex) const {
    return !hex && (text_[i] == '+' || text_[i] == '-') && lower(text_[i - 1]) == 'e' && digit_before(i - 1) &&
           i + 1 < text_.size() && digit(text_[i + 1]);
  }
  bool digit_before(size_t i) const { return i > at_ && (digit(text_[i - 1]) || text_[i - 1] == '.'); }

  void word() {
    char c = lower(peek()), next = peek(1);
    if (next == '\'' && (c == 'e' || c == 'b' || c == 'x' || c == 'n' || c == 'r' || c == 'q'))
      return quoted_literal('\'', c == 'e' || c == 'n' ? escapes_of_prefix(c) : backslash_, 1);
    if (c == 'u' && next == '&' && peek(2) == '\'') return quoted_literal('\'', backslash_, 2);
    if (c == 'u' && next == '&' && peek(2) == '"') return quoted_name(at_ + 2);
    size_t end = at_;
    while (end < text_.size() && word_character(text_[end]) && !(text_[end] == '$' && dollar_tag(end) > 0)) ++end;
    emit(SqlTokenKind::Word, end - at_);
  }
  Backslash escapes_of_prefix(char prefix) const { return prefix == 'e' ? Backslash::Escapes : backslash_; }

  // The size of the $tag$ that begins at `begin`; 0: none.
  size_t dollar_tag(size_t begin) const {
    if (begin + 1 < text_.size() && digit(text_[begin + 1])) return 0;
    size_t end = begin + 1;
    while (end < text_.size() && (letter(text_[end]) || digit(text_[end]))) ++end;
    return end < text_.size() && text_[end] == '$' ? end + 1 - begin : 0;
  }

  // $1, or $tag$…$tag$ (PostgreSQL, "Dollar-Quoted String Constants").
  void dollar() {
    if (digit(peek(1))) {
      size_t end = at_ + 1;
      while (end < text_.size() && (letter(text_[end]) || digit(text_[end]))) ++end;
      return emit(SqlTokenKind::Literal, end - at_);
    }
    size_t tag_size = dollar_tag(at_);
    if (tag_size == 0) return emit(SqlTokenKind::Operator, 1);
    std::string_view tag = text_.substr(at_, tag_size);
    size_t close = text_.find(tag, at_ + tag_size);
    if (close == std::string_view::npos) {
      out_.unterminated = true;
      return emit_literal(text_.size());
    }
    emit_literal(close + tag.size());
  }

  void parameter() {
    size_t end = at_ + 1;
    while (end < text_.size() && word_character(text_[end])) ++end;
    emit(SqlTokenKind::Literal, end - at_);
  }

  void end_of_statement() {
    bool data_follows = copies_from_stdin();
    emit(SqlTokenKind::End, 1);
    if (!data_follows) return;
    // psql and pg_dump: rows until a line of "\."
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
  SqlDialect dialect_;
  Backslash backslash_;
  size_t at_ = 0;
  bool space_ = false;
  SqlTokens out_;
};

}  // namespace

bool is_word(std::string_view word, std::string_view upper) {
  if (word.size() != upper.size()) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (lower(word[i]) != lower(upper[i])) return false;
  return true;
}

SqlTokens lex_sql(std::string_view text, SqlDialect dialect, Backslash backslash) {
  return Lexer(text, dialect, backslash).run();
}

}  // namespace culprit
