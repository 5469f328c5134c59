#include "cli/toml.h"

#include <gtest/gtest.h>

namespace culprit::cli {
namespace {

std::string shown(const std::string& text) {
  auto entries = read_toml(text);
  if (!entries.has_value()) return entries.error().message;
  std::string out;
  for (const TomlEntry& entry : entries.value()) {
    out += (out.empty() ? "" : "; ") + entry.table + "." + entry.key + "@" + std::to_string(entry.line);
    for (const std::string& value : entry.values) out += " <" + value + ">";
  }
  return out;
}

TEST(Toml, ReadsItsSubset) {
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("# only this"), "");
  EXPECT_EQ(shown("tz = \"Europe/Berlin\" # there\r\n\n[why]\nfail-on = [\"any\", 'regression']\nn=-7"),
            ".tz@1 <Europe/Berlin>; why.fail-on@4 <any> <regression>; why.n@5 <-7>");
  EXPECT_EQ(shown("a = [\n  'x', # one\n\n  \"y\",\n]\nb = true"), ".a@1 <x> <y>; .b@6 <true>");
  EXPECT_EQ(shown(R"(a = "\t\"\\\u00e9\U0001F600")"), ".a@1 <\t\"\\é😀>");
  EXPECT_EQ(shown("a = []"), ".a@1");
}

TEST(Toml, RefusesTheRestWithItsLine) {
  for (auto& [text, what] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a = 1\na = 2", "line 2: a is there twice"},
           {"[x]\n[x]", "line 2: [x] is there twice"},
           {"a", "line 1: '=' is missing after a"},
           {"a = ", "line 1: not a supported value: ''"},
           {"a = \"x", "line 1: a string without its end"},
           {"a = 'x\n'", "line 1: a string without its end"},
           {"a = \"\"\"x\"\"\"", "line 1: multi-line strings are not supported"},
           {"a = 1 b = 2", "line 1: more than one value on a line"},
           {"a.b = 1", "line 1: '=' is missing after a"},
           {"\"a\" = 1", "line 1: no key: a bare word is expected"},
           {"a = 1.5", "line 1: not a supported value: '1.5'"},
           {"a = 007", "line 1: not a supported value: '007'"},
           {"a = {b = 1}", "line 1: not a supported value: '{b'"},
           {"[[a]]", "line 1: arrays of tables are not supported"},
           {"\n\na = [1, [2]]", "line 3: not a supported value: '[2'"},
           {"a = [1 2]", "line 1: ',' or ']' is missing"},
           {"a = \"\\ud800\"", "line 1: no such escape"},
           {"a = \"\\x41\"", "line 1: no such escape"},
           {"a = \"\x1b[0m\"", "line 1: a control character"},
           {"a = \"\xff\"", "line 1: not UTF-8"},
           {std::string("a = 1\0", 6), "line 1: not a supported value: '1" + std::string(1, '\0') + "'"}})
    EXPECT_EQ(shown(text), what) << text;
}

}  // namespace
}  // namespace culprit::cli
