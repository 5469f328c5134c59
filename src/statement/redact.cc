#include "statement/redact.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/text.h"

namespace culprit {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool name_character(char c) { return letter(c) || digit(c) || c == '_' || c == '-' || c == '.'; }
bool token_character(char c) {
  return letter(c) || digit(c) || c == '_' || c == '-' || c == '+' || c == '=' || c == '~';
}

bool contains(std::string_view text, std::string_view lower_needle) {
  auto equal = [](char a, char b) { return lower(a) == b; };
  return std::search(text.begin(), text.end(), lower_needle.begin(), lower_needle.end(), equal) != text.end();
}

// Names whose values are secret. After Sentry's scrubber and OpenTelemetry's list of URL keys, and what DeepFlow, OBI mask.
bool sensitive_name(std::string_view name) {
  static constexpr std::array<std::string_view, 21> kParts = {
      "password",  "passwd",  "passphrase", "pwd",        "secret",    "token",      "apikey",
      "api_key",   "api-key", "auth",       "credential", "private",   "access_key", "access-key",
      "accesskey", "bearer",  "session",    "cookie",     "signature", "jwt",        "pgpass"};
  std::string_view known = name;
  bool part = std::any_of(kParts.begin(), kParts.end(), [&](std::string_view one) { return contains(known, one); });
  return part || (name.size() == 4 && contains(name, "pass")) ||
         (name.size() == 3 && (contains(name, "sig") || contains(name, "key")));
}

// Tokens that say what they are. Vendors' documentation; gitleaks and trufflehog list the same.
constexpr std::array<std::string_view, 40> kPrefixes = {
    "AKIA",        "ASIA",     "AGPA",   "AIDA",   "AROA",   "ghp_",    "gho_",    "ghu_",  "ghs_",     "ghr_",
    "github_pat_", "glpat-",   "xoxb-",  "xoxp-",  "xoxa-",  "xoxs-",   "xoxr-",   "xapp-", "sk_live_", "sk_test_",
    "pk_live_",    "rk_live_", "whsec_", "sk-",    "eyJ",    "AIza",    "ya29.",   "npm_",  "pypi-",    "dop_v1_",
    "SG.",         "hvs.",     "hvb.",   "shpat_", "shpss_", "sq0atp-", "sq0csp-", "EAAC",  "lin_api_", "-----BEGIN"};
constexpr size_t kLeastAfterPrefix = 8;

bool known_prefix(std::string_view token) {
  return std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](std::string_view prefix) {
    return token.size() >= prefix.size() + kLeastAfterPrefix && token.starts_with(prefix);
  });
}

// Bits per character, from how often each stands in `token`.
double entropy(std::string_view token) {
  std::array<uint16_t, 256> counts{};
  for (unsigned char c : token) ++counts[c];
  double bits = 0, size = static_cast<double>(token.size());
  for (uint16_t count : counts)
    if (count > 0) bits -= count / size * std::log2(count / size);
  return bits;
}

bool uuid(std::string_view token) {
  if (token.size() != 36) return false;
  for (size_t i = 0; i < token.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    bool hex = digit(token[i]) || (lower(token[i]) >= 'a' && lower(token[i]) <= 'f');
    if (dash ? token[i] != '-' : !hex) return false;
  }
  return true;
}

// A card number by its check digit (ISO/IEC 7812-1).
bool card_number(std::string_view token) {
  if (token.size() < 13 || token.size() > 19) return false;
  int sum = 0;
  for (size_t i = 0; i < token.size(); ++i) {
    char c = token[token.size() - 1 - i];
    if (!digit(c)) return false;
    int value = (c - '0') * (i % 2 == 1 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

// Copies a text, masking as it goes.
class Masker {
 public:
  Redacted take() {
    if (!valid_utf8(out_.text)) out_.text = repaired_utf8(out_.text);
    return std::move(out_);
  }
  void keep(std::string_view text) { out_.text += text; }
  void mask() {
    out_.text += '?';
    ++out_.count;
  }

  // A word of a command line.
  void word(std::string_view text) {
    if (size_t pem = text.find("-----BEGIN"); pem != std::string_view::npos) {
      word(text.substr(0, pem));
      return mask();
    }
    while (!text.empty()) {
      if (text.starts_with("://")) {
        text = authority(text);
      } else if (text[0] == '?' && text.find('=') != std::string_view::npos) {
        text = query(text);
      } else if (token_character(text[0])) {
        text = token(text);
      } else {
        keep(text.substr(0, 1));
        text.remove_prefix(1);
      }
    }
  }

  // "?a=b&c=d" up to a blank or '#': names stay. What is left.
  std::string_view query(std::string_view text) {
    size_t end = std::min(text.find_first_of(" \t\r\n#\"'"), text.size());
    std::string_view pairs = text.substr(1, end - 1);
    keep("?");
    bool first = true;
    for (std::string_view pair : split(pairs, '&')) {
      if (!first) keep("&");
      first = false;
      std::string_view name = pair.substr(0, pair.find('='));
      looks_secret(name) || name.size() > 64 ? mask() : keep(name);
      if (pair.size() > name.size()) {
        keep("=");
        mask();
      }
    }
    return text.substr(end);
  }

 private:
  // "://user:password@": the password goes, and a user that looks like a token. What is left.
  std::string_view authority(std::string_view text) {
    size_t end = std::min(text.find_first_of("/?# \t\r\n\"'", 3), text.size());
    size_t at = text.substr(0, end).rfind('@');
    keep("://");
    if (at == std::string_view::npos) return text.substr(3);
    std::string_view userinfo = text.substr(3, at - 3);
    std::string_view user = userinfo.substr(0, userinfo.find(':'));
    looks_secret(user) ? mask() : keep(user);
    if (user.size() < userinfo.size()) {
      keep(":");
      mask();
    }
    keep("@");
    return text.substr(at + 1);
  }

  // A run of token characters, with the value that belongs to it where it is the name of a secret. What is left.
  std::string_view token(std::string_view text) {
    size_t name_end = 0;
    while (name_end < text.size() && name_character(text[name_end])) ++name_end;
    bool assigns = name_end < text.size() && (text[name_end] == '=' || text[name_end] == ':');
    if (assigns && sensitive_name(text.substr(0, name_end)) && !text.substr(name_end).starts_with("://")) {
      bool header = text[name_end] == ':';
      keep(text.substr(0, name_end + 1));
      return value(text.substr(name_end + 1), header);
    }
    if (assigns) {
      std::string_view name = text.substr(0, name_end);
      looks_secret(name) ? mask() : keep(name);
      keep(text.substr(name_end, 1));
      return text.substr(name_end).starts_with("://") ? kept_back(text.substr(name_end)) : text.substr(name_end + 1);
    }
    size_t end = 0;
    while (end < text.size() && (token_character(text[end]) || text[end] == '.')) ++end;
    looks_secret(text.substr(0, end)) ? mask() : keep(text.substr(0, end));
    return text.substr(end);
  }
  // "://" whose colon was kept already.
  std::string_view kept_back(std::string_view text) {
    out_.text.pop_back();
    return text;
  }

  // The value of a secret name: all of a header's, else up to what can end one.
  std::string_view value(std::string_view text, bool header) {
    if (text.empty()) return text;
    size_t begin = 0;
    char quote = text[0] == '"' || text[0] == '\'' ? text[0] : '\0';
    size_t end = header ? text.size() : quote ? text.find(quote, 1) : text.find_first_of(" \t\r\n&;,\"'");
    end = std::min(end, text.size());
    if (quote && !header && end < text.size()) ++end;
    if (end > begin) mask();
    return text.substr(end);
  }

  Redacted out_;
};

std::vector<std::string_view> words_of(std::string_view command) {
  char separator = command.find('\0') != std::string_view::npos ? '\0' : ' ';
  std::vector<std::string_view> words = split(command, separator);
  while (!words.empty() && words.back().empty()) words.pop_back();
  return words;
}

bool short_number(std::string_view word) {
  return !word.empty() && word.size() <= 5 && std::all_of(word.begin(), word.end(), digit);
}

// Whether `word` is an option whose next word is a secret. `program`: the base name of what runs.
bool asks_for_secret(std::string_view program, std::string_view word, std::string_view next) {
  if (word.starts_with("--")) return word.find('=') == std::string_view::npos && sensitive_name(word.substr(2));
  if (word == "-p" || word == "-P") return !short_number(next);  // a port is none
  if (word == "-a") return program == "redis-cli";
  if (word == "-w") return program.starts_with("ldap");
  if (word.size() > 1 && word[0] == '-') return sensitive_name(word.substr(1));
  return false;
}

// -psecret: the password sticks to the option.
bool sticks_to_p(std::string_view program, std::string_view word) {
  bool takes =
      contains(program, "mysql") || contains(program, "mariadb") || program == "sshpass" || contains(program, "mongo");
  return takes && word.size() > 2 && word.starts_with("-p") && !word.starts_with("--");
}

}  // namespace

bool looks_secret(std::string_view token) {
  if (known_prefix(token) || card_number(token)) return true;
  // 20 characters: shorter ones are ids and words. A name made of words has few digits, long runs of one case, and repeats
  // letters: about 3.5 bits a character and less; random base64 of 24 has 4.2 and more, of hex 3.3–3.9.
  if (token.size() < 20 || uuid(token)) return false;
  size_t digits = 0, uppers = 0, lowers = 0, changes = 0;
  int previous = -1;
  for (char c : token) {
    int kind = digit(c) ? 0 : c >= 'A' && c <= 'Z' ? 1 : letter(c) ? 2 : 3;
    digits += kind == 0;
    uppers += kind == 1;
    lowers += kind == 2;
    changes += previous >= 0 && kind != previous && kind != 3 && previous != 3;
    previous = kind;
  }
  bool hex = token.size() >= 32 && std::all_of(token.begin(), token.end(),
                                               [](char c) { return digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); });
  if (hex && digits > 0 && digits < token.size()) return true;
  bool mixed = digits > 0 && (uppers > 0 || lowers > 0);
  // Random letters and digits change their kind at two of five places and more; words in camel case at one of three.
  bool irregular = mixed ? changes * 3 >= token.size() : uppers > 0 && lowers > 0 && changes * 5 >= token.size() * 2;
  return irregular && entropy(token) >= 3.5;
}

Redacted redact_command(std::string_view command) {
  std::vector<std::string_view> words = words_of(command);
  Masker masker;
  std::string_view program = words.empty() ? std::string_view() : words[0].substr(words[0].rfind('/') + 1);
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0) masker.keep(" ");
    std::string_view next = i + 1 < words.size() ? words[i + 1] : std::string_view();
    if (sticks_to_p(program, words[i])) {
      masker.keep("-p");
      masker.mask();
      continue;
    }
    masker.word(words[i]);
    if (words[i].find("-----BEGIN") != std::string_view::npos)
      break;  // where words were split at blanks, the key goes on
    bool secret = !next.empty() && i > 0 && asks_for_secret(program, words[i], next) && !next.starts_with("--");
    bool user = !next.empty() && (words[i] == "-u" || words[i] == "--user" || words[i] == "-U");
    if (secret) {
      masker.keep(" ");
      masker.mask();
      ++i;
    } else if (size_t colon = next.find_first_of(":%"); user && colon != std::string_view::npos) {
      masker.keep(" ");
      masker.keep(next.substr(0, colon + 1));
      masker.mask();
      ++i;
    }
  }
  return masker.take();
}

Redacted redact_path(std::string_view target) {
  Masker masker;
  std::string_view path = target.substr(0, target.find_first_of("?#"));
  bool first = true;
  for (std::string_view segment : split(path, '/')) {
    if (!first) masker.keep("/");
    first = false;
    bool assigned = segment.find('=') != std::string_view::npos || segment.find('@') != std::string_view::npos;
    if (looks_secret(segment) || contains(segment, "%40")) {
      masker.mask();
    } else if (assigned) {
      masker.word(segment);
    } else {
      masker.keep(segment);
    }
  }
  return masker.take();
}

Redacted redact_target(std::string_view target) {
  Redacted path = redact_path(target);
  size_t mark = target.find_first_of("?#");
  if (mark == std::string_view::npos || target[mark] == '#') return path;
  Masker masker;
  masker.query(target.substr(mark));
  Redacted query = masker.take();
  return {path.text + query.text, path.count + query.count};
}

}  // namespace culprit
