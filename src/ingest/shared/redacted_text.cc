#include "ingest/shared/redacted_text.h"

#include <algorithm>
#include <iterator>

#include "statement/redact.h"

namespace culprit {

namespace {

constexpr std::string_view kMask = "?";
// Shorter words are no keys; this check keeps looks_secret() off most words.
constexpr size_t kShortestKey = 16;
// Card and account numbers have at least 12 digits. Times since 1970 may have as many digits, and are masked too.
constexpr size_t kLongNumberDigits = 12;

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool in_token(char c) { return is_alphanumeric(c) || std::string_view("-_.+/=~").find(c) != std::string_view::npos; }
bool in_mail(char c) {
  return is_alphanumeric(c) || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("-_.+%").find(c) != std::string_view::npos;
}

// Returns whether a character separates words. A backslash does, so that escapes in JSON are kept.
bool separates(char c) {
  return static_cast<unsigned char>(c) <= ' ' ||
         std::string_view("\"'`()[]{}<>,;|\\").find(c) != std::string_view::npos;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

// The schemes of an Authorization header: credentials follow them.
bool is_scheme(std::string_view lower_word) { return lower_word == "bearer" || lower_word == "basic"; }

// Removes mail addresses like "jane@example.org", anywhere in `word`.
std::string without_mail(std::string_view word) {
  std::string text;
  for (size_t at = word.find('@'); at != std::string_view::npos; at = word.find('@')) {
    size_t begin = at, end = at + 1;
    while (begin > 0 && in_mail(word[begin - 1])) --begin;
    while (end < word.size() && in_mail(word[end])) ++end;
    // "express@4.18.2" is no mail address.
    const std::string_view domain = word.substr(at + 1, end - at - 1);
    bool mail = begin < at && domain.find_first_not_of("0123456789.-") != std::string_view::npos;
    text += mail ? word.substr(0, begin) : word.substr(0, end);
    if (mail) text += kMask;
    word.remove_prefix(end);
  }
  return text.append(word);
}

bool is_long_number(std::string_view word) {
  return word.find_first_not_of("0123456789-") == std::string_view::npos &&
         static_cast<size_t>(std::count_if(word.begin(), word.end(), [](char c) { return c != '-'; })) >=
             kLongNumberDigits;
}

class TextRedactor {
 public:
  explicit TextRedactor(std::string_view text) : rest_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (!rest_.empty()) {
      if (separates(rest_.front())) {
        separator();
        continue;
      }
      size_t end = 0;
      while (end < rest_.size() && !separates(rest_[end])) ++end;
      word(rest_.substr(0, end));
      rest_.remove_prefix(end);
    }
    return std::move(out_);
  }

 private:
  // A secret in quotes is masked up to the closing quote.
  void separator() {
    char quote = rest_.front();
    out_ += quote;
    rest_.remove_prefix(1);
    if (!masks_next_ || (quote != '"' && quote != '\'')) return;
    size_t end = 0;
    while (end < rest_.size() && rest_[end] != quote) end += rest_[end] == '\\' && end + 1 < rest_.size() ? 2 : 1;
    if (end > 0) out_ += kMask;
    rest_.remove_prefix(std::min(end, rest_.size()));
    masks_next_ = false;
  }

  void word(std::string_view word) {
    const bool joins = word == ":" || word == "=" || word == "=>";
    // JSON has "password":12 and "password":true: numbers and truth values have no quotes.
    if (!joins && (word.front() == ':' || word.front() == '=') && last_names_secret_) {
      const bool json = out_.ends_with('"');
      out_ += word.front();
      out_ += json ? "\"?\"" : kMask;
      last_names_secret_ = masks_next_ = false;
      return;
    }
    if (!joins && masks_next_ && !is_scheme(lower_case(word))) {
      masks_next_ = false;
      out_ += kMask;
      return;
    }
    note_key(word, joins);
    out_ += redacted(word);
  }

  // Stores whether the next word is the value of a key that names a secret: "password:", "password" ":", "Bearer", and
  // OTLP's {"key":"password","value":{"stringValue":…}}.
  void note_key(std::string_view word, bool joins) {
    const std::string_view key = word.substr(0, word.find_last_not_of(":=") + 1);
    if (joins) {
      masks_next_ = last_names_secret_;
      return;
    }
    const std::string name = lower_case(key);
    last_names_secret_ = names_secret(key);
    masks_next_ = (last_names_secret_ && key.size() < word.size()) || is_scheme(name);
    if (key_follows_) nested_secret_ = last_names_secret_;
    key_follows_ = name == "key";
    const bool value = name.ends_with("value") && name != "value";
    if (nested_secret_ && value) last_names_secret_ = true;
  }

  std::string redacted(std::string_view word) const {
    if (size_t scheme = word.find("://"); scheme != std::string_view::npos) {
      size_t begin = scheme;
      while (begin > 0 && is_alphanumeric(word[begin - 1])) --begin;
      return without_mail(std::string(word.substr(0, begin)) + redacted_target(word.substr(begin)));
    }
    if (word.starts_with('/') || word.starts_with("~/")) return without_mail(without_tokens(redact_file(word).text));
    size_t equals = word.find_first_of("=:");
    if (equals != std::string_view::npos && equals + 1 < word.size() && names_secret(word.substr(0, equals)))
      return std::string(word.substr(0, equals + 1)).append(kMask);
    if (is_long_number(word)) return std::string(kMask);
    return without_tokens(without_mail(word));
  }

  std::string_view rest_;
  std::string out_;
  bool masks_next_ = false, last_names_secret_ = false;
  bool key_follows_ = false, nested_secret_ = false;  // for OTLP's nested values
};

}  // namespace

std::string without_tokens(std::string_view text) {
  std::string masked;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && in_token(text[end])) ++end;
    std::string_view token = text.substr(i, end - i);
    if (token.size() >= kShortestKey && looks_secret(token))
      masked += kMask;
    else
      masked += token;
    if (end < text.size()) masked += text[end++];
    i = end;
  }
  return masked;
}

std::string redacted_target(std::string_view target) {
  size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return redact_target(target).text;
  size_t host = scheme + 3, path = std::min(target.find_first_of("/?#", host), target.size());
  std::string_view authority = target.substr(host, path - host);
  size_t at = authority.rfind('@');
  std::string text(target.substr(0, host));
  if (at != std::string_view::npos) text += "?@";
  text += at == std::string_view::npos ? authority : authority.substr(at + 1);
  return path < target.size() ? text + redact_target(target.substr(path)).text : text;
}

std::string redacted_text(std::string_view text) { return TextRedactor(text).run(); }

bool names_secret(std::string_view key) {
  static constexpr std::string_view kWords[] = {"password", "passwd",  "secret", "token",   "authorization",
                                                "cookie",   "api_key", "apikey", "api-key", "credential"};
  // Numbers, types and limits of tokens are figures of language models, not secrets.
  if (key.find("usage") != std::string_view::npos || key.find("_tokens") != std::string_view::npos) return false;
  const std::string lower = lower_case(key);
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace culprit
