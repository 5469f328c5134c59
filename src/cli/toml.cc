#include "cli/toml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.h"

namespace culprit::cli {

namespace {

constexpr std::string_view kBlank = " \t";

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

std::string utf8(uint32_t code) {
  auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xc0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xe0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | code >> 18), tail(12), tail(6), tail(0)};
}

class TomlReader {
 public:
  explicit TomlReader(std::string_view text) : rest_(text) {}

  Result<std::vector<TomlEntry>> read() {
    if (!valid_utf8(rest_)) return wrong("not UTF-8");
    std::vector<TomlEntry> entries;
    std::string table;
    std::vector<std::string> tables;
    for (;;) {
      TRY(skip_to_statement());
      if (rest_.empty()) return entries;
      if (take('[')) {
        table = TRY(read_table());
        if (std::find(tables.begin(), tables.end(), table) != tables.end())
          return wrong("[" + table + "] is there twice");
        tables.push_back(table);
      } else {
        TomlEntry entry = TRY(read_entry(table));
        for (const TomlEntry& other : entries)
          if (other.table == entry.table && other.key == entry.key) return wrong(entry.key + " is there twice");
        entries.push_back(std::move(entry));
      }
      TRY(end_of_line());
    }
  }

 private:
  Error wrong(const std::string& what) const {
    return {Error::Kind::Usage, "line " + std::to_string(line_) + ": " + what,
            "key = \"text\", a number, true, or [\"a\", \"b\"]"};
  }

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlank), rest_.size())); }

  bool take_newline() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    if (!take('\n')) return false;
    ++line_;
    return true;
  }

  Result<void> skip_comment() {
    if (!take('#')) return {};
    while (!rest_.empty() && rest_.front() != '\n' && !rest_.starts_with("\r\n")) {
      if (is_control(rest_.front())) return wrong("a control character");
      rest_.remove_prefix(1);
    }
    return {};
  }

  Result<void> skip_to_statement() {
    do {
      skip_blanks();
      TRY(skip_comment());
    } while (take_newline());
    return {};
  }

  Result<void> end_of_line() {
    skip_blanks();
    TRY(skip_comment());
    if (rest_.empty() || take_newline()) return {};
    return wrong("more than one value on a line");
  }

  Result<std::string> read_word(const char* what) {
    size_t length = 0;
    while (length < rest_.size() && is_bare(rest_[length])) ++length;
    if (length == 0) return wrong(std::string("no ") + what + ": a bare word is expected");
    std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return word;
  }

  Result<std::string> read_table() {
    if (take('[')) return wrong("arrays of tables are not supported");
    skip_blanks();
    std::string name = TRY(read_word("table"));
    skip_blanks();
    if (!take(']')) return wrong("a table is [word]");
    return name;
  }

  Result<TomlEntry> read_entry(const std::string& table) {
    std::string key =
        TRY(read_word("key"));  // a return within an initializer list would leak the members built before it
    TomlEntry entry{table, std::move(key), {}, TomlEntry::Kind::Text, line_};
    skip_blanks();
    if (!take('=')) return wrong("'=' is missing after " + entry.key);
    skip_blanks();
    if (take('[')) {
      entry.kind = TomlEntry::Kind::Array;
      TRY(read_array(entry));
    } else {
      TRY(read_value(entry));
    }
    return entry;
  }

  Result<void> read_array(TomlEntry& entry) {
    for (;;) {
      TRY(skip_to_statement());
      if (take(']')) break;
      TRY(read_value(entry));
      TRY(skip_to_statement());
      if (take(']')) break;
      if (!take(',')) return wrong("',' or ']' is missing");
    }
    entry.kind = TomlEntry::Kind::Array;
    return {};
  }

  Result<void> read_value(TomlEntry& entry) {
    if (rest_.starts_with("\"\"\"") || rest_.starts_with("'''")) return wrong("multi-line strings are not supported");
    if (take('"')) {
      entry.values.push_back(TRY(read_basic()));
      entry.kind = TomlEntry::Kind::Text;
      return {};
    }
    if (take('\'')) {
      size_t end = std::min(rest_.find_first_of("'\n"), rest_.size());
      std::string text(rest_.substr(0, end));
      rest_.remove_prefix(end);
      if (!take('\'')) return wrong("a string without its end");
      if (std::any_of(text.begin(), text.end(), is_control)) return wrong("a control character");
      entry.values.push_back(text);
      entry.kind = TomlEntry::Kind::Text;
      return {};
    }
    return read_bare(entry);
  }

  // Parses an integer or a boolean.
  Result<void> read_bare(TomlEntry& entry) {
    size_t length = std::min(rest_.find_first_of(" \t\r\n,]#"), rest_.size());
    std::string text(rest_.substr(0, length));
    rest_.remove_prefix(length);
    if (text == "true" || text == "false") {
      entry.kind = TomlEntry::Kind::Boolean;
    } else {
      std::string_view digits = text;
      if (digits.starts_with('-') || digits.starts_with('+')) digits.remove_prefix(1);
      bool whole = !digits.empty() && (digits == "0" || digits[0] != '0') && digits.size() <= 18 &&
                   std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
      if (!whole) return wrong("not a supported value: '" + text + "'");
      entry.kind = TomlEntry::Kind::Integer;
    }
    entry.values.push_back(text);
    return {};
  }

  Result<std::string> read_basic() {
    std::string text;
    while (!rest_.empty() && rest_.front() != '\n') {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (is_control(c)) return wrong("a control character");
      if (c != '\\') {
        text += c;
        continue;
      }
      text += TRY(read_escape());
    }
    return wrong("a string without its end");
  }

  Result<std::string> read_escape() {
    static constexpr std::string_view kNames = "btnfr\"\\", kMeanings = "\b\t\n\f\r\"\\";
    char c = rest_.empty() ? '\0' : rest_.front();
    if (size_t at = kNames.find(c); c != '\0' && at != std::string_view::npos) {
      rest_.remove_prefix(1);
      return std::string(1, kMeanings[at]);
    }
    size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0 || rest_.size() < digits + 1) return wrong("no such escape");
    uint32_t code = 0;
    const char* end = rest_.data() + 1 + digits;
    auto [at, failed] = std::from_chars(rest_.data() + 1, end, code, 16);
    bool scalar = code < 0xd800 || (code > 0xdfff && code < 0x110000);
    if (failed != std::errc() || at != end || !scalar) return wrong("no such escape");
    rest_.remove_prefix(digits + 1);
    return utf8(code);
  }

  std::string_view rest_;
  int line_ = 1;
};

}  // namespace

Result<std::vector<TomlEntry>> read_toml(std::string_view text) { return TomlReader(text).read(); }

}  // namespace culprit::cli
