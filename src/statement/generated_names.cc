#include "statement/generated_names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace culprit {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool hex_digit(char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0; }
bool separator(char c) { return c == '_' || c == '-' || c == ' ' || c == '.' || c == ':' || c == '$' || c == '#'; }

constexpr size_t kLeastHex = 8;     // a shorter mix of the letters a–f and digits may be part of a chosen name
constexpr size_t kLeastDigits = 9;  // eight digits may be a date in the name of a partition

// Returns the size of a UUID at the start of `text`; 0: there is none. Its groups may be separated by '-', by '_' or
// not at all.
size_t uuid_size(std::string_view text) {
  size_t at = 0, digits = 0;
  for (; at < text.size() && digits < 32; ++at) {
    bool between = digits == 8 || digits == 12 || digits == 16 || digits == 20;
    if (hex_digit(text[at])) {
      ++digits;
    } else if (!between || (text[at] != '-' && text[at] != '_')) {
      return 0;
    }
  }
  bool ends = at == text.size() || !hex_digit(text[at]);
  bool number = std::any_of(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), digit);
  return digits == 32 && ends && number ? at : 0;
}

struct Part {
  size_t digits = 0, hex = 0, letters_first = 0;
};
Part measure(std::string_view part) {
  Part measured;
  measured.digits = static_cast<size_t>(std::count_if(part.begin(), part.end(), digit));
  measured.hex = static_cast<size_t>(std::count_if(part.begin(), part.end(), hex_digit));
  while (measured.letters_first < part.size() && letter(part[measured.letters_first])) ++measured.letters_first;
  return measured;
}

enum class Fold { Sure, Generated };  // Sure: only texts that no person chooses; Generated: every number

// Folds one part of a name, between separators.
std::string folded_part(std::string_view part, Fold fold) {
  Part measured = measure(part);
  size_t tail = part.size() - measured.letters_first;
  bool counted = measured.letters_first > 0 && measured.digits == tail;  // x5, tmp4711
  bool hex = measured.hex == part.size() && measured.digits * 4 >= part.size() && measured.letters_first < part.size();
  bool sure = (hex && !counted && measured.digits < part.size() && part.size() >= kLeastHex) ||
              (measured.digits == part.size() && part.size() >= kLeastDigits);
  if (sure) return "?";
  if (counted && (fold == Fold::Generated ? tail > 0 : tail >= kLeastDigits))
    return std::string(part.substr(0, measured.letters_first)) + "?";
  return fold == Fold::Generated && measured.digits > 0 ? "?" : std::string(part);
}

// Returns the folded name, or none if the name has no generated part.
std::optional<std::string> folded(std::string_view name, Fold fold) {
  if (std::none_of(name.begin(), name.end(), digit)) return std::nullopt;
  if (name.find_first_of("$#", 1) != std::string_view::npos)
    return std::nullopt;  // after "?" the character would begin another token
  std::string out;
  for (size_t at = 0; at < name.size();) {
    bool begins = at == 0 || !(letter(name[at - 1]) || digit(name[at - 1]));
    if (size_t size = begins ? uuid_size(name.substr(at)) : 0; size > 0) {
      out += '?';
      at += size;
      continue;
    }
    size_t end = at;
    while (end < name.size() && (letter(name[end]) || digit(name[end]))) ++end;
    out += folded_part(name.substr(at, end - at), fold);
    at = end;
    if (at < name.size()) out += name[at++];
  }
  return out == name ? std::nullopt : std::optional(std::move(out));
}

class Folder {
 public:
  Folder(std::span<SqlToken> tokens, const SqlDialect& dialect) : tokens_(tokens), dialect_(dialect) {}

  std::list<std::string> run() {
    size_t known = place_of_generated();
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (!is_name(i)) continue;
      fold(i, i == known || after_current_of(i) || temporary(i) ? Fold::Generated : Fold::Sure);
    }
    return std::move(texts_);
  }

 private:
  bool is(size_t i, std::string_view word) const {
    return i < tokens_.size() && tokens_[i].kind == SqlTokenKind::Word && is_word(tokens_[i].text, word);
  }
  bool is_name(size_t i) const {
    return i < tokens_.size() && (tokens_[i].kind == SqlTokenKind::Word || tokens_[i].kind == SqlTokenKind::Quoted);
  }
  size_t skip(size_t i, std::initializer_list<std::string_view> words) const {
    while (std::any_of(words.begin(), words.end(), [&](std::string_view word) { return is(i, word); })) ++i;
    return i;
  }
  size_t find(size_t from, std::string_view word, size_t within) const {
    for (size_t i = from; i < tokens_.size() && i < from + within; ++i)
      if (is(i, word)) return i;
    return tokens_.size();
  }

  // Returns the position of the name of a cursor, a savepoint, a prepared statement, or a temporary table that is
  // created.
  size_t place_of_generated() const {
    const size_t none = tokens_.size();
    if (is(0, "DECLARE")) return find(2, "CURSOR", 8) < none ? 1 : none;
    if (is(0, "FETCH") || is(0, "MOVE")) return cursor_of_fetch();
    if (is(0, "CLOSE") || is(0, "OPEN") || is(0, "SAVEPOINT")) return 1;
    if (is(0, "RELEASE")) return skip(1, {"SAVEPOINT"});
    if (is(0, "ROLLBACK") || is(0, "ABORT") || is(0, "SAVE"))
      return skip(1, {"WORK", "TRANSACTION", "TRAN", "TO", "SAVEPOINT"});
    if (is(0, "PREPARE") || is(0, "DEALLOCATE")) return skip(1, {"PREPARE"});
    // If EXECUTE runs a procedure, its name has a meaning, including its number.
    bool prepared = dialect_.system == "postgresql" || dialect_.system == "mysql" || dialect_.guesses;
    if (size_t execute = find(0, "EXECUTE", 8); prepared && (is(0, "EXECUTE") || is(0, "EXPLAIN"))) return execute + 1;
    if (!is(0, "CREATE")) return none;
    size_t table = find(1, "TABLE", 4);
    bool temporary = find(1, "TEMP", 3) < table || find(1, "TEMPORARY", 3) < table;
    return table < none && temporary ? skip(table + 1, {"IF", "NOT", "EXISTS"}) : none;
  }
  size_t cursor_of_fetch() const {
    for (std::string_view word : {"FROM", "IN"})
      if (size_t at = find(1, word, 4); at + 1 < tokens_.size()) return at + 1;
    return tokens_.size() - 1;
  }

  bool after_current_of(size_t i) const { return i >= 2 && is(i - 1, "OF") && is(i - 2, "CURRENT"); }

  // Returns true if the token is a table by its position and has a name that temporary tables have: tmp_4711, temp12,
  // #rows3, pg_temp_3.
  bool temporary(size_t i) const {
    static constexpr std::array<std::string_view, 7> kBeforeTables = {"FROM",   "JOIN",   "INTO",    "TABLE",
                                                                      "UPDATE", "EXISTS", "TRUNCATE"};
    bool place = i + 1 < tokens_.size() && tokens_[i + 1].text == ".";
    size_t begin = i;  // the start of a name with its schema
    while (begin >= 2 && tokens_[begin - 1].text == "." && is_name(begin - 2)) begin -= 2;
    for (std::string_view word : kBeforeTables) place |= begin > 0 && is(begin - 1, word);
    if (!place) return false;
    std::string_view name = tokens_[i].text;
    if (name.starts_with("#")) return true;
    for (size_t at = 0; at < name.size();) {
      size_t end = at;
      while (end < name.size() && letter(name[end])) ++end;
      std::string_view word = name.substr(at, end - at);
      bool ends = end == name.size() || digit(name[end]) || separator(name[end]) || name[end] == '"';
      if (ends && (is_word(word, "TMP") || is_word(word, "TEMP") || is_word(word, "TEMPORARY"))) return true;
      at = std::max(end, at + 1);
    }
    return false;
  }

  void fold(size_t i, Fold how) {
    std::optional<std::string> text = folded(tokens_[i].text, how);
    if (!text) return;
    if (text->starts_with('?')) {  // the remaining name would look the same as a parameter
      tokens_[i] = {SqlTokenKind::Literal, tokens_[i].space_before, "?"};
      return;
    }
    texts_.push_back(std::move(*text));
    tokens_[i].text = texts_.back();
  }

  std::span<SqlToken> tokens_;
  const SqlDialect& dialect_;
  std::list<std::string> texts_;
};

}  // namespace

std::list<std::string> fold_generated_names(std::span<SqlToken> statement, const SqlDialect& dialect) {
  if (statement.empty()) return {};
  return Folder(statement, dialect).run();
}

}  // namespace culprit
