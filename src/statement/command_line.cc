// Redacts command lines with an allow list: a word is kept only if it is known to be harmless.
#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/text.h"
#include "statement/redact.h"

namespace culprit {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool all(std::string_view text, bool (*test)(char)) { return std::all_of(text.begin(), text.end(), test); }

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}
bool among(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Names of options whose values are numbers, addresses, paths or modes of operation, and never secrets. An option may
// begin with one or two dashes.
constexpr std::array<std::string_view, 40> kPathOptions = {"config",      "conf",
                                                           "config-file", "config.file",
                                                           "file",        "f",
                                                           "c",           "data",
                                                           "data-dir",    "datadir",
                                                           "d",           "dir",
                                                           "directory",   "root",
                                                           "basedir",     "cwd",
                                                           "c",           "script",
                                                           "classpath",   "cp",
                                                           "jar",         "socket",
                                                           "s",           "pid-file",
                                                           "pidfile",     "log",
                                                           "log-file",    "logfile",
                                                           "log-dir",     "storage",
                                                           "path",        "lib",
                                                           "plugin-dir",  "tmpdir",
                                                           "web.root",    "defaults-file",
                                                           "prefix",      "working-directory",
                                                           "workdir",     "output"};
constexpr std::array<std::string_view, 16> kPlaceOptions = {"host",
                                                            "h",
                                                            "bind",
                                                            "b",
                                                            "listen",
                                                            "listen-address",
                                                            "address",
                                                            "addr",
                                                            "l",
                                                            "web.listen-address",
                                                            "bind-address",
                                                            "server",
                                                            "bind_ip",
                                                            "advertise",
                                                            "interface",
                                                            "i"};
constexpr std::array<std::string_view, 22> kWordOptions = {
    "mode",         "env",      "environment", "log-level", "loglevel", "log_level", "level", "format",
    "worker-class", "k",        "queue",       "queues",    "profile",  "role",      "type",  "engine",
    "gc",           "encoding", "protocol",    "scheme",    "m",        "module"};
// Words after the program name that select a part of the program.
constexpr std::array<std::string_view, 32> kSubcommands = {
    "server",  "serve",   "start",      "run",   "worker",  "web",       "api",    "agent",
    "daemon",  "master",  "exec",       "build", "test",    "watch",     "dev",    "status",
    "install", "manager", "controller", "node",  "migrate", "runserver", "celery", "gunicorn",
    "uvicorn", "beat",    "scheduler",  "proxy", "client",  "why",       "record", "demo"};
constexpr std::array<std::string_view, 24> kHarmlessWords = {
    "true",  "false", "on",   "off",  "yes", "no",  "auto", "none",  "debug",       "info",       "warn",  "warning",
    "error", "trace", "json", "text", "tcp", "udp", "http", "https", "development", "production", "utf-8", "utf8"};
// Flags of one dash and several letters, without a value or with the value in the next word.
constexpr std::array<std::string_view, 12> kLongFlags = {"jar",    "cp",      "classpath", "server",
                                                         "client", "version", "verbose",   "daemon",
                                                         "help",   "module",  "quiet",     "noverify"};
// Programs whose first argument is a script.
constexpr std::array<std::string_view, 14> kInterpreters = {"python", "node", "nodejs", "ruby", "perl", "php",   "java",
                                                            "bash",   "sh",   "dash",   "deno", "bun",  "tclsh", "lua"};

bool interpreter(std::string_view program) {
  while (!program.empty() && (program.back() == '.' || digit(program.back()))) program.remove_suffix(1);
  return among(program, kInterpreters);
}

// Returns true for quantities such as "8080", "4g", "30s", "1.5", "100%", "512MB", "4:2".
bool quantity(std::string_view text) {
  // A PIN has four digits or more. Options for a PIN are known by name (secret_name), so seven digits are allowed here.
  constexpr size_t kLongest = 7;
  if (text.empty() || text.size() > kLongest + 3 || !digit(text[0])) return false;
  size_t digits = 0, end = 0;
  while (end < text.size() && (digit(text[end]) || text[end] == '.' || text[end] == ':')) digits += digit(text[end++]);
  std::string_view unit = text.substr(end);
  return digits <= kLongest && unit.size() <= 2 && all(unit, [](char c) { return letter(c) || c == '%'; });
}

bool harmless_word(std::string_view value) { return quantity(value) || among(lower_case(value), kHarmlessWords); }

bool place_character(char c) {
  return letter(c) || digit(c) || c == '.' || c == ':' || c == '-' || c == '[' || c == ']' || c == '*' || c == '_';
}
// Returns true for addresses such as "127.0.0.1:5432", "db.internal", "[::1]:80", "*:80".
bool host_and_port(std::string_view text) {
  return !text.empty() && text.size() <= 64 && all(text, place_character) && !looks_secret(text) &&
         (text == "localhost" || text.find_first_of(".:*") != std::string_view::npos) &&
         !identifies(text.substr(0, text.find('.')).substr(0, text.find(':')));
}
bool host_of_number(std::string_view text) {
  return !text.empty() && text.size() <= 48 &&
         all(text, [](char c) { return digit(c) || c == '.' || c == ':' || c == '*' || c == '[' || c == ']'; }) &&
         text.find_first_of(".:") != std::string_view::npos;
}

bool version_segment(std::string_view segment) {
  return segment.size() <= 8 && all(segment, [](char c) { return digit(c) || c == '.'; });
}

// Returns true for names such as "x86_64-linux-gnu" or "python3.11".
bool system_segment(std::string_view segment) {
  return segment.starts_with("x86_64") || segment.starts_with("aarch64") ||
         (interpreter(segment) && segment.size() <= 16);
}

bool path_like(std::string_view word) {
  if (word.starts_with("./") || word.starts_with("../") || word.starts_with("~/")) return true;
  return word.size() > 1 && word[0] == '/' && word.find('/', 1) != std::string_view::npos;
}
bool file_like(std::string_view word) {
  size_t dot = word.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || word.size() - dot > 6 || word.size() - dot < 3) return false;
  return letter(word[dot + 1]) &&
         all(word, [](char c) { return letter(c) || digit(c) || c == '.' || c == '-' || c == '_' || c == '/'; });
}
// Returns true for names such as "shop.main" or "http.server".
bool module_like(std::string_view word) {
  return !word.empty() && word.size() <= 64 && letter(word[0]) && !identifies(word) && all(word, [](char c) {
    return letter(c) || digit(c) || c == '.' || c == '_' || c == '$' || c == '/' || c == '-';
  });
}

// Returns true for names whose values are secret even if the value looks like a number.
bool secret_name(std::string_view name) {
  static constexpr std::array<std::string_view, 18> kParts = {
      "pass",    "pwd",    "secret", "token", "key", "auth", "cred", "private", "bearer",
      "session", "cookie", "sig",    "jwt",   "pin", "otp",  "user", "login",   "account"};
  std::string known = lower_case(name);
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return known.find(part) != std::string::npos; });
}

class CommandLine {
 public:
  explicit CommandLine(std::vector<std::string_view> words) : words_(std::move(words)) {}

  Redacted file(std::string_view name) {
    // the kernel's mark for an executable that was replaced or removed
    constexpr std::string_view kReplaced = " (deleted)";
    bool replaced = name.ends_with(kReplaced);
    path(replaced ? name.substr(0, name.size() - kReplaced.size()) : name);
    if (replaced) keep(kReplaced);
    if (!valid_utf8(out_.text)) out_.text = repaired_utf8(out_.text);
    return std::move(out_);
  }

  Redacted run() {
    if (words_.empty()) return {};
    if (words_[0].ends_with(':')) return title();
    path(words_[0]);
    program_ = words_[0].substr(words_[0].rfind('/') + 1);
    bool first = true, scripts = interpreter(program_);
    for (size_t i = 1; i < words_.size(); ++i) {
      out_.text += ' ';
      std::string_view word = words_[i];
      if (word.size() > 1 && word[0] == '-' && word != "--") {
        i += option(i);
        scripts &= !runs_code(word);
        continue;
      }
      positional(word, first, scripts);
      first = false;
      scripts = false;
    }
    if (!valid_utf8(out_.text)) out_.text = repaired_utf8(out_.text);
    return std::move(out_);
  }

 private:
  void mask() {
    out_.text += '?';
    ++out_.count;
  }
  void keep(std::string_view text) { out_.text += text; }

  // Redacts a process title such as "nginx: worker process". Words are kept, but words that may name an object or a
  // person are masked.
  Redacted title() {
    for (size_t i = 0; i < words_.size(); ++i) {
      if (i > 0) out_.text += ' ';
      std::string_view bare = words_[i].ends_with(':') ? words_[i].substr(0, words_[i].size() - 1) : words_[i];
      bool plain = all(bare, [](char c) {
        return letter(c) || digit(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' ||
               c == '[' || c == ']' || c == ':';
      });
      plain && !looks_secret(bare) && bare.size() <= 64 ? keep(words_[i]) : mask();
    }
    if (!valid_utf8(out_.text)) out_.text = repaired_utf8(out_.text);
    return std::move(out_);
  }

  static bool runs_code(std::string_view word) {
    return word == "-c" || word == "-e" || word == "-m" || word == "-jar" || word == "--eval";
  }

  // Appends a file path. A home directory becomes "~", and segments that look like ids or secrets become "{id}".
  void path(std::string_view text) {
    for (std::string_view home : {"/home/", "/Users/"}) {
      if (!text.starts_with(home)) continue;
      size_t end = text.find('/', home.size());
      keep("~");
      text = end == std::string_view::npos ? std::string_view() : text.substr(end);
    }
    if (text.starts_with("/root/")) {
      keep("~");
      text.remove_prefix(5);
    }
    bool first = true;
    for (std::string_view segment : split(text, '/')) {
      if (!first) keep("/");
      first = false;
      if (version_segment(segment) || system_segment(segment) || !identifies(segment)) {
        keep(segment);
      } else {
        keep("{id}");
        ++out_.count;
      }
    }
  }

  // Appends a URL: "http://user:password@host:80/a/7?b=c" becomes "http://?@host:80/a/{id}?".
  bool url(std::string_view word) {
    size_t colon = word.find("://");
    if (colon == std::string_view::npos || colon == 0 || colon > 16) return false;
    if (!all(word.substr(0, colon), [](char c) { return letter(c) || digit(c) || c == '+' || c == '-' || c == '.'; }))
      return false;
    keep(word.substr(0, colon + 3));
    std::string_view rest = word.substr(colon + 3);
    size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    std::string_view authority = rest.substr(0, end);
    if (size_t at = authority.rfind('@'); at != std::string_view::npos) {
      mask();
      keep("@");
      authority.remove_prefix(at + 1);
    }
    all(authority, place_character) && !looks_secret(authority) ? keep(authority) : mask();
    Redacted path = path_template(rest.substr(end));
    keep(path.text);
    out_.count += path.count;
    if (rest.find_first_of("?#") != std::string_view::npos) mask();
    return true;
  }

  // Appends the value of the option or variable `name`.
  void value(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    bool secret = secret_name(name);
    if (!secret && url(text)) return;
    std::string known = lower_case(name);
    bool file = known.ends_with("-file") || known.ends_with("-dir") || known.ends_with("-path") ||
                known.ends_with(".file") || among(known, kPathOptions);
    if (!secret && (harmless_word(text) || host_of_number(text))) return keep(text);
    if (!secret && among(known, kPlaceOptions) && host_and_port(text)) return keep(text);
    if (!secret && among(known, kWordOptions) && module_like(text)) return keep(text);
    if (file && (path_like(text) || (file_like(text) && !secret))) return path(text);
    mask();
  }

  // Appends the option at `i`. Returns the number of following words that belong to it.
  size_t option(size_t i) {
    std::string_view word = words_[i];
    size_t dashes = word.starts_with("--") ? 2 : 1;
    std::string_view name = word.substr(
        dashes, word.find('=') == std::string_view::npos ? std::string_view::npos : word.find('=') - dashes);
    bool assigned = word.size() > dashes + name.size();
    if (!option_name(name)) {
      keep(word.substr(0, dashes));
      mask();
      return 0;
    }
    if (dashes == 1 && !assigned && name.size() > 2 && !among(name, kLongFlags)) return short_option(word);
    keep(word.substr(0, dashes + name.size()));
    if (assigned) {
      keep("=");
      value(name, word.substr(dashes + name.size() + 1));
      return 0;
    }
    if (i + 1 >= words_.size() || (words_[i + 1].size() > 1 && words_[i + 1][0] == '-')) return 0;
    std::string_view next = words_[i + 1];
    keep(" ");
    if (runs_code(word) && (word == "-m" || word == "-jar")) {
      module_like(next) || path_like(next) ? path(next) : mask();
    } else if (takes_password(word)) {
      mask();
    } else {
      value(name, next);
    }
    return 1;
  }
  static bool option_name(std::string_view name) {
    return !name.empty() && name.size() <= 48 && letter(name[0]) && !looks_secret(name) && all(name, [](char c) {
      return letter(c) || digit(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '+';
    });
  }
  bool takes_password(std::string_view word) const {
    if (word == "-a") return program_ == "redis-cli";
    if (word == "-w") return program_.starts_with("ldap");
    return word == "-p" && (program_ == "sshpass" || program_.find("mysql") != std::string_view::npos ||
                            program_.find("maria") != std::string_view::npos);
  }
  // Appends an option with an attached value: -Xmx4g and -p5432 keep their number. Other attached values, as in
  // -psecret or -ualice:x, are masked.
  size_t short_option(std::string_view word) {
    if (word.starts_with("-X") && word.find_first_of("/@") == std::string_view::npos && word.size() <= 48 &&
        !looks_secret(word)) {
      keep(word);
      return 0;
    }
    keep(word.substr(0, 2));
    bool password = takes_password(word.substr(0, 2));
    quantity(word.substr(2)) && !password ? keep(word.substr(2)) : mask();
    return 0;
  }

  void positional(std::string_view word, bool first, bool script) {
    if (word == "--" || url(word)) {
      if (word == "--") keep(word);
      return;
    }
    size_t equals = word.find('=');
    if (equals != std::string_view::npos && equals > 0 && option_name(word.substr(0, equals))) {
      keep(word.substr(0, equals + 1));
      return value(word.substr(0, equals), word.substr(equals + 1));
    }
    if (script && (path_like(word) || file_like(word) || module_like(word))) return path(word);
    if (first && among(word, kSubcommands)) return keep(word);
    if (harmless_word(word) || host_of_number(word)) return keep(word);
    if (path_like(word)) return path(word);
    mask();
  }

  std::vector<std::string_view> words_;
  std::string_view program_;
  Redacted out_;
};

}  // namespace

Redacted redact_file(std::string_view path) { return CommandLine({}).file(path); }

Redacted redact_command(std::string_view command) {
  char separator = command.find('\0') != std::string_view::npos ? '\0' : ' ';
  std::vector<std::string_view> words = split(command, separator);
  while (!words.empty() && words.back().empty()) words.pop_back();
  // A process title is a single word with blanks, whatever its end.
  bool title = words.size() == 1 && separator == '\0' && words[0].find(": ") != std::string_view::npos;
  return CommandLine(title ? split(words[0], ' ') : std::move(words)).run();
}

}  // namespace culprit
