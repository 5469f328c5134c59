#include "cli/options.h"

#include <CLI/CLI.hpp>

#include "base/text.h"

namespace culprit::cli {

namespace {

struct VerbHelp {
  const char *name, *usage, *purpose, *examples;
};

constexpr VerbHelp kVerbs[] = {
    {"why", "[SOURCE] | BEFORE AFTER",
     "Name what is to blame for what is slow. Without a source: record this machine for 15 s first.",
     "  sudo culprit why                            this machine, recorded now\n"
     "  culprit why shop.culprit --operation 'GET /orders'\n"
     "  culprit why before.jsonl after.jsonl --json  two sets of traces compared\n"},
    {"record", "(-a | -p PID... | -- COMMAND...)",
     "Record what this machine does: requests, waiting, processes, disk. Needs root or CAP_BPF and CAP_PERFMON.",
     "  sudo culprit record -a --for 30s -o slow.culprit\n"
     "  sudo culprit record -p 4711 --ask            one program and its children; ask its database who blocks whom\n"
     "  sudo culprit record -- ./reindex.sh          a command, until it ends; its exit status is ours\n"},
    {"diff", "BEFORE AFTER", "Say what changed, and for each cause found before: fixed, not fixed, or can't tell.",
     "  culprit diff slow.culprit after-fix.culprit\n"
     "  culprit diff monday.culprit tuesday.culprit --json\n"
     "  culprit diff a.jsonl b.jsonl --fail-on regression\n"},
    {"show", "TRACE_ID", "Draw one trace: its tree, the critical path, what waits under it.",
     "  culprit show 9f31c07ab2 -s slow.culprit      the first digits are enough\n"
     "  culprit show 0000000000000001 -s traces.jsonl --json\n"
     "  culprit show slowest -s slow.culprit         the slowest trace there\n"},
    {"sql", "'SELECT ...'", "Ask the tables: span thread_state syscall log metric process connection host ledger.",
     "  culprit sql 'SELECT name, count(*) n FROM span GROUP BY name ORDER BY n DESC' -s slow.culprit\n"
     "  culprit sql 'SELECT * FROM ledger' -s traces.jsonl --json\n"
     "  culprit sql 'SELECT service, sum(running_ns) FROM span GROUP BY service' -s slow.culprit --format csv\n"},
    {"quality", "[SOURCE]",
     "Print the ledger: what was lost, refused, cut or guessed, and whether the account adds up.",
     "  culprit quality slow.culprit\n"
     "  culprit quality traces.jsonl --json\n"
     "  zcat traces.jsonl.gz | culprit quality -\n"},
    {"import", "FILE... -o STORE",
     "Take in traces of others: OTLP (JSON, JSON lines, protobuf), Jaeger JSON, the plain-text notation; plain, gzip "
     "or zstd.",
     "  culprit import traces.jsonl.zst -o shop.culprit\n"
     "  culprit import jaeger.json.gz logs.jsonl -o shop.culprit\n"
     "  culprit import bug-report.txt -o bug.culprit\n"},
    {"demo", "", "A real PostgreSQL, a small shop and a planted fault: recorded, found, fixed, and the fix proved.",
     "  sudo culprit demo                            a fault chosen at random\n"
     "  sudo culprit demo --fault row_lock\n"
     "  sudo culprit demo --fault none --for 10s --save /tmp/healthy\n"},
    {"version", "", "Print the version.", "  culprit version\n  culprit --version\n  culprit version --json\n"},
};

class Formatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string) const override {
    for (const VerbHelp& verb : kVerbs)
      if (app->get_name() == verb.name)
        return "Usage: culprit " + std::string(verb.name) + " " + verb.usage + " [OPTIONS]\n";
    return "Usage: culprit VERB [OPERANDS] [OPTIONS]\n       culprit VERB --help\n";
  }
};

void add_output(CLI::App& verb, Options& options, const std::vector<std::string>& formats) {
  verb.add_option("--format", options.format, "how to print the answer")->check(CLI::IsMember(formats));
  verb.add_flag_callback(
      "--json", [&options] { options.format = "json"; }, "short for --format json");
  verb.add_option("-O,--output", options.output, "write the answer to this file");
  verb.add_option("--color", options.color, "auto, always or never; NO_COLOR is heeded")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

void add_source(CLI::App& verb, Options& options) {
  verb.add_option("-s,--source", options.source, "a recording, a store, a trace file, or - for stdin")
      ->envname("CULPRIT_SOURCE");
}

void add_ask(CLI::App& verb, Options& options) {
  verb.add_option_function<std::string>(
      "--ask",
      [&options](const std::string& dsn) {
        options.ask = true;
        if (dsn != "auto") options.dsn = dsn;
      },
      "look at the databases found (read-only, 1 s limit): who blocks whom, plan and table of the blamed statement;\n"
      "with a DSN: at that one");
}

void add_focus(CLI::App& verb, Options& options) {
  verb.add_option("--from", options.from, "begin of the window: RFC 3339, Unix seconds, -15m, now");
  verb.add_option("--to", options.to, "end of the window");
  verb.add_option("--service", options.service, "only what this service is part of");
  verb.add_option("--operation", options.operation, "only this operation");
  verb.add_option("--statement", options.statement, "only this statement");
  verb.add_option("--fail-on", options.fail_on, "exit with 1 when a finding has this class; any; regression");
}

void add_recording(CLI::App& verb, Options& options) {
  verb.add_option("--for", options.duration, "for how long: 30s, 2m");
  verb.add_option("--ring-size", options.ring_size, "buffer per CPU between kernel and recorder: 64K, 16M");
  verb.add_option("--tier", options.tier,
                  "T0 (nothing inside programs) or T0+T1 (default: also PostgreSQL's own activity)");
}

void add_verbs(CLI::App& app, Options& options) {
  for (const VerbHelp& help : kVerbs) {
    std::string name = help.name;
    CLI::App& verb = *app.add_subcommand(name, help.purpose);
    verb.footer("Examples:\n" + std::string(help.examples));
    verb.callback([&options, name] { options.verb = name; });
    if (name != "demo" && name != "version") verb.add_option("operands", options.operands, help.usage);
    if (name == "why") {
      add_source(verb, options), add_focus(verb, options), add_ask(verb, options), add_recording(verb, options);
      verb.add_option("-p,--pid", options.pids, "record only these processes and their children");
      add_output(verb, options, {"text", "json", "md"});
    } else if (name == "record") {
      verb.add_flag("-a,--all", options.all, "the whole machine");
      verb.add_option("-p,--pid", options.pids, "these processes and their children");
      verb.add_option("-o,--directory", options.directory,
                      "where to (default culprit-<date>-<time>.culprit); must not exist");
      add_recording(verb, options), add_ask(verb, options), add_output(verb, options, {"text", "json"});
    } else if (name == "diff") {
      add_focus(verb, options), add_ask(verb, options), add_output(verb, options, {"text", "json"});
    } else if (name == "show") {
      add_source(verb, options), add_output(verb, options, {"text", "json"});
    } else if (name == "sql") {
      verb.add_option("--max-rows", options.max_rows, "stop after so many rows")->check(CLI::Range(1, 100'000'000));
      add_source(verb, options), add_output(verb, options, {"text", "json", "ndjson", "csv"});
    } else if (name == "quality") {
      add_source(verb, options), add_output(verb, options, {"text", "json"});
    } else if (name == "import") {
      verb.add_option("-o,--store", options.directory, "the store to make; must not exist")->required();
      add_output(verb, options, {"text", "json"});
    } else if (name == "demo") {
      verb.add_option("--fault", options.fault,
                      "missing_index row_lock n_plus_one commit_per_row noisy_neighbour slow_dependency none");
      verb.add_option("--for", options.duration, "how long each of the two recordings takes (default 20s)");
      verb.add_option("--save", options.save, "keep recordings, answers and the truth in this directory");
      verb.add_option("--color", options.color, "auto, always or never")
          ->check(CLI::IsMember({"auto", "always", "never"}));
    } else {
      add_output(verb, options, {"text", "json"});
    }
  }
}

// CLI11 has no optional value that leaves operands alone: `--ask` takes the next word only where it looks like a DSN.
std::vector<std::string> prepared(int argc, char** argv, Options& options) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word == "--") {
      if (!words.empty() && words.front() == "record") {
        options.command.assign(argv + i + 1, argv + argc);
        break;
      }
    } else if (word == "--ask") {
      std::string next = i + 1 < argc ? argv[i + 1] : "";
      bool dsn = next.find("://") != std::string::npos || (next.find('=') != std::string::npos && next[0] != '-');
      words.push_back(dsn ? "--ask=" + next : "--ask=auto");
      i += dsn;
      continue;
    }
    words.push_back(word);
  }
  return words;
}

std::string overview(const CLI::App& app) {
  return app.help() +
         "\nFor example:\n"
         "  sudo culprit why       what is to blame on this machine, now\n"
         "  sudo culprit demo      see it work\n";
}

}  // namespace

std::vector<std::string> verbs() {
  std::vector<std::string> names;
  for (const VerbHelp& verb : kVerbs) names.push_back(verb.name);
  return names;
}

Result<Parsed> parse(int argc, char** argv) {
  Parsed parsed;
  CLI::App app("culprit: takes a slow or failing system to the cause", "culprit");
  app.formatter(std::make_shared<Formatter>());
  app.require_subcommand(1);
  app.set_version_flag("--version", "culprit " CULPRIT_VERSION);
  add_verbs(app, parsed.options);

  std::vector<std::string> words = prepared(argc, argv, parsed.options);
  if (words.empty()) return Error{Error::Kind::Usage, "no verb given", "sudo culprit why, or culprit --help"};
  if (words.front() == "help")
    words = words.size() > 1 ? std::vector<std::string>{words[1], "--help"} : std::vector<std::string>{"--help"};
  if (words.front()[0] != '-') {
    std::vector<std::string> known = verbs();
    if (std::find(known.begin(), known.end(), words.front()) == known.end()) {
      std::string_view guess = closest(words.front(), std::vector<std::string_view>(known.begin(), known.end()));
      std::string fix = guess.empty() ? "culprit --help lists the verbs" : "did you mean '" + std::string(guess) + "'?";
      return Error{Error::Kind::Usage, "unknown verb '" + printable(words.front()) + "'", fix};
    }
  }
  std::string verb = words.front();
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::CallForHelp&) {
    bool about_verb = !app.get_subcommands().empty();
    parsed.text = about_verb ? app.get_subcommands().front()->help() : overview(app);
  } catch (const CLI::CallForVersion&) {
    parsed.text = "culprit " CULPRIT_VERSION "\n";
  } catch (const CLI::ParseError& error) {
    return Error{Error::Kind::Usage, error.what(), "culprit " + verb + " --help"};
  }
  return parsed;
}

}  // namespace culprit::cli
