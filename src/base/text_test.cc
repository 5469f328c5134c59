#include "base/text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <limits>

namespace culprit {
namespace {

using std::string_view_literals::operator""sv;

TEST(FormatDuration, HasThreeDigitsAndAUnit) {
  EXPECT_EQ(format_duration(0), "0 ns");
  EXPECT_EQ(format_duration(999), "999 ns");
  EXPECT_EQ(format_duration(1000), "1 µs");
  EXPECT_EQ(format_duration(17'345), "17.3 µs");
  EXPECT_EQ(format_duration(402'000'000), "402 ms");
  EXPECT_EQ(format_duration(1'530'000'000), "1.53 s");
  EXPECT_EQ(format_duration(3'600'000'000'000), "3,600 s");
}

TEST(FormatDuration, ChangesTheUnitWhereRoundingWouldGiveAThousand) {
  EXPECT_EQ(format_duration(999'499), "999 µs");
  EXPECT_EQ(format_duration(999'500), "1 ms");
  EXPECT_EQ(format_duration(999'499'999), "999 ms");
  EXPECT_EQ(format_duration(999'500'000), "1 s");
}

TEST(FormatDuration, KeepsTheSign) {
  EXPECT_EQ(format_duration(-402'000'000), "-402 ms");
  EXPECT_EQ(format_duration(-5), "-5 ns");
  EXPECT_EQ(format_duration(std::numeric_limits<int64_t>::min()), "-9,223,372,037 s");
}

TEST(FormatBytes, UsesDecimalUnits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(978), "978 B");
  EXPECT_EQ(format_bytes(1000), "1 kB");
  EXPECT_EQ(format_bytes(14'000'000), "14 MB");
  EXPECT_EQ(format_bytes(std::numeric_limits<uint64_t>::max()), "18.4 EB");
}

TEST(FormatCount, GroupsByThree) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(2'391'204), "2,391,204");
  EXPECT_EQ(format_count(-1000), "-1,000");
  EXPECT_EQ(format_count(-100), "-100");
}

TEST(FormatShare, HasADecimalBelowOnePercentOnly) {
  EXPECT_EQ(format_share(0), "0 %");
  EXPECT_EQ(format_share(0.004), "0.4 %");
  EXPECT_EQ(format_share(0.0094), "0.9 %");
  EXPECT_EQ(format_share(0.0096), "1 %");
  EXPECT_EQ(format_share(0.88), "88 %");
  EXPECT_EQ(format_share(1), "100 %");
}

TEST(FormatTime, IsRfc3339InUtc) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(1'500'000'000), "1970-01-01T00:00:01.5Z");
  EXPECT_EQ(format_time(1'795'543'650'000'000'001), "2026-11-24T18:07:30.000000001Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59.999999999Z");
}

TEST(Utf8, RefusesSurrogatesOverlongFormsAndWhatIsCut) {
  EXPECT_TRUE(valid_utf8("aµ€\U0001F600"));
  EXPECT_TRUE(valid_utf8(""));
  EXPECT_FALSE(valid_utf8("\xc0\x80"));          // overlong NUL
  EXPECT_FALSE(valid_utf8("\xe0\x80\x80"));      // overlong
  EXPECT_FALSE(valid_utf8("\xed\xa0\x80"));      // surrogate
  EXPECT_FALSE(valid_utf8("\xf4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(valid_utf8("\xe2\x82"));          // cut
  EXPECT_FALSE(valid_utf8("\x80"));              // a continuation byte without a first byte
}

TEST(Utf8, IsRepairedByteByByteAndThenValid) {
  EXPECT_EQ(repaired_utf8("a\xff\xfez"), "a\ufffd\ufffdz");
  EXPECT_EQ(repaired_utf8("µ"), "µ");
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_TRUE(valid_utf8(repaired_utf8(all)));
}

TEST(Printable, LetsNothingThroughThatMovesTheCursorOrTurnsText) {
  EXPECT_EQ(printable("\x1b[2J"), "\ufffd[2J");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a b c d");
  EXPECT_EQ(printable("\x7f"), "\ufffd");
  EXPECT_EQ(printable("\u009b31m"), "\ufffd31m");  // C1: a CSI sequence in one character
  EXPECT_EQ(printable("\u202eevil\u2066"), "\ufffdevil\ufffd");
  EXPECT_EQ(printable("a\0b"sv), "a\ufffdb");
  EXPECT_EQ(printable("\xff"), "\ufffd");
  EXPECT_EQ(printable("é → 東"), "é → 東");
}

TEST(Fitted, CutsByCharactersAndSaysSo) {
  EXPECT_EQ(fitted("abcdef", 6), "abcdef");
  EXPECT_EQ(fitted("abcdef", 5), "abcd…");
  EXPECT_EQ(fitted("µµµµ", 3), "µµ…");
  EXPECT_EQ(fitted("abc", 1), "…");
  EXPECT_EQ(fitted("abc", 0), "");
  EXPECT_EQ(display_width(fitted("ééééé", 4)), 4u);
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string_view>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Trimmed, TakesBlanksFromBothEnds) {
  EXPECT_EQ(trimmed(" \ta b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
}

TEST(Closest, FindsTheWordThatWasMeant) {
  EXPECT_EQ(closest("wy", {"why", "record", "show"}), "why");
  EXPECT_EQ(closest("recrod", {"why", "record", "show"}), "record");
  EXPECT_EQ(closest("elephant", {"why", "record"}), "");
  EXPECT_EQ(closest("", {}), "");
}

TEST(Printable, LetsNoBidirectionalControlThrough) {
  for (std::string_view control :
       {"\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069", "\u0080", "\u009f"})
    EXPECT_EQ(printable("a" + std::string(control) + "b"), "a\uFFFDb") << control;
  EXPECT_EQ(printable("a\u2028b\u2029c"), "a b c");
  EXPECT_EQ(printable("é漢😀‍–"), "é漢😀‍–");
}

TEST(DisplayWidth, IsThatOfATerminal) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("é→█"), 3u);
  EXPECT_EQ(display_width("漢字"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width("\xff\xfe"), 2u);
  EXPECT_EQ(fitted("漢字漢字", 5), "漢字…");
  EXPECT_EQ(fitted("漢字漢字", 4), "漢…");
  EXPECT_EQ(fitted("漢", 1), "…");
  EXPECT_EQ(fitting_bytes("漢字", 3), 3u);
}

TEST(ShellQuoted, IsOneWord) {
  EXPECT_EQ(shell_quoted("a-b/c.culprit"), "a-b/c.culprit");
  EXPECT_EQ(shell_quoted("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("~x"), "'~x'");
}

TEST(FormatTime, HasItsZone) {
  setenv("TZ", "<+0200>-02:00", 1);
  tzset();
  EXPECT_EQ(format_time(0, Zone::Local), "1970-01-01T02:00:00+02:00");
  setenv("TZ", "<-0330>+03:30", 1);
  tzset();
  EXPECT_EQ(format_time(1'500'000'000, Zone::Local), "1969-12-31T20:30:01.5-03:30");
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
  setenv("TZ", "UTC0", 1);
  tzset();
}

}  // namespace
}  // namespace culprit
