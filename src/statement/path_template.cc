#include "statement/path_template.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/text.h"

namespace culprit {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool hex(char c) { return digit(c) || (lower(c) >= 'a' && lower(c) <= 'f'); }

// Prefixes of tokens, from the documentation of their vendors. gitleaks and trufflehog have the same prefixes.
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

// Returns the entropy in bits per character, from the frequencies of the characters in `token`.
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

// Returns true for a card number with a valid check digit (ISO/IEC 7812-1).
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

constexpr std::string_view kPlaceholder = "{id}";
constexpr size_t kLongestWord = 40;
constexpr size_t kLeastHex = 6;  // a word such as "facade1" is masked, too

// Returns true for versions such as "v1" and "v2beta1".
bool version(std::string_view text) {
  return text.size() >= 2 && text.size() <= 8 && lower(text[0]) == 'v' && digit(text[1]) &&
         (text.size() <= 3 || text.find("alpha") != std::string_view::npos ||
          text.find("beta") != std::string_view::npos);
}

// Returns true if characters of different kinds (letters, digits, capitals) alternate often. In random text, the kind
// changes at every second character. In camel case it changes at one of three characters, and in a word with a number
// once.
bool irregular(std::string_view text) {
  size_t changes = 0, digits = 0, uppers = 0, lowers = 0;
  int previous = -1;
  for (char c : text) {
    int kind = digit(c) ? 0 : c >= 'A' && c <= 'Z' ? 1 : letter(c) ? 2 : 3;
    digits += kind == 0;
    uppers += kind == 1;
    lowers += kind == 2;
    changes += previous >= 0 && kind != previous && kind != 3 && previous != 3;
    previous = kind;
  }
  if (digits > 0 && text.size() >= 5) return changes * 3 >= text.size() && changes >= 3;
  return text.size() >= 8 && uppers * 3 >= text.size() && lowers > 0 && changes * 5 >= text.size() * 2;
}

// Returns true if the text has no vowel in at least eight letters, so that it is no word of a spoken language.
bool unspeakable(std::string_view text) {
  constexpr size_t kLeast = 8;
  if (text.size() < kLeast || !std::all_of(text.begin(), text.end(), letter)) return false;
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return std::string_view("aeiouy").find(lower(c)) != std::string_view::npos; });
}

// Returns true if a word of a segment, between '-', '_', '.' and ':', is not part of a name that a person chose.
bool identifying_word(std::string_view word) {
  auto digits = static_cast<size_t>(std::count_if(word.begin(), word.end(), digit));
  bool all_hex =
      word.size() >= kLeastHex && digits > 0 && digits < word.size() && std::all_of(word.begin(), word.end(), hex);
  return all_hex || irregular(word) || unspeakable(word);
}

// Returns the file extension, such as ".css"; empty: none.
std::string_view extension_of(std::string_view segment) {
  size_t dot = segment.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return {};
  std::string_view ending = segment.substr(dot + 1);
  bool word = !ending.empty() && ending.size() <= 5 && letter(ending[0]) &&
              std::all_of(ending.begin(), ending.end(), [](char c) { return letter(c) || digit(c); });
  return word ? segment.substr(dot) : std::string_view();
}

void append_segment(Redacted& out, std::string_view segment) {
  size_t parameters = segment.find(';');  // matrix parameters: /map;lat=50;long=20 (RFC 3986, section 3.3)
  std::string_view name = segment.substr(0, parameters);
  std::string_view extension = extension_of(name);
  if (name == kPlaceholder || !identifies(name)) {
    out.text += name;
  } else {
    out.text += kPlaceholder;
    bool file = name.find('@') == std::string_view::npos && !identifies(extension.substr(extension.empty() ? 0 : 1));
    if (file) out.text += extension;
    ++out.count;
  }
  if (parameters == std::string_view::npos) return;
  out.text += ";{id}";
  out.count += segment.substr(parameters) != ";{id}";
}

}  // namespace

bool looks_secret(std::string_view token) {
  if (known_prefix(token) || card_number(token)) return true;
  // Texts below 20 characters are not checked further: they are ids and words. A name made of words has few digits,
  // long runs of one case and repeated letters: at most about 3.5 bits per character. Random base64 with 24 characters
  // has at least 4.2 bits, random hex 3.3 to 3.9.
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
  // In random letters and digits the kind changes at two of five characters or more; in camel case at one of three.
  bool irregular = mixed ? changes * 3 >= token.size() : uppers > 0 && lowers > 0 && changes * 5 >= token.size() * 2;
  return irregular && entropy(token) >= 3.5;
}

bool identifies(std::string_view segment) {
  if (segment.empty() || version(segment)) return false;
  if (segment.size() > kLongestWord || segment.find_first_of("%?=@+~,!&'\"") != std::string_view::npos) return true;
  if (std::any_of(segment.begin(), segment.end(), [](char c) { return static_cast<unsigned char>(c) <= ' '; }))
    return true;
  std::string_view stem = segment;
  stem.remove_suffix(extension_of(segment).size());
  if (segment == kPlaceholder || stem == kPlaceholder) return false;
  auto digits = static_cast<size_t>(std::count_if(stem.begin(), stem.end(), digit));
  if (digits == 0 && stem.size() < 8) return false;
  bool file = stem.size() < segment.size();
  bool counted = digits <= 2 && stem.size() >= digits + 3 &&
                 std::all_of(stem.begin(), stem.end() - static_cast<std::ptrdiff_t>(digits), letter);
  if (counted && stem.size() < 8) return false;  // a name with a number, such as base64
  bool number = digits > 0 && (digits == stem.size() || (digits * 3 >= stem.size() && (!file || digits > 2)));
  if (number || looks_secret(segment) || looks_secret(stem)) return true;
  for (size_t begin = 0; begin <= stem.size();) {
    size_t end = std::min(stem.find_first_of("-_.:", begin), stem.size());
    if (identifying_word(stem.substr(begin, end - begin))) return true;
    begin = end + 1;
  }
  return false;
}

Redacted path_template(std::string_view target) {
  // The target is repaired first, because the decision about a segment depends on its final form.
  if (!valid_utf8(target)) return path_template(repaired_utf8(target));
  Redacted out;
  std::string_view path = target.substr(0, target.find_first_of("?#"));
  bool first = true;
  for (std::string_view segment : split(path, '/')) {
    if (!first) out.text += '/';
    first = false;
    append_segment(out, segment);
  }
  return out;
}

}  // namespace culprit
