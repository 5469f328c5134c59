#include "cli/parse.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/verb_table.h"

namespace culprit::cli {
namespace {

Result<Parsed> parsed(const std::vector<std::string>& words) { return parse(words); }

// Parses a line without quotes.
Result<Parsed> line(std::string_view text) {
  std::vector<std::string> words;
  for (std::string_view word : split(text, ' ')) words.emplace_back(word);
  return parse(words);
}

Options options_of(std::string_view text) {
  auto parsed = line(text);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << parsed.error().message;
  return parsed.has_value() ? parsed.value().options : Options();
}

// Returns the mistake and its fix in one text.
std::string mistake(std::string_view text) {
  auto parsed = line(text);
  EXPECT_FALSE(parsed.has_value()) << text;
  if (parsed.has_value()) return {};
  EXPECT_EQ(parsed.error().kind, Error::Kind::Usage) << text;
  return parsed.error().message + "; " + parsed.error().fix;
}

TEST(Options, AskLeavesOperandsAlone) {
  auto plain = parsed({"why", "--ask", "slow.culprit"}).value().options;
  EXPECT_EQ(plain.ask, "");
  EXPECT_EQ(plain.operands, std::vector<std::string>{"slow.culprit"});
  auto dsn = parsed({"why", "slow.culprit", "--ask", "host=db port=5432"}).value().options;
  EXPECT_EQ(dsn.ask, "host=db port=5432");
}

TEST(Options, RecordTakesACommandAsItIs) {
  auto options = parsed({"record", "-o", "x.culprit", "--", "psql", "-p", "5432", "--", "x"}).value().options;
  EXPECT_EQ(options.command, (std::vector<std::string>{"psql", "-p", "5432", "--", "x"}));
  EXPECT_EQ(options.directory, "x.culprit");
}

TEST(Options, AWrongVerbGetsASuggestion) {
  auto wrong = parsed({"wy"});
  ASSERT_FALSE(wrong.has_value());
  EXPECT_EQ(wrong.error().kind, Error::Kind::Usage);
  EXPECT_EQ(wrong.error().fix, "did you mean 'why'?");
}

TEST(Options, EveryVerbHasHelpWithThreeExamples) {
  for (std::string_view name : verb_names()) {
    std::string verb(name);
    auto help = parsed({verb, "--help"});
    ASSERT_TRUE(help.has_value()) << verb;
    ASSERT_TRUE(help.value().text.has_value()) << verb;
    const std::string& text = *help.value().text;
    size_t examples = text.find("Examples:");
    ASSERT_NE(examples, std::string::npos) << verb;
    size_t count = 0;
    for (size_t at = examples; (at = text.find("culprit", at)) != std::string::npos; ++at) ++count;
    EXPECT_GE(count, 3u) << verb;
  }
}

TEST(Options, UnknownOptionsAndFormatsAreUsageErrors) {
  EXPECT_EQ(parsed({"why", "--nope"}).error().kind, Error::Kind::Usage);
  EXPECT_EQ(parsed({"why", "x", "--format", "pdf"}).error().kind, Error::Kind::Usage);
  EXPECT_EQ(parsed({}).error().kind, Error::Kind::Usage);
  EXPECT_EQ(mistake("why x --oprtation GET"), "'why' has no option --oprtation; did you mean --operation?");
  EXPECT_EQ(mistake("why x -z"), "'why' has no option '-z'; culprit why --help");
}

TEST(Options, AreSpelledAsTheGrammarSays) {
  for (const char* text : {"show cafe -s a.culprit", "show cafe -sa.culprit", "show -s a.culprit cafe",
                           "show --source a.culprit cafe", "show --source=a.culprit cafe"}) {
    Options options = options_of(text);
    EXPECT_EQ(options.source, "a.culprit") << text;
    EXPECT_EQ(options.operands, std::vector<std::string>{"cafe"}) << text;
  }
  EXPECT_EQ(options_of("quality -").operands, std::vector<std::string>{"-"});
  EXPECT_EQ(options_of("quality -- -odd").operands, std::vector<std::string>{"-odd"});
  EXPECT_TRUE(options_of("why a --from -15m").from_ns.has_value());
  EXPECT_EQ(options_of("record -ap 7").pids, std::vector<int>{7});
  EXPECT_TRUE(options_of("record -ap 7").all);
}

TEST(Options, TakeOneValueAnOccurrence) {
  Options options = options_of("why --fail-on any slow.culprit --fail-on lock_wait");
  EXPECT_EQ(options.fail_on, (std::vector<std::string>{"any", "lock_wait"}));
  EXPECT_EQ(options.operands, std::vector<std::string>{"slow.culprit"});
  EXPECT_EQ(options_of("why -p 1 slow.culprit -p 2").pids, (std::vector<int>{1, 2}));
  EXPECT_EQ(mistake("why a --service"), "--service needs a value; --service NAME; culprit why --help");
  EXPECT_EQ(mistake("why a --service --json"), "--service needs a value; --service NAME; culprit why --help");
  EXPECT_EQ(mistake("quality -s=a"), "'-s=a': a short option has no '='; -s SOURCE, or --source=SOURCE");
  EXPECT_EQ(mistake("why a --json=yes"), "--json takes no value; culprit why --help");
  EXPECT_EQ(mistake("why a --tier T0 --tier T1"), "--tier is given twice; culprit why --help");
  EXPECT_EQ(mistake("why a --json --format md"), "--json and --format exclude each other; culprit why --help");
}

TEST(Options, AskTakesTheNextWordOnlyWhereItIsADsn) {
  EXPECT_EQ(options_of("why --ask postgres://db/shop").ask, "postgres://db/shop");
  EXPECT_EQ(options_of("why --ask=service=x").ask, "service=x");
  for (const char* source : {"a=b.jsonl", "http://127.0.0.1:7070", "unix:/run/culprit", "./host=x", "dir/a://b"}) {
    Options options = options_of(std::string("why --ask ") + source);
    EXPECT_EQ(options.ask, "") << source;
    EXPECT_EQ(options.operands, std::vector<std::string>{source});
  }
  EXPECT_FALSE(options_of("why").ask.has_value());
}

TEST(Options, WhatIsMisspeltIsRefusedWithASuggestion) {
  EXPECT_EQ(mistake("why a --fail-on lock_wiat"),
            "--fail-on: there is no class 'lock_wiat'; did you mean 'lock_wait'?");
  EXPECT_EQ(mistake("why a --format jsn"), "--format: there is no format 'jsn'; did you mean 'json'?");
  EXPECT_EQ(mistake("demo --fault missing_indx"),
            "--fault: there is no fault 'missing_indx'; did you mean 'missing_index'?");
  EXPECT_EQ(mistake("record -a --tier T7"), "--tier: there is no tier 'T7'; did you mean 'T0'?");
  EXPECT_EQ(mistake("record -a --for 5"), "--for: not a duration: '5'; for example 1.5s, 200ms, 15m");
  EXPECT_EQ(mistake("record -p x"), "--pid: not a number of 1 or more: 'x'; ");
  EXPECT_EQ(mistake("sql x --max-rows 0"), "--max-rows: not a number of 1 or more: '0'; ");
}

TEST(Options, OfAnotherVerbAreRefused) {
  EXPECT_EQ(mistake("why a --fault row_lock"), "'why' has no option --fault; it is an option of demo");
  EXPECT_EQ(mistake("quality a --service web"), "'quality' has no option --service; it is an option of why, diff");
  EXPECT_EQ(mistake("record -a --color never").substr(0, 34), "'record' has no option --color; it");
  EXPECT_EQ(mistake("demo --json").substr(0, 28), "'demo' has no option --json;");
}

TEST(Options, OperandsAreCounted) {
  EXPECT_EQ(mistake("quality a b"), "too many operands: 'b'; culprit quality --help");
  EXPECT_EQ(mistake("quality a -s b"), "two sources: -s 'b' and 'a'; culprit quality --help");
  EXPECT_EQ(mistake("show cafe a -s b"), "two sources: -s 'b' and 'a'; culprit show --help");
  EXPECT_EQ(mistake("demo now"), "too many operands: 'now'; culprit demo --help");
  EXPECT_EQ(mistake("record ls").substr(0, 23), "unexpected operand 'ls'");
  EXPECT_EQ(mistake("import a.jsonl"), "--store is missing; culprit import --help");
}

// A planned word of the contract is refused by name, and never parsed as something else.
TEST(Options, PlannedWordsAreRefusedByName) {
  for (const char* verb :
       {"search", "watch", "export", "serve", "keep", "logs", "calls", "compare", "anomalies", "map", "open", "mcp"}) {
    EXPECT_EQ(mistake(verb).find("'" + std::string(verb) + "' is not there yet"), 0u);
    EXPECT_EQ(mistake(std::string(verb) + " --slow p95 x").find("'" + std::string(verb) + "' is not"), 0u);
    EXPECT_EQ(mistake("help " + std::string(verb)).find("'" + std::string(verb) + "' is not"), 0u);
  }
  for (const char* text : {"why a --around now", "why a --baseline-from -1h", "diff a b --baseline-to=now",
                           "record -a --to http://127.0.0.1:4318", "record --cgroup /x", "record -a --flight 60s"})
    EXPECT_NE(mistake(text).find(" is not there yet"), std::string::npos) << text;
}

// Each row of the table is complete, and no two options of a verb have the same name.
TEST(Options, TheTableIsWhole) {
  for (const OptionRow& row : option_rows()) {
    EXPECT_EQ(row.help.empty(), row.state == OptionRow::State::Planned) << row.name;
    EXPECT_EQ(row.metavar.empty(), row.takes == Takes::Nothing) << row.name;
    for (const OptionRow& other : option_rows())
      for (const VerbRow& verb : verb_rows())
        if (&row != &other && takes(verb, row) && takes(verb, other)) {
          EXPECT_NE(row.name, other.name) << verb.name;
          EXPECT_TRUE(row.short_name == 0 || row.short_name != other.short_name) << verb.name << " -" << row.short_name;
        }
  }
}

}  // namespace
}  // namespace culprit::cli
