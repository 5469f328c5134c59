#include "ingest/shared/json_splitter.h"

#include <gtest/gtest.h>

namespace culprit {
namespace {

constexpr JsonList kLists[] = {{"wrapper"}, {"groups"}, {"rows", true, LedgerUnit::Span}};

std::vector<std::string> split(const std::string& text, size_t part_bytes, size_t max_row_bytes = 1000) {
  std::vector<std::string> parts;
  JsonSplitter splitter(text, kLists, {part_bytes, max_row_bytes});
  while (auto part = splitter.next())
    parts.push_back(part->text.empty() ? "! " + std::string(part->damage) : part->text);
  return parts;
}
using Parts = std::vector<std::string>;

TEST(JsonSplitter, CutsBetweenRowsAndRepeatsTheContext) {
  EXPECT_EQ(split(R"({"a": 1, "rows": [{"r":1}, {"r":2} ,{"r":3}], "b":{"c":"]}"}})", 14),
            (Parts{R"({"a": 1,"b":{"c":"]}"},"rows":[{"r":1},{"r":2}]})",
                   R"({"culprit.repeated":true,"a": 1,"b":{"c":"]}"},"rows":[{"r":3}]})"}));
}

TEST(JsonSplitter, GoesIntoWhatDoesNotFit) {
  EXPECT_EQ(
      split(R"({"wrapper":{"groups":[{"g":1,"rows":[{"r":1},{"r":2}]},{"g":2,"rows":[{"r":3}]}],"x":0},"y":1})", 10),
      (Parts{
          R"({"y":1,"wrapper":{"x":0,"groups":[{"g":1,"rows":[{"r":1}]}]}})",
          R"({"culprit.repeated":true,"y":1,"wrapper":{"culprit.repeated":true,"x":0,"groups":[{"culprit.repeated":true,"g":1,"rows":[{"r":2}]}]}})",
          R"({"culprit.repeated":true,"y":1,"wrapper":{"culprit.repeated":true,"x":0,"groups":[{"g":2,"rows":[{"r":3}]}]}})"}));
  EXPECT_EQ(split(R"([[{"r":1},{"r":2}],[{"r":3}]])", 10),
            (Parts{R"([[{"r":1}]])", R"([[{"r":2}]])", R"([[{"r":3}]])"}));
}

TEST(JsonSplitter, TellsWhatIsTooLongOrCut) {
  std::string text = R"({"rows":[{"r":1},{"r":")" + std::string(100, 'x') + R"("},{"r":2},{"r":)";
  EXPECT_EQ(split(text, 1, 50), (Parts{R"({"rows":[{"r":1}]})", "! it is longer than the limit",
                                       R"({"culprit.repeated":true,"rows":[{"r":2}]})", "! it ends early"}));
  EXPECT_EQ(split(R"({"rows":[{"r":1},{"r")", 100), (Parts{R"({"rows":[{"r":1}]})", "! it ends early"}));
  EXPECT_EQ(split(R"({"groups":[{"g":1,"rows":[{"r":1},{"r":2)", 100),
            (Parts{R"({"groups":[{"g":1,"rows":[{"r":1}]}]})", "! it ends early"}));
}

TEST(JsonSplitter, EndsOnAnyText) {
  for (const char* text : {"", "{", "[", "{\"rows\"", "{\"rows\":", "{\"rows\":[", "]", "}", "{\"rows\":[}",
                           "[[[[[[[[[[[[[[[[[[[[[[1", "{\"a\":1", "7"})
    for (size_t part_bytes : {1, 100}) EXPECT_LE(split(text, part_bytes).size(), 3u) << text;
}

}  // namespace
}  // namespace culprit
