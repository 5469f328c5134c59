// Tests that attributes[k] finds every key and that columns lose no value, whatever the layout of the segments.
#include <gtest/gtest.h>

#include <cstdlib>

#include "store/local/store_testing.h"

namespace culprit {
namespace {

Batch batch_with(uint64_t first_trace, uint64_t spans, const std::function<Attributes(uint64_t)>& attributes) {
  Batch batch;
  for (uint64_t i = 0; i < spans; ++i) {
    batch.spans.push_back(make_span(first_trace + i, 1));
    batch.spans.back().attributes = attributes(i);
  }
  batch.received.push_back({"otlp", "span", static_cast<int64_t>(spans)});
  return batch;
}

void seal(Store& store, Batch batch) {
  store.write({std::move(batch)});
  store.read();
}

TEST(SqlAttributes, AnswerForEveryKeyHoweverItIsHeld) {
  Store store;
  seal(store, batch_with(1, 1000, [](uint64_t i) {
         Attributes all = {{"db.system", std::string("postgresql")},
                           {"code", int64_t{200}},
                           {"ratio", 0.5},
                           {"cached", true},
                           {"name", std::string("clashes with a column")}};
         if (i == 7) {
           all.push_back({"rare", std::string("x")});
           all.push_back({"rare.number", int64_t{3}});
           all.push_back({"rare.real", 2.5});
           all.push_back({"big", (int64_t{1} << 60) + 1});
           all.push_back({"bytes", Bytes{"\xff"}});
           all.push_back({"nested", Nested{R"({"arrayValue":{}})"}});
           all.push_back({"code", std::string("again")});
         }
         return all;
       }));
  auto reader = store.read();
  auto count = [&](const std::string& what) { return sql_value(*reader, "SELECT count(*) FROM span WHERE " + what); };
  EXPECT_EQ(count("attributes['db.system'] = 'postgresql'"), "1000");
  EXPECT_EQ(count("attributes['code'] = '200'"), "1000");
  EXPECT_EQ(count("attributes['ratio'] = '0.5'"), "1000");
  EXPECT_EQ(count("attributes['cached'] = 'true'"), "1000");
  EXPECT_EQ(count("attributes['name'] IS NOT NULL"), "1000");
  EXPECT_EQ(count("attributes['rare'] = 'x'"), "1");
  EXPECT_EQ(count("attributes['rare.number'] = '3'"), "1");
  EXPECT_EQ(count("attributes['rare.real'] = '2.5'"), "1");
  EXPECT_EQ(count("attributes['big'] = '1152921504606846977'"), "1");
  EXPECT_EQ(count("attributes['bytes'] = 'ff'"), "1");
  EXPECT_EQ(count("attributes['nested'] = '{\"arrayValue\":{}}'"), "1");
  EXPECT_EQ(count("attributes['nowhere'] IS NOT NULL"), "0");
  EXPECT_EQ(count("attributes_number['code'] = 200"), "1000");
  EXPECT_EQ(count("attributes_number['rare.real'] = 2.5"), "1");
  EXPECT_EQ(count("attributes[lower('DB.SYSTEM')] = 'postgresql'"), "1000") << "and for keys that are computed";
  EXPECT_EQ(sql_value(*reader, "SELECT sum(len(map_keys(attributes))) FROM span"), "5006");
  EXPECT_EQ(sql_value(*reader, "SELECT \"db.system\" FROM span LIMIT 1"), "\"postgresql\"");
}

TEST(SqlAttributes, KeysThatDifferInTypeBetweenSegmentsLoseNothing) {
  Store store;
  seal(store, batch_with(1, 110, [](uint64_t i) { return Attributes{{"k", static_cast<int64_t>(i)}}; }));
  seal(store, batch_with(1001, 90, [](uint64_t i) { return Attributes{{"k", "v" + std::to_string(i)}}; }));
  seal(store, batch_with(2001, 5, [](uint64_t) { return Attributes{{"k", 1.5}}; }));
  seal(store, batch_with(3001, 7, [](uint64_t) { return Attributes{{"k", true}}; }));
  auto reader = store.read();
  EXPECT_EQ(sql_value(*reader, "SELECT count(\"k\") FROM span"), "212");
  EXPECT_EQ(sql_value(*reader, "SELECT count(attributes['k']) FROM span"), "212");
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span WHERE \"k\" = '1.5'"), "5");
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span WHERE \"k\" = 'v89'"), "1");
}

TEST(SqlAttributes, KeysThatDifferInCaseBetweenSegmentsLoseNothing) {
  Store store;
  seal(store, batch_with(1, 110, [](uint64_t) { return Attributes{{"Http.Route", std::string("/a")}}; }));
  seal(store, batch_with(1001, 90, [](uint64_t) { return Attributes{{"http.route", std::string("/b")}}; }));
  auto reader = store.read();
  EXPECT_EQ(sql_value(*reader, "SELECT count(\"http.route\") FROM span"), "200");
  EXPECT_EQ(sql_value(*reader, "SELECT count(attributes['http.route']) FROM span"), "90");
  EXPECT_EQ(sql_value(*reader, "SELECT count(attributes['Http.Route']) FROM span"), "110");
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span WHERE \"http.route\" = '/b'"), "90");
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM (SELECT * FROM span)"), "200");
}

TEST(SqlAttributes, KeysThatDifferWithinASegmentLoseNothing) {
  Store store;
  seal(store, batch_with(1, 300, [](uint64_t i) {
         if (i % 3 == 0) return Attributes{{"k", std::string("text")}};
         return i % 3 == 1 ? Attributes{{"k", int64_t{5}}} : Attributes{{"K", std::string("other")}};
       }));
  auto reader = store.read();
  EXPECT_EQ(sql_value(*reader, "SELECT count(\"k\") FROM span"), "300");
  EXPECT_EQ(sql_value(*reader, "SELECT count(attributes['k']) FROM span"), "200");
  EXPECT_EQ(sql_value(*reader, "SELECT count(attributes['K']) FROM span"), "100");
}

TEST(SqlAttributes, AColumnOfOneSegmentHasItsValuesInTheOthersToo) {
  Store store;
  seal(store, batch_with(1, 100, [](uint64_t) {
         return Attributes{{"code", int64_t{200}}, {"route", std::string("/a")}};
       }));
  seal(store, batch_with(1001, 1000, [](uint64_t i) {
         return i == 0 ? Attributes{{"code", int64_t{404}}, {"route", std::string("/b")}, {"z", int64_t{1}}}
                       : Attributes{{"z", int64_t{1}}};
       }));
  auto reader = store.read();
  EXPECT_EQ(sql_value(*reader, "SELECT sum(\"code\") FROM span"), "20404");
  EXPECT_EQ(sql_value(*reader, "SELECT typeof(\"code\") FROM span LIMIT 1"), "\"BIGINT\"");
  EXPECT_EQ(sql_value(*reader, "SELECT count(*) FROM span WHERE \"route\" = '/b'"), "1");
}

TEST(SqlLimits, MemoryIsAnOptionAndSpillGoesToAPrivateDirectoryThatIsGone) {
  Store store;
  seal(store, batch_with(1, 10, [](uint64_t) { return Attributes{}; }));
  auto reader = store.read();
  TemporaryDirectory place = TemporaryDirectory::create("sql-spill").value();
  setenv("TMPDIR", place.path().c_str(), 1);
  std::string large = "SELECT count(*) FROM (SELECT DISTINCT 'a long text to be held ' || range FROM range(3000000))";
  auto without = reader->sql(large, {.memory_bytes = 100u << 20, .spill_bytes = 0});
  ASSERT_FALSE(without.has_value());
  EXPECT_EQ(without.error().message, "the query needs more than 105 MB of memory");
  EXPECT_EQ(without.error().fix, "ask for less at a time, or raise its memory limit");
  auto spilled = reader->sql(large, {.memory_bytes = 100u << 20});
  EXPECT_TRUE(spilled.has_value()) << spilled.error().message;
  if (spilled.has_value()) {
    EXPECT_EQ(spilled.value().rows[0][0], "3000000");
  }
  EXPECT_TRUE(list_directory(place.path()).value().empty());
  unsetenv("TMPDIR");
}

TEST(SqlLimits, NothingIsWrittenElsewhereWhileSpillingIsAllowed) {
  Store store;
  seal(store, batch_with(1, 10, [](uint64_t) { return Attributes{}; }));
  auto reader = store.read();
  for (const char* statement :
       {"COPY span TO '/tmp/x.csv'", "SELECT * FROM write_blob('/tmp/x', 'a')", "ATTACH '/tmp/x.db'",
        "SELECT * FROM read_text('/etc/passwd')", "SET temp_directory = '/tmp/elsewhere'"})
    EXPECT_FALSE(reader->sql(statement, {}).has_value()) << statement;
}

TEST(SqlErrors, TheAdviceIsOurs) {
  Store store;
  seal(store, batch_with(1, 10, [](uint64_t) { return Attributes{}; }));
  auto reader = store.read();
  auto table = reader->sql("SELECT * FROM spam", {});
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().message.find("Did you mean"), std::string::npos) << table.error().message;
  EXPECT_NE(table.error().message.find("LINE 1"), std::string::npos) << table.error().message;
  EXPECT_TRUE(table.error().fix.starts_with("tables: span, thread_state")) << table.error().fix;
  for (const char* statement :
       {"SELECT * FROM read_csv('/etc/passwd')", "SELECT name + 1 FROM span", "SELECT max(a, b, c) FROM span",
        "SELECT * FROM read_json('x')", "SELECT spatial_thing(1)"}) {
    auto refused = reader->sql(statement, {});
    ASSERT_FALSE(refused.has_value()) << statement;
    for (const char* advice : {"SET ", "INSTALL", "LOAD ", "PRAGMA", "https://", "ossible solutions", "Please"})
      EXPECT_EQ(refused.error().message.find(advice), std::string::npos) << refused.error().message;
  }
}

}  // namespace
}  // namespace culprit
