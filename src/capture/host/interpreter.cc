#include "capture/host/interpreter.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace culprit::capture {
namespace {

// How to read the command line of an interpreter. Sources: the manual pages python(1), node(1), ruby(1), perlrun(1),
// php(1), java(1), bash(1), dotnet(1), and `--help` of the others. Lists of words are separated by spaces. The value of
// a short option may be in the same word ("-Wignore"). The value of a long option may follow "=".
struct Interpreter {
  std::string_view programs = {};  // base names without version
  std::string_view values = {};    // options whose value is the next word, or the remainder of the same word
  std::string_view attached = {};  // options whose value can only be the remainder of the same word
  std::string_view script = {};    // options whose value is the script, module or archive
  std::string_view code = {};      // options after which no script follows: code, or input
  std::string_view commands = {};  // commands that may precede the script
  std::string_view suffixes = {};  // a script ends in one of these; empty: any word can be a script
  bool clusters = true;            // short options may be combined: -ec is -e -c
};
constexpr Interpreter kInterpreters[] = {
    {.programs = "python pypy",
     .values = "-W -X -Q --check-hash-based-pycs",
     .script = "-m",
     .code = "-c -V --version -h --help"},
    {.programs = "node nodejs",
     .values = "-r --require --import --loader --experimental-loader -C --conditions --env-file --env-file-if-exists "
               "--inspect-port --input-type --title --icu-data-dir --redirect-warnings --report-dir --report-directory "
               "--report-filename --diagnostic-dir --cpu-prof-dir --heap-prof-dir --openssl-config --watch-path "
               "--experimental-config-file --disable-warning --dns-result-order --test-name-pattern --test-reporter "
               "--test-reporter-destination --unhandled-rejections --trace-event-categories --use-largepages",
     .code = "-e --eval -p --print -pe",
     .clusters = false},
    {.programs = "bun deno",
     .values = "-c --config --cwd --env-file -r --preload --import-map --cert --location --seed --v8-flags",
     .code = "-e --eval -p --print eval repl",
     .commands = "run serve x test task",
     .clusters = false},
    {.programs = "ruby jruby truffleruby",
     .values = "-I -r -C -E -K --encoding --external-encoding --internal-encoding --require",
     .attached = "-W -x -F -T -0",
     .code = "-e"},
    {.programs = "perl", .values = "-I", .attached = "-M -m -x -C -D -i -F -V -0", .code = "-e -E"},
    {.programs = "php",
     .values = "-c -d -z -t -S --php-ini --define --docroot --server --zend-extension",
     .script = "-f -F --file --process-file",
     .code = "-r -R -B -E -i -m -v -a --run --process-code --process-begin --process-end --info --modules --version",
     .clusters = false},
    {.programs = "java",
     .values =
         "-cp -classpath --class-path -p --module-path --upgrade-module-path --add-modules --limit-modules --add-opens "
         "--add-exports --add-reads --patch-module --source --enable-native-access --describe-module -d",
     .script = "-jar -m --module",
     .code = "-version --version -help --help -h -?",
     .clusters = false},
    {.programs = "bash sh dash zsh ksh ksh93 mksh ash busybox rbash",
     .values = "-o +o -O +O --rcfile --init-file",
     .code = "-c -s",
     .commands = "sh ash"},
    {.programs = "fish",
     .values = "-C -d -D -f -o --init-command --debug --features --debug-output --profile",
     .code = "-c --command"},
    {.programs = "dotnet",
     .values = "--additionalprobingpath --additional-deps --depsfile --runtimeconfig --fx-version --roll-forward "
               "--roll-forward-on-no-candidate-fx",
     .script = "--project",

     .commands = "exec run watch",
     .suffixes = ".dll .exe .csproj .fsproj .vbproj .cs",
     .clusters = false},
    {.programs = "mono", .values = "--config --debugger-agent --runtime", .code = "--version", .clusters = false},
    {.programs = "lua luajit", .values = "-l -b", .code = "-e -v"},
    {.programs = "Rscript", .values = "-e --default-packages", .clusters = false},
    {.programs = "tclsh wish", .values = "-encoding", .clusters = false},
    {.programs = "escript", .clusters = false},
    {.programs = "guile", .values = "-L -C -x -l -e", .script = "-s", .code = "-c", .clusters = false},
};

bool is_one_of(std::string_view words, std::string_view word) {
  if (word.empty()) return false;
  for (size_t at = 0; at < words.size();) {
    const size_t end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

bool ends_in_one_of(std::string_view suffixes, std::string_view word) {
  for (size_t at = 0; at < suffixes.size();) {
    const size_t end = std::min(suffixes.find(' ', at), suffixes.size());
    if (word.ends_with(suffixes.substr(at, end - at))) return true;
    at = end + 1;
  }
  return false;
}

// Removes the version: "python3.11" becomes python, "java-17" java.
std::string_view without_version(std::string_view name) {
  while (!name.empty() && (name.back() == '.' || name.back() == '-' || (name.back() >= '0' && name.back() <= '9')))
    name.remove_suffix(1);
  return name;
}

const Interpreter* find_interpreter(std::string_view program) {
  for (const Interpreter& one : kInterpreters)
    if (is_one_of(one.programs, program) || is_one_of(one.programs, without_version(program))) return &one;
  return nullptr;
}

// The meaning of an option for the words that follow.
enum class Effect : uint8_t { Flag, Value, Attached, Script, Code };
struct Reading {
  Effect effect = Effect::Flag;
  std::string_view attached;  // the value, if it is in the same word
};

Effect effect_of(const Interpreter& interpreter, std::string_view option) {
  if (is_one_of(interpreter.script, option)) return Effect::Script;
  if (is_one_of(interpreter.code, option)) return Effect::Code;
  if (is_one_of(interpreter.values, option)) return Effect::Value;
  if (is_one_of(interpreter.attached, option)) return Effect::Attached;
  return Effect::Flag;
}

// Reads a word of one-letter options: the first option with a value takes the remainder of the word.
Reading read_cluster(const Interpreter& interpreter, std::string_view word) {
  for (size_t i = 1; i < word.size(); ++i) {
    const char option[] = {word[0], word[i]};
    const Effect effect = effect_of(interpreter, {option, 2});
    if (effect != Effect::Flag) return {effect, word.substr(i + 1)};
  }
  return {};
}

Reading read_option(const Interpreter& interpreter, std::string_view word) {
  const size_t equals = word.find('=');
  const Effect whole = effect_of(interpreter, word.substr(0, equals));
  if (whole != Effect::Flag)
    return {whole, equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1)};
  if (word.starts_with("--") || !interpreter.clusters) return {};
  return read_cluster(interpreter, word);
}

// "/srv/orders/__main__.py" and "/srv/orders/" give orders; "com.greetings/com.greetings.Main" gives the class.
std::string name_of_script(std::string_view script) {
  while (script.size() > 1 && script.ends_with('/')) script.remove_suffix(1);
  std::string_view name = base_name(script);
  if (name == "__main__.py" && script.size() > name.size() + 1)
    name = base_name(script.substr(0, script.size() - name.size() - 1));
  return name == "." || name == "-" ? std::string() : std::string(name);
}

}  // namespace

std::string_view base_name(std::string_view path) {
  if (path.ends_with(" (deleted)")) path.remove_suffix(10);  // an executable that was replaced or deleted
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_interpreter(std::string_view name) {
  // Node.js names its main thread like this, and the kernel uses that name for the process.
  return find_interpreter(name) != nullptr || name == "MainThread" || name == "node-MainThread";
}

std::string script_of(std::string_view program, const std::vector<std::string>& arguments) {
  const Interpreter* interpreter = find_interpreter(program);
  if (interpreter == nullptr) return {};
  for (size_t i = 1; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--") return i + 1 < arguments.size() ? name_of_script(arguments[i + 1]) : std::string();
    if (word == "-") return {};
    if (word.starts_with('-') || (word.starts_with('+') && word.size() > 1)) {
      const Reading reading = read_option(*interpreter, word);
      if (reading.effect == Effect::Code) return {};
      if (reading.effect == Effect::Script && !reading.attached.empty()) return name_of_script(reading.attached);
      if (reading.effect == Effect::Script)
        return i + 1 < arguments.size() ? name_of_script(arguments[i + 1]) : std::string();
      if (reading.effect == Effect::Value && reading.attached.empty()) ++i;
      continue;
    }
    if (word.empty() || word.starts_with('@')) continue;  // java's file of arguments
    if (is_one_of(interpreter->code, word)) return {};
    if (is_one_of(interpreter->commands, word)) continue;
    if (!interpreter->suffixes.empty() && !ends_in_one_of(interpreter->suffixes, word)) return {};
    return name_of_script(word);
  }
  return {};
}

}  // namespace culprit::capture
