// completion: prints a shell script that completes verbs, options and their values, generated from the tables.
#include <algorithm>

#include "base/text.h"
#include "cli/command.h"
#include "cli/verb_table.h"

namespace culprit::cli {

namespace {

// Returns `text` in a shell's single quotes, with a backslash before each of the characters in `escaped`.
std::string quoted(std::string_view text, std::string_view escaped = {}) {
  std::string out = "'";
  for (char c : text) {
    if (escaped.find(c) != std::string_view::npos) out += '\\';
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string long_name(const OptionRow& option) { return "--" + std::string(option.name); }

bool has_value(const OptionRow& option) { return option.takes != Takes::Nothing && option.takes != Takes::OptionalDsn; }

// Words that may stand in place of a verb.
constexpr std::string_view kFirstWords = "help --help --version --print-config";

std::string joined_verbs() {
  std::string text;
  for (std::string_view name : verb_names()) text += std::string(name) + " ";
  return text;
}

std::string bash_script() {
  std::string text =
      "# bash completion of culprit: source <(culprit completion bash)\n"
      "_culprit() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options=\n"
      "  [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
      "  [[ $word == = ]] && { before=${COMP_WORDS[COMP_CWORD-1]}; word=; }\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    mapfile -t COMPREPLY < <(compgen -W '" +
      joined_verbs() + std::string(kFirstWords) +
      "' -- \"$word\")\n"
      "    return\n"
      "  fi\n"
      "  case \"${COMP_WORDS[1]} $before\" in\n"
      "    'help '*) mapfile -t COMPREPLY < <(compgen -W '" +
      joined_verbs() + "' -- \"$word\"); return ;;\n";
  std::string options;
  for (std::string_view name : verb_names()) {
    const VerbRow& verb = *find_verb(name);
    std::string list;
    for (const OptionRow* option : options_of(verb)) {
      list += long_name(*option) + " ";
      if (!has_value(*option) || option->takes == Takes::Path) continue;
      std::string names = "'" + std::string(name) + " " + long_name(*option) + "'";
      if (option->short_name != 0) names += " | '" + std::string(name) + " -" + option->short_name + "'";
      std::string_view choices = choices_of(verb, *option);
      text += "    " + names + ") " +
              (choices.empty() ? "COMPREPLY=()"
                               : "mapfile -t COMPREPLY < <(compgen -W '" + std::string(choices) + "' -- \"$word\")") +
              "; return ;;\n";
    }
    options += "    " + std::string(name) + ") options='" + list + "' ;;\n";
  }
  text += "  esac\n  case ${COMP_WORDS[1]} in\n" + options +
          "  esac\n"
          "  if [[ $word == -* ]]; then\n"
          "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
          "  elif [[ ${COMP_WORDS[1]} == completion ]]; then\n"
          "    mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- \"$word\")\n"
          "  else\n"
          "    mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
          "  fi\n"
          "}\n"
          "complete -o filenames -F _culprit culprit\n";
  return text;
}

// Returns one specification for zsh's _arguments.
std::string zsh_option(const VerbRow& verb, const OptionRow& option) {
  std::string action;
  if (has_value(option)) {
    std::string_view choices = choices_of(verb, option);
    action = ":" + std::string(option.metavar) + ":" +
             (option.takes == Takes::Path ? "_files"
              : choices.empty()           ? " "
                                          : "(" + std::string(choices) + ")");
  }
  std::string help = quoted(option.help, "[]:\\");
  std::string tail = "'['" + help + "']" + action + "'";
  std::string star = option.repeats() ? "'*'" : "";
  if (option.short_name == 0) return star + long_name(option) + tail;
  std::string both = std::string("-") + option.short_name + "," + long_name(option);
  std::string apart =
      option.repeats() ? "" : "'(-" + std::string(1, option.short_name) + " " + long_name(option) + ")'";
  return star + apart + "{" + both + "}" + tail;
}

std::string zsh_script() {
  std::string text =
      "#compdef culprit\n"
      "# zsh completion of culprit: source <(culprit completion zsh), or as _culprit in a folder of $fpath\n"
      "_culprit() {\n"
      "  local -a verbs=(\n";
  for (std::string_view name : verb_names())
    text += "    " + quoted(std::string(name) + ":" + std::string(find_verb(name)->purpose)) + "\n";
  text +=
      "  )\n"
      "  if ((CURRENT == 2)); then _describe verb verbs; return; fi\n"
      "  local verb=$words[2]\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $verb in\n";
  for (std::string_view name : verb_names()) {
    const VerbRow& verb = *find_verb(name);
    text += "    " + std::string(name) + ") _arguments -s";
    for (const OptionRow* option : options_of(verb)) text += " \\\n      " + zsh_option(verb, *option);
    text += name == "completion"      ? " \\\n      ':shell:(bash zsh fish)' ;;\n"
            : verb.most_operands == 0 ? " ;;\n"
                                      : " \\\n      '*:operand:_files' ;;\n";
  }
  return text +
         "  esac\n"
         "}\n"
         "if [[ $funcstack[1] == _culprit ]]; then _culprit \"$@\"; else compdef _culprit culprit; fi\n";
}

std::string fish_script() {
  std::string text = "# fish completion of culprit: culprit completion fish | source\n";
  for (std::string_view name : verb_names())
    text += "complete -c culprit -f -n __fish_use_subcommand -a " + std::string(name) + " -d " +
            quoted(find_verb(name)->purpose, "\\") + "\n";
  for (std::string_view name : verb_names()) {
    const VerbRow& verb = *find_verb(name);
    std::string head = "complete -c culprit -n '__fish_seen_subcommand_from " + std::string(name) + "'";
    for (const OptionRow* option : options_of(verb)) {
      text += head + " -l " + std::string(option->name);
      if (option->short_name != 0) text += std::string(" -s ") + option->short_name;
      std::string_view choices = choices_of(verb, *option);
      if (!choices.empty())
        text += " -x -a " + quoted(choices);
      else if (has_value(*option))
        text += option->takes == Takes::Path ? " -r -F" : " -x";
      text += " -d " + quoted(option->help, "\\") + "\n";
    }
    if (name == "completion") text += head + " -f -a 'bash zsh fish'\n";
  }
  return text;
}

}  // namespace

Result<int> run_completion(const Options& options) {
  std::string shell = options.operands.empty() ? "" : options.operands.front();
  if (shell != "bash" && shell != "zsh" && shell != "fish")
    return Error{Error::Kind::Usage, shell.empty() ? "no shell given" : "no completion for '" + shell + "'",
                 "for example: culprit completion bash"};
  TRY(print(options, shell == "bash" ? bash_script() : shell == "zsh" ? zsh_script() : fish_script()));
  return 0;
}

}  // namespace culprit::cli
