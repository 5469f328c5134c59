#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace culprit {
namespace {

using std::string_view_literals::operator""sv;

TEST(Json, WritesObjectsAndArraysWithCommasWhereTheyBelong) {
  JsonWriter json;
  json.begin_object().member("a", 1).key("b").begin_array().value(1).value("x").begin_object().end_object().end_array();
  json.member("c", true).key("d").null().end_object();
  EXPECT_EQ(json.text(), R"({"a":1,"b":[1,"x",{}],"c":true,"d":null})");
}

TEST(Json, WritesIntegersExactly) {
  JsonWriter json;
  json.begin_array()
      .value(std::numeric_limits<int64_t>::min())
      .value(std::numeric_limits<uint64_t>::max())
      .value(int64_t{9007199254740993})
      .end_array();
  EXPECT_EQ(json.text(), "[-9223372036854775808,18446744073709551615,9007199254740993]");
}

TEST(Json, WritesDoublesShortestAndWhatIsNoNumberAsNull) {
  JsonWriter json;
  json.begin_array().value(0.1).value(std::nan("")).value(HUGE_VAL).value(-HUGE_VAL).end_array();
  EXPECT_EQ(json.text(), "[0.1,null,null,null]");
}

TEST(Json, EscapesWhatWouldEndTheTextOrBreakALine) {
  EXPECT_EQ(json_quoted("a\"b\\c\n\r\t\x01\x1f\x7f"), R"("a\"b\\c\n\r\t\u0001\u001f\u007f")");
  EXPECT_EQ(json_quoted("a\0b"sv), R"("a\u0000b")");
}

TEST(Json, MakesIllFormedTextWellFormed) {
  EXPECT_EQ(json_quoted("a\xff"), "\"a\xef\xbf\xbd\"");
  EXPECT_EQ(json_quoted("µs"), "\"µs\"");
}

TEST(Json, QuotesKeysLikeText) {
  JsonWriter json;
  json.begin_object().member("a\"b", 1).end_object();
  EXPECT_EQ(json.text(), R"({"a\"b":1})");
}

TEST(Json, IndentsByTwoAndLeavesTheEmptyOnOneLine) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().key("a").begin_array().value(1).end_array().key("b").begin_object().end_object().end_object();
  EXPECT_EQ(json.text(), "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
}

TEST(Json, PutsRawJsonInAsItIs) {
  JsonWriter json;
  json.begin_array().raw("{\"x\":[1]}").raw("2").end_array();
  EXPECT_EQ(json.text(), R"([{"x":[1]},2])");
}

}  // namespace
}  // namespace culprit
