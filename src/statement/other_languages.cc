#include "statement/other_languages.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/text.h"
#include "statement/path_template.h"

namespace culprit {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
bool blank(char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; }

constexpr size_t kMaxName = 64;
constexpr size_t kMaxLines = 64;       // lines of a pipeline; further lines are ignored
constexpr size_t kMaxTokens = 20'000;  // tokens of a document; further tokens are dropped

std::string upper_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), upper);
  return out;
}

// --- commands ---

// Commands with subcommands: the first two words are the name.
constexpr std::array<std::string_view, 18> kFamilies = {"ACL",      "CLIENT",  "CLUSTER", "COMMAND", "CONFIG", "DEBUG",
                                                        "FUNCTION", "LATENCY", "MEMORY",  "MODULE",  "OBJECT", "PUBSUB",
                                                        "SCRIPT",   "SLOWLOG", "XGROUP",  "XINFO",   "STATS",  "FT"};
// Commands whose first argument is not a key.
constexpr std::array<std::string_view, 26> kKeyless = {
    "ACL",     "AUTH",    "CLIENT",  "CLUSTER",  "COMMAND", "CONFIG",  "DEBUG",   "ECHO", "EVAL",
    "EVALSHA", "EVAL_RO", "FCALL",   "FUNCTION", "HELLO",   "LATENCY", "MODULE",  "PING", "SCAN",
    "SCRIPT",  "SELECT",  "SLOWLOG", "SWAPDB",   "VERSION", "WAIT",    "MIGRATE", "KEYS"};
// Common commands. A later line that begins with another word belongs to an argument of the first command.
constexpr std::array<std::string_view, 56> kCommon = {
    "APPEND",  "DECR",   "DECRBY",  "DEL",   "DISCARD", "EVALSHA",   "EXEC",     "EXISTS",  "EXPIRE", "GET",
    "GETSET",  "HDEL",   "HEXISTS", "HGET",  "HGETALL", "HINCRBY",   "HKEYS",    "HLEN",    "HMGET",  "HMSET",
    "HSET",    "HSETNX", "HVALS",   "INCR",  "INCRBY",  "LINDEX",    "LLEN",     "LPOP",    "LPUSH",  "LRANGE",
    "LREM",    "LTRIM",  "MGET",    "MSET",  "MULTI",   "PERSIST",   "PEXPIRE",  "PUBLISH", "RPOP",   "RPUSH",
    "SADD",    "SCARD",  "SET",     "SETEX", "SETNX",   "SISMEMBER", "SMEMBERS", "SREM",    "TTL",    "UNLINK",
    "UNWATCH", "WATCH",  "XADD",    "ZADD",  "ZRANGE",  "ZREM"};

bool among(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool command_word(std::string_view word) {
  return !word.empty() && word.size() <= 24 &&
         std::all_of(word.begin(), word.end(), [](char c) { return (c & 0x80) == 0 && (letter(c) || c == '.'); });
}

// Returns the template of a key: "user:4711:{cart}" becomes "user:?:{cart}".
std::string key_template(std::string_view key) {
  std::string out;
  for (size_t at = 0; at < key.size();) {
    size_t end = std::min(key.find_first_of(":/.|{}[]@#,;=\"'?*", at), key.size());
    std::string_view part = key.substr(at, end - at);
    out += identifies(part) ? std::string("?") : std::string(part);
    if (end < key.size() && key[end] == '@') return "?";  // the key contains an address
    if (end < key.size() && key[end] != '"' && key[end] != '\'') out += key[end];
    at = end + 1;
  }
  auto placeholders = std::unique(out.begin(), out.end(), [](char a, char b) { return a == '?' && b == '?'; });
  out.erase(placeholders, out.end());
  return out.size() > 2 * kMaxName ? "?" : out;
}

// Removes the next word from `line` and returns it, with its quotes if it is quoted.
std::string_view next_word(std::string_view& line) {
  while (!line.empty() && blank(line[0])) line.remove_prefix(1);
  if (line.empty()) return {};
  size_t end = 1;
  if (line[0] == '"' || line[0] == '\'') {
    while (end < line.size() && line[end] != line[0]) end += line[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, line.size());
  } else {
    while (end < line.size() && !blank(line[end])) ++end;
  }
  std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

OtherStatement command_of(std::string_view line) {
  std::string_view word = next_word(line);
  if (!command_word(word)) return {"?", {}, {}};
  OtherStatement command{std::string(word), upper_case(word), {}};
  if (std::string_view rest = line; among(command.operation, kFamilies)) {
    std::string_view sub = next_word(rest);
    if (command_word(sub)) {
      line = rest;
      command.text += ' ' + std::string(sub);
    }
  }
  if (!among(command.operation, kKeyless)) {
    std::string_view key = next_word(line);
    command.target = key_template(key);
    if (!command.target.empty()) command.text += ' ' + command.target;
  }
  if (!next_word(line).empty() && !command.text.ends_with(" ?")) command.text += " ?";
  command.operation = upper_case(command.text.substr(0, word.size()));
  return command;
}

// --- documents ---

struct Token {
  enum class Kind : uint8_t { Text, Word, Number, Mark } kind;
  std::string_view text;  // the text without its quotes, if kind is Text
  bool space_before = false;
};

std::vector<Token> document_tokens(std::string_view text) {
  std::vector<Token> tokens;
  bool space = false;
  for (size_t at = 0; at < text.size() && tokens.size() < kMaxTokens;) {
    char c = text[at];
    size_t end = at + 1;
    if (blank(c)) {
      space = true;
      at = end;
      continue;
    }
    if (c == '"' || c == '\'' || c == '`') {
      while (end < text.size() && text[end] != c) end += text[end] == '\\' ? 2 : 1;
      end = std::min(end, text.size());
      tokens.push_back({Token::Kind::Text, text.substr(at + 1, end - at - 1), space});
      ++end;
    } else if (digit(c) || ((c == '-' || c == '.') && end < text.size() && digit(text[end]))) {
      while (end < text.size() && (digit(text[end]) || letter(text[end]) ||
                                   std::string_view("+-.:").find(text[end]) != std::string_view::npos))
        ++end;
      tokens.push_back({Token::Kind::Number, text.substr(at, end - at), space});
    } else if (letter(c) || c == '$') {
      while (end < text.size() && (digit(text[end]) || letter(text[end]) || text[end] == '$')) ++end;
      tokens.push_back({Token::Kind::Word, text.substr(at, end - at), space});
    } else {
      tokens.push_back({Token::Kind::Mark, text.substr(at, 1), space});
    }
    space = false;
    at = end;
  }
  return tokens;
}

bool plain_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxName || identifies(text)) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return letter(c) || digit(c) || c == '$' || c == '.' || c == '-'; });
}

class Documents {
 public:
  explicit Documents(std::string_view text) : tokens_(document_tokens(text)) {}

  OtherStatement run() {
    for (size_t i = 0; i < tokens_.size(); ++i) step(i);
    for (const std::string& piece : out_) statement_.text += piece;
    return std::move(statement_);
  }

 private:
  bool mark(size_t i, char c) const {
    return i < tokens_.size() && tokens_[i].kind == Token::Kind::Mark && tokens_[i].text[0] == c;
  }

  void step(size_t i) {
    const Token& token = tokens_[i];
    if (token.kind == Token::Kind::Mark) return on_mark(i);
    if (mark(i + 1, ':') && token.kind != Token::Kind::Number) return key(i);
    if (token.kind == Token::Kind::Word && word_stays(i)) return put(i, std::string(token.text));
    bool first_value = token.kind == Token::Kind::Text && open_.size() == 1 && i >= 2 && mark(i - 1, ':') &&
                       first_key_ == i - 2 && plain_name(token.text);
    if (!first_value) return put(i, "?");
    statement_.target = token.text;
    put(i, '"' + std::string(token.text) + '"');
  }

  // Returns true for words that are kept: true, null, the name of a function or collection, and words before the first
  // document such as "users.find".
  bool word_stays(size_t i) const {
    std::string_view word = tokens_[i].text;
    if (word == "true" || word == "false" || word == "null" || word == "undefined") return true;
    if (!plain_name(word)) return false;
    return open_.empty() || mark(i + 1, '(') || word == "new";
  }

  void key(size_t i) {
    const Token& token = tokens_[i];
    std::string name = plain_name(token.text) ? std::string(token.text) : "?";
    if (open_.size() == 1 && first_key_ == ~size_t{0}) {
      first_key_ = i;
      if (statement_.operation.empty()) statement_.operation = name;
    }
    put(i, token.kind == Token::Kind::Text ? '"' + name + '"' : name);
  }

  void on_mark(size_t i) {
    char c = tokens_[i].text[0];
    if ((c == ']' || c == '}' || c == ')') && !open_.empty()) {
      end_element();
      open_.pop_back();
    }
    bool separates = c == ',' && !open_.empty();
    if (separates) end_element();
    put(i, std::string(1, c));
    if (c == '[' || c == '{' || c == '(') open_.push_back({c, out_.size(), out_.size()});
    if (separates) open_.back().element = out_.size();
  }

  // Ends an element of an array: removes it if the previous element is equal.
  void end_element() {
    Open& open = open_.back();
    if (open.mark != '[') return;
    bool same = open.element > open.before &&
                trimmed_join(open.element, out_.size()) == trimmed_join(open.before, open.element - 1);
    if (same) {
      out_.resize(open.element - 1);
      open.element = open.before;
      // The next comma separates the kept element from the next one.
      return;
    }
    open.before = open.element;
  }
  std::string trimmed_join(size_t begin, size_t end) const {
    std::string text;
    for (size_t i = begin; i < end; ++i) text += trimmed(out_[i]);
    return text;
  }

  void put(size_t i, std::string text) {
    bool space = tokens_[i].space_before && !out_.empty();
    out_.push_back(space ? ' ' + text : std::move(text));
  }

  struct Open {
    char mark;
    size_t before, element;  // positions in out_ at which the previous element and the current element begin
  };
  std::vector<Token> tokens_;
  std::vector<std::string> out_;
  std::vector<Open> open_;
  size_t first_key_ = ~size_t{0};
  OtherStatement statement_;
};

}  // namespace

OtherStatement normalise_commands(std::string_view text) {
  OtherStatement all;
  std::string last;
  size_t lines = 0;
  for (std::string_view line : split(text, '\n')) {
    line = trimmed(line);
    if (line.empty()) continue;
    std::string_view rest = line;
    if (lines > 0 && !among(upper_case(next_word(rest)), kCommon)) continue;
    OtherStatement command = command_of(line);
    if (command.text == last) continue;
    last = command.text;
    if (++lines > kMaxLines) break;
    if (lines == 1) {
      all = std::move(command);
    } else {
      all.text += '\n' + command.text;
    }
  }
  return all;
}

OtherStatement normalise_documents(std::string_view text) { return Documents(text).run(); }

}  // namespace culprit
