#include "report/paragraph.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace culprit::report {
namespace {

TEST(Paragraph, WrapsUnderItsLabel) {
  Paragraph out(40, false);
  out.labelled(3, "why", 10, "one two three four five six seven eight");
  EXPECT_EQ(out.take(), "   why       one two three four five six\n             seven eight\n");
}

TEST(Paragraph, NeverExceedsTheWidthEvenForOneLongWord) {
  for (int width : {40, 57, 100}) {
    Paragraph out(width, false);
    out.labelled(3, "label", 10, std::string(500, 'x') + " " + std::string(90, 'y'));
    out.both_ends(0, std::string(80, 'a'), "verdict: complete");
    std::string text = out.take();
    for (std::string_view line : split(text, '\n')) EXPECT_LE(display_width(line), static_cast<size_t>(width)) << line;
  }
}

TEST(Paragraph, KeepsEveryWord) {
  Paragraph out(41, false);
  out.labelled(2, "l", 4, "äöü → größer als 3 µs — überall, auch am Rand der Zeile und danach");
  std::string joined;
  std::string text = out.take();
  for (std::string_view line : split(text, '\n')) joined += std::string(trimmed(line)) + " ";
  EXPECT_NE(joined.find("äöü → größer als 3 µs — überall, auch am Rand der Zeile und danach"), std::string::npos)
      << joined;
}

TEST(Paragraph, ColoursOnlyWhenAsked) {
  Paragraph plain(80, false), colored(80, true);
  plain.line(0, "text", Style::Red);
  colored.line(0, "text", Style::Red);
  EXPECT_EQ(plain.take(), "text\n");
  EXPECT_EQ(colored.take(), "\033[31mtext\033[0m\n");
}

}  // namespace
}  // namespace culprit::report
