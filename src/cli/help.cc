#include "cli/help.h"

#include "base/text.h"
#include "report/paragraph.h"

namespace culprit::cli {

namespace {

constexpr int kHelpColumn = 28;  // column where the descriptions of options begin

// Returns "-s, --source SOURCE" or "    --ask[=DSN]".
std::string spelling(const OptionRow& option) {
  std::string text = option.short_name != 0 ? std::string("-") + option.short_name + ", " : "    ";
  text += "--" + std::string(option.name);
  if (option.takes == Takes::OptionalDsn) return text + "[=" + std::string(option.metavar) + "]";
  return option.metavar.empty() ? text : text + " " + std::string(option.metavar);
}

std::string sentence(const VerbRow& verb, const OptionRow& option) {
  std::string text(option.help);
  std::string_view choices = choices_of(verb, option);
  if (!choices.empty()) {
    std::string list;
    for (std::string_view choice : split(choices, ' ')) list += (list.empty() ? "" : ", ") + std::string(choice);
    text += " (" + list + (option.fallback.empty() ? "" : "; default " + std::string(option.fallback)) + ")";
  } else if (!option.fallback.empty()) {
    text += " (default " + std::string(option.fallback) + ")";
  }
  if (option.state == OptionRow::State::Required) text += " (required)";
  return text;
}

}  // namespace

std::string help_text(const VerbRow& verb, int width) {
  report::Paragraph out(width, false);
  out.line(0, verb.purpose);
  out.blank();
  out.line(0, "Usage: culprit " + std::string(verb.name) + (verb.operands.empty() ? "" : " ") +
                  std::string(verb.operands) + " [OPTIONS]");
  out.blank();
  std::string text = out.take() + "Examples:\n";
  for (std::string_view example : split(verb.examples, '\n'))  // never wrapped, so that it can be copied
    if (!example.empty()) text += "  " + std::string(example) + "\n";
  report::Paragraph options(width, false);
  for (const OptionRow* option : options_of(verb))
    options.labelled(2, spelling(*option), kHelpColumn - 2, sentence(verb, *option));
  return text + "\nOptions:\n" + options.take();
}

std::string overview_text(int width) {
  report::Paragraph out(width, false);
  out.line(0, "culprit: finds the cause of a slow or failing system");
  out.blank();
  out.line(0, "Usage: culprit VERB [OPERANDS] [OPTIONS]");
  out.line(0, "       culprit VERB --help");
  out.line(0, "       culprit help CLASS      what a class of findings is, and what to do about it");
  out.blank();
  out.line(0, "Examples:");
  out.line(2, "sudo culprit why");
  out.line(2, "sudo culprit demo");
  out.line(2, "culprit why traces.jsonl");
  out.blank();
  out.line(0, "Verbs:");
  for (const VerbRow& verb : verb_rows())
    if (verb.run != nullptr) out.labelled(2, verb.name, 12, verb.purpose);
  out.blank();
  out.line(0, "Exit status:");
  static constexpr std::pair<const char*, const char*> kStatuses[] = {
      {"0", "answered"},
      {"1", "a condition of --fail-on was met"},
      {"2", "a mistake in the command line or in a settings file"},
      {"3", "failed, for example: no such file, a full disk"},
      {"4", "the data cannot tell; only with --fail-on"},
      {"5", "a right is missing: the message says which, and what grants it"},
      {"130, 143", "ended by Ctrl-C, by SIGTERM"}};
  for (auto& [status, meaning] : kStatuses) out.labelled(2, status, 12, meaning);
  out.line(0, "record -- COMMAND: the command's own status; 125 if the recorder failed");
  return out.take();
}

}  // namespace culprit::cli
