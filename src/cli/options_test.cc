#include "cli/options.h"

#include <gtest/gtest.h>

namespace culprit::cli {
namespace {

Result<Parsed> parsed(std::vector<std::string> words) {
  words.insert(words.begin(), "culprit");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse(static_cast<int>(argv.size()), argv.data());
}

TEST(Options, AskLeavesOperandsAlone) {
  auto plain = parsed({"why", "--ask", "slow.culprit"}).value().options;
  EXPECT_TRUE(plain.ask);
  EXPECT_EQ(plain.dsn, "");
  EXPECT_EQ(plain.operands, std::vector<std::string>{"slow.culprit"});
  auto dsn = parsed({"why", "slow.culprit", "--ask", "host=db port=5432"}).value().options;
  EXPECT_EQ(dsn.dsn, "host=db port=5432");
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
  for (const std::string& verb : verbs()) {
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
}

}  // namespace
}  // namespace culprit::cli
