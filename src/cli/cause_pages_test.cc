#include "cli/cause_pages.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "cli/parse.h"
#include "model/finding_class.h"

namespace culprit::cli {

namespace {

TEST(CausePages, EachIsAClassOrTheListOfAll) {
  ASSERT_GT(cause_pages().size(), 10u);
  for (const CausePage& page : cause_pages())
    EXPECT_TRUE(page.name == "causes" || parse_finding_class(page.name)) << page.name;
}

TEST(CausePages, AMechanismLeadsToThePageOfItsClass) {
  auto of_class = cause_page_text("lock_wait", 100);
  ASSERT_TRUE(of_class);
  EXPECT_EQ(cause_page_text("lock_wait/row", 100), of_class);
  EXPECT_FALSE(cause_page_text("lock", 100));
  EXPECT_FALSE(cause_page_text("", 100));
}

TEST(CausePages, ParagraphsAndItemsWrapAndAnswersDoNot) {
  std::string text = page_text(
      "# a_class\n\nWords of a paragraph that\ngoes on [there](b.md) with `code`.\n\n- one item that is\n  long enough "
      "to "
      "wrap at forty columns\n- two\n\n<!-- case: x -->\n```text\n1  a_class      an answer that is wider than "
      "forty\n```\n",
      40);
  EXPECT_EQ(text,
            "a_class\n"
            "\n"
            "Words of a paragraph that goes on there\n"
            "with code.\n"
            "\n"
            "- one item that is long enough to wrap\n"
            "  at forty columns\n"
            "- two\n"
            "\n"
            "  1  a_class      an answer that is wider than forty\n");
}

TEST(CausePages, NoPageIsWiderThanATerminalOf80Columns) {
  for (const CausePage& page : cause_pages()) {
    const std::string text = page_text(page.text, 80);
    for (std::string_view line : split(text, '\n')) EXPECT_LE(display_width(line), 80u) << page.name << ": " << line;
  }
}

TEST(CausePages, HelpKnowsVerbsAndClassesAndSaysWhatIsNeither) {
  auto page = parse({"help", "lock_wait"});
  ASSERT_TRUE(page.has_value());
  EXPECT_TRUE(page.value().text->starts_with("lock_wait\n"));
  ASSERT_TRUE(parse({"help", "why"}).has_value());
  auto typo = parse({"help", "lock_wiat"});
  ASSERT_FALSE(typo.has_value());
  EXPECT_EQ(typo.error().fix, "did you mean 'culprit help lock_wait'?");
  auto never = parse({"help", "disk_slow"});
  ASSERT_FALSE(never.has_value());
  EXPECT_EQ(never.error().kind, Error::Kind::Usage);
  EXPECT_NE(never.error().message.find("never prints 'disk_slow'"), std::string::npos);
}

}  // namespace

}  // namespace culprit::cli
