#include "model/span.h"

#include <gtest/gtest.h>

#include <set>

namespace culprit {
namespace {

TEST(TraceIds, AreWrittenWithAllDigitsAndReadBack) {
  TraceId id{0x0123456789abcdef, 0xf};
  EXPECT_EQ(to_hex(id), "0123456789abcdef000000000000000f");
  EXPECT_EQ(parse_trace_id(to_hex(id)), id);
  EXPECT_EQ(parse_trace_id("0123456789ABCDEF000000000000000F"), id);
  EXPECT_EQ(span_id_hex(0xabc), "0000000000000abc");
}

TEST(TraceIds, ArePaddedInFrontWhereShort) {
  EXPECT_EQ(parse_trace_id("f"), (TraceId{0, 15}));
  EXPECT_EQ(parse_trace_id("10000000000000000"), (TraceId{1, 0}));
  EXPECT_EQ(parse_span_id("ff"), 255u);
}

TEST(TraceIds, AreNothingElseThanHex) {
  EXPECT_FALSE(parse_trace_id(""));
  EXPECT_FALSE(parse_trace_id("0x12"));
  EXPECT_FALSE(parse_trace_id("12 "));
  EXPECT_FALSE(parse_trace_id(std::string(33, '0')));
  EXPECT_FALSE(parse_span_id(""));
  EXPECT_FALSE(parse_span_id("g"));
  EXPECT_FALSE(parse_span_id(std::string(17, '0')));
}

TEST(TraceIds, TakeEveryDigitAndNoOtherByte) {
  for (int byte = 0; byte < 256; ++byte) {
    char c = static_cast<char>(byte);
    size_t digit =
        std::string_view("0123456789abcdef").find(static_cast<char>(byte >= 'A' && byte <= 'F' ? byte + 32 : byte));
    std::optional<uint64_t> expected;
    if (digit != std::string_view::npos) expected = 0x1000000000000000 + (digit << 32);
    EXPECT_EQ(parse_span_id("1000000" + std::string(1, c) + "00000000"), expected) << byte;
  }
}

TEST(TraceIds, OfZeroAreKnownAsSuch) {
  EXPECT_TRUE(TraceId{}.zero());
  EXPECT_FALSE((TraceId{0, 1}).zero());
  EXPECT_FALSE((TraceId{1, 0}).zero());
}

TEST(Waits, HaveANameEachAndNoTwoTheSame) {
  std::set<std::string_view> names;
  for (int i = 0; i < kWaits; ++i) names.insert(to_string(static_cast<Wait>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kWaits));
  EXPECT_EQ(names.count(""), 0u);
  EXPECT_EQ(to_string(LinkHow::Containment), "containment");
}

}  // namespace
}  // namespace culprit
