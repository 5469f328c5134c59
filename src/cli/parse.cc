#include "cli/parse.h"

#include <algorithm>
#include <cstdlib>

#include "base/text.h"
#include "cli/cause_pages.h"
#include "cli/help.h"
#include "cli/print.h"
#include "cli/verb_table.h"
#include "model/finding_class.h"

namespace culprit::cli {

namespace {

using State = OptionRow::State;

Error usage(std::string message, std::string fix) { return {Error::Kind::Usage, std::move(message), std::move(fix)}; }

std::string help_of(const VerbRow& verb) { return "culprit " + std::string(verb.name) + " --help"; }

// libpq's keywords (PostgreSQL 18, "Parameter Key Words") with which a connection string may begin.
constexpr std::string_view kDsnKeywords =
    "host hostaddr port dbname user password passfile connect_timeout client_encoding options application_name "
    "sslmode sslrootcert sslcert sslkey service target_session_attrs gssencmode";

// Returns whether the word after --ask can only be a DSN: the URI of a database, or a libpq keyword with a value. A
// trace file may be named "a=b", and a source may be http://….
bool is_dsn(std::string_view word) {
  size_t scheme = word.find("://");
  if (scheme != std::string_view::npos && scheme > 0)
    return !word.starts_with("http://") && !word.starts_with("https://") && !word.starts_with("unix:") &&
           word.find('/') > scheme;
  size_t equals = word.find('=');
  if (equals == std::string_view::npos) return false;
  std::vector<std::string_view> known = split(kDsnKeywords, ' ');
  return std::find(known.begin(), known.end(), trimmed(word.substr(0, equals))) != known.end();
}

class Parser {
 public:
  Parser(const VerbRow& verb, std::vector<std::string> words) : verb_(verb), words_(std::move(words)) {
    options_.verb = verb.name;
  }

  Result<Parsed> run() {
    for (const OptionRow* row : options_of(verb_))
      if (!row->fallback.empty()) TRY(assign(options_, *row, std::string(row->fallback), choices_of(verb_, *row)));
    while (next_ < words_.size()) {
      const std::string word = words_[next_++];
      if (word == "--") {
        auto rest = words_.begin() + static_cast<ptrdiff_t>(next_);
        (verb_.name == "record" ? options_.command : options_.operands)
            .insert((verb_.name == "record" ? options_.command : options_.operands).end(), rest, words_.end());
        break;
      }
      if (word.starts_with("--")) {
        TRY(take_long(word));
      } else if (word.size() > 1 && word[0] == '-') {
        TRY(take_short(word));
      } else {
        options_.operands.push_back(word);
      }
      if (help_) return Parsed{options_, help_text(verb_, terminal_width())};
    }
    if (options_.typed("print-config")) return Parsed{options_, std::nullopt, true};
    TRY(check_whole());
    return Parsed{options_, std::nullopt};
  }

 private:
  const OptionRow* find(std::string_view name) const {
    for (const OptionRow& row : option_rows())
      if (row.name == name && takes(verb_, row)) return &row;
    return nullptr;
  }

  // Returns the error for an unknown option, with the most similar one.
  Error unknown(std::string_view name) const {
    std::string shown = "--" + printable(name);
    for (const OptionRow& row : option_rows()) {
      if (row.name != name) continue;
      std::string whose;
      for (const VerbRow& other : verb_rows())
        if (row.state != State::Planned && takes(other, row))
          whose += (whose.empty() ? "it is an option of " : ", ") + std::string(other.name);
      if (!whose.empty()) return usage("'" + std::string(verb_.name) + "' has no option " + shown, whose);
    }
    std::vector<std::string_view> known;
    for (const OptionRow* row : options_of(verb_)) known.push_back(row->name);
    std::string_view guess = closest(name, known);
    return usage("'" + std::string(verb_.name) + "' has no option " + shown,
                 guess.empty() ? help_of(verb_) : "did you mean --" + std::string(guess) + "?");
  }

  Result<void> take_long(const std::string& word) {
    size_t equals = word.find('=');
    std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const OptionRow* row = find(name);
    if (row == nullptr) return unknown(name);
    std::optional<std::string> glued;
    if (equals != std::string::npos) glued = word.substr(equals + 1);
    return take(*row, glued);
  }

  // Parses "-s FILE", "-sFILE", "-ah".
  Result<void> take_short(const std::string& word) {
    for (size_t i = 1; i < word.size(); ++i) {
      const OptionRow* row = nullptr;
      for (const OptionRow& candidate : option_rows())
        if (candidate.short_name == word[i] && takes(verb_, candidate)) row = &candidate;
      if (row == nullptr)
        return usage("'" + std::string(verb_.name) + "' has no option '-" + printable(word.substr(i)) + "'",
                     help_of(verb_));
      if (row->takes == Takes::Nothing) {
        TRY(take(*row, std::nullopt));
        continue;
      }
      // Taken as it stands, "-O=x" would write a file "=x".
      if (i + 1 < word.size() && word[i + 1] == '=')
        return usage("'" + printable(word) + "': a short option has no '='",
                     "-" + std::string(1, word[i]) + " " + std::string(row->metavar) + ", or --" +
                         std::string(row->name) + "=" + std::string(row->metavar));
      return take(*row, i + 1 < word.size() ? std::optional(word.substr(i + 1)) : std::nullopt);
    }
    return {};
  }

  // Returns whether a word after an option is another option, and not its value.
  bool is_option(const std::string& word) const {
    return word == "--" || (word.starts_with("--") && find(word.substr(2, word.find('=') - 2)) != nullptr);
  }

  Result<void> take(const OptionRow& row, std::optional<std::string> value) {
    std::string shown = "--" + std::string(row.name);
    if (row.state == State::Planned)
      return usage(shown + " is not there yet", "culprit " CULPRIT_VERSION " has no such option; " + help_of(verb_));
    if (row.takes == Takes::Nothing) {
      if (value) return usage(shown + " takes no value", help_of(verb_));
    } else if (row.takes == Takes::OptionalDsn) {
      if (!value && next_ < words_.size() && is_dsn(words_[next_])) value = words_[next_++];
    } else if (!value) {
      if (next_ == words_.size() || is_option(words_[next_]))
        return usage(shown + " needs a value", shown + " " + std::string(row.metavar) + "; " + help_of(verb_));
      value = words_[next_++];
    }
    if (row.name == "help") {
      help_ = true;
      return {};
    }
    return put(row, value.value_or(""));
  }

  Result<void> put(const OptionRow& row, const std::string& value) {
    Options::Origin& origin = options_.origins[row.name];
    if (!origin.values.empty() && !row.repeats() && row.takes != Takes::Nothing)
      return usage("--" + std::string(row.name) + " is given twice", help_of(verb_));
    origin.place = Options::kCommandLine;
    origin.values.push_back(value);
    if (!row.stands_for.empty() || row.name == "format") TRY(claim("format", format_by_, row.name));
    if (row.name == "html" || row.name == "output") TRY(claim("output", output_by_, row.name));
    return assign(options_, row, value, choices_of(verb_, row));
  }

  // Options that set the same value exclude each other.
  Result<void> claim(std::string_view, std::string_view& by, std::string_view name) {
    if (!by.empty() && by != name)
      return usage("--" + std::string(by) + " and --" + std::string(name) + " exclude each other", help_of(verb_));
    by = name;
    return {};
  }

  // Returns the `record` command with its operands as the command to run.
  std::string as_command() const {
    std::string text = "culprit record --";
    for (const std::string& word : options_.operands) text += " " + shell_quoted(word);
    return text;
  }

  Result<void> check_whole() const {
    for (const OptionRow* row : options_of(verb_))
      if (row->state == State::Required && !options_.typed(row->name))
        return usage("--" + std::string(row->name) + " is missing", help_of(verb_));
    int most = verb_.most_operands - (options_.typed("source") ? 1 : 0);
    if (verb_.most_operands < 0 || options_.operands.size() <= static_cast<size_t>(most)) return {};
    const std::string& first = options_.operands[static_cast<size_t>(most)];
    if (verb_.name == "record")
      return usage("unexpected operand '" + first + "'", "the command to record must follow --: " + as_command());
    if (options_.typed("source"))
      return usage("two sources: -s '" + options_.source + "' and '" + first + "'", help_of(verb_));
    return usage("too many operands: '" + first + "'", help_of(verb_));
  }

  const VerbRow& verb_;
  std::vector<std::string> words_;
  size_t next_ = 0;
  bool help_ = false;
  std::string_view format_by_, output_by_;  // the option that set the value
  Options options_;
};

Result<const VerbRow*> known_verb(const std::string& word) {
  const VerbRow* verb = find_verb(word);
  if (verb == nullptr) {
    std::string_view guess = closest(word, verb_names());
    return usage("unknown verb '" + printable(word) + "'",
                 guess.empty() ? "the verbs: culprit --help" : "did you mean '" + std::string(guess) + "'?");
  }
  if (verb->run == nullptr)
    return usage("'" + word + "' is not there yet", "culprit " CULPRIT_VERSION " can: culprit --help");
  return verb;
}

// Help about a verb, or about a class of findings.
Result<std::string> help_about(const std::string& word) {
  const int width = terminal_width();
  if (auto page = cause_page_text(word, width)) return *page;
  if (find_verb(word) != nullptr) return help_text(*TRY(known_verb(word)), width);
  if (parse_finding_class(word))
    return usage("this version never prints '" + word + "'", "culprit help causes lists the classes that it can print");
  std::vector<std::string_view> known = verb_names();
  for (const CausePage& page : cause_pages()) known.push_back(page.name);
  std::string_view guess = closest(word, known);
  return usage("no help about '" + printable(word) + "'",
               guess.empty() ? "culprit --help lists the verbs, culprit help causes the classes of findings"
                             : "did you mean 'culprit help " + std::string(guess) + "'?");
}

// Parses "culprit --print-config [--json]".
Result<Parsed> general_config(const std::vector<std::string>& words) {
  Parsed parsed;
  parsed.print_config = true;
  if (words.size() == 2 && words[1] == "--json")
    parsed.options.format = "json";
  else if (words.size() > 1)
    return usage("unexpected '" + printable(words[1]) + "'", "culprit --print-config --json");
  return parsed;
}

}  // namespace

Result<Parsed> parse(const std::vector<std::string>& words) {
  if (words.empty()) return usage("no verb given", "culprit --help; to record this machine at once: sudo culprit why");
  const std::string& first = words.front();
  bool help = first == "help" || first == "--help" || first == "-h";
  if ((help && words.size() > 2) || (first == "--version" && words.size() > 1))
    return usage("unexpected '" + printable(words.back()) + "'", "culprit --help");
  if (first == "--version") return Parsed{{}, "culprit " CULPRIT_VERSION "\n"};
  if (help && words.size() > 1) return Parsed{{}, TRY(help_about(words[1]))};
  if (help) return Parsed{{}, overview_text(terminal_width())};
  if (first == "--print-config") return general_config(words);
  if (first[0] == '-')
    return usage("no verb given before " + printable(first), "the verb is the first word: culprit --help");
  const VerbRow* verb = TRY(known_verb(first));
  return Parser(*verb, {words.begin() + 1, words.end()}).run();
}

}  // namespace culprit::cli
