// Tests of confirmed names, pipelines up to Sync, portals, and gaps within pipelines.
#include <gtest/gtest.h>

#include "protocol/postgresql/messages_testing.h"

namespace culprit {
namespace {

using namespace std::string_literals;
using namespace postgresql::testing;

class PostgresqlPipeline : public ConversationTest {};

TEST_F(PostgresqlPipeline, ARefusedParseThatWasPipelinedChangesNoNameEither) {
  client(parse("n", "SELECT 1 AS first") + kSync);
  server(kParsed + ready());
  client(parse("n", "SELECT 2 AS second") + kSync + bound_to("", "n") + execute() + kSync);
  server(error("ERROR", "42P05") + ready() + kBound + complete("SELECT 1") + ready());
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(text(all[2]), "SELECT ? AS first");
}

TEST_F(PostgresqlPipeline, WhatFailsBeforeItRunsHasItsText) {
  client(parse("", "SELECT nosuch FROM t") + bound_to("", "") + execute() + kSync);
  server(error("ERROR", "42703") + ready());
  Exchange exchange = one();
  EXPECT_EQ(text(exchange), "SELECT nosuch FROM t");
  EXPECT_EQ(find_text(exchange.attributes, "db.response.status_code"), "42703");
  // The failed statement does not run under the empty name either.
  client(bound_to("", "") + execute() + kSync);
  server(error("ERROR", "26000") + ready());
  EXPECT_TRUE(one().flags & kTextUnknown);
}

TEST_F(PostgresqlPipeline, ClosedNamesMeanNothing) {
  client(parse("n", "SELECT 1 AS a") + kSync);
  server(kParsed + ready());
  client(message('C', "Sn\0"s) + parse("n", "SELECT 2 AS b") + bound_to("", "n") + execute() + kSync);
  server(message('3', "") + kParsed + kBound + complete("SELECT 1") + ready());
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(text(all[1]), "SELECT ? AS b");
}

TEST_F(PostgresqlPipeline, DeallocateThatFailsForgetsNothing) {
  client(parse("n", "SELECT 1 AS a") + kSync);
  server(kParsed + ready());
  client(query("DEALLOCATE n"));
  server(error("ERROR", "25P02") + ready('E'));
  client(bound_to("", "n") + execute() + kSync);
  server(kBound + complete("SELECT 1") + ready());
  auto all = take_finished(*conversation);
  EXPECT_EQ(text(all.back()), "SELECT ? AS a");
}

TEST_F(PostgresqlPipeline, DifferentStatementsUpToSyncAreAPartEach) {
  client(parse("", "SELECT 1 AS a") + bound_to("", "") + execute() + parse("", "UPDATE t SET x = 1") +
         bound_to("", "") + execute() + bound_to("", "") + execute() + kSync);
  server(kParsed + kBound + complete("SELECT 7") + kParsed + kBound);
  server(complete("UPDATE 2") + kBound + complete("UPDATE 3") + ready());
  Exchange batch = one();
  EXPECT_EQ(batch.name, "BATCH");
  EXPECT_EQ(text(batch), "");
  EXPECT_TRUE(batch.flags & kBatch);
  EXPECT_EQ(find_integer(batch.attributes, "db.operation.batch.size", -1), 3);
  ASSERT_EQ(batch.parts.size(), 2u);
  EXPECT_EQ(text(batch.parts[0]), "SELECT ? AS a");
  EXPECT_EQ(rows(batch.parts[0]), 7);
  EXPECT_EQ(batch.parts[0].begin_ns, 1);
  EXPECT_EQ(batch.parts[0].end_ns, 2);
  EXPECT_EQ(batch.parts[0].flags, 0u);
  EXPECT_EQ(text(batch.parts[1]), "UPDATE t SET x = ?");
  EXPECT_EQ(find_integer(batch.parts[1].attributes, "db.operation.batch.size", -1), 2);
  EXPECT_EQ(find_integer(batch.parts[1].attributes, "culprit.rows_affected", -1), 5);
  EXPECT_EQ(batch.parts[1].begin_ns, 2);
  EXPECT_EQ(batch.parts[1].end_ns, 3);
}

TEST_F(PostgresqlPipeline, APortalOutlivesItsRequestWithinATransaction) {
  client(query("BEGIN"));
  server(complete("BEGIN") + ready('T'));
  client(parse("", "SELECT g FROM t") + bound_to("p", "") + execute("p", 10) + kSync);
  server(kParsed + kBound + message('s', "") + ready('T'));
  client(execute("p", 10) + kSync);
  server(complete("SELECT 4") + ready('T'));
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(rows(all[1]), 10);
  EXPECT_EQ(text(all[2]), "SELECT g FROM t");
  EXPECT_EQ(rows(all[2]), 4);
}

// --- gaps ---

std::string insert_batch(int n) {
  std::string bytes = parse("", "INSERT INTO t VALUES ($1)");
  for (int i = 0; i < n; ++i) bytes += bound_to("", "", "a value") + execute();
  return bytes + kSync;
}

TEST_F(PostgresqlPipeline, ABatchWithAGapIsFlaggedAndTheNextIsWhole) {
  const std::string bytes = insert_batch(50);
  cut(From::Client, bytes, 400, 64);
  std::string answer = kParsed;
  for (int i = 0; i < 50; ++i) answer += kBound + complete("INSERT 0 1");
  server(answer + ready());
  EXPECT_TRUE(one().flags & kHole);
  EXPECT_EQ(conversation->take_counts().gap_requests, 1u);
  EXPECT_EQ(conversation->capture_policies().requests.head_bytes, 65536u);
  client(bytes);
  server(answer + ready());
  Exchange exchange = one();
  EXPECT_EQ(exchange.flags, uint32_t{kBatch});
  EXPECT_EQ(find_integer(exchange.attributes, "db.operation.batch.size", -1), 50);
}

TEST_F(PostgresqlPipeline, WhatStandsBehindALongValueInOneWriteIsSeen) {
  const CapturePolicy policy = conversation->capture_policies().requests;
  const std::string bytes = parse("", "INSERT INTO t VALUES (71, $1)") + bound_to("", "", std::string(300'000, 'y')) +
                            execute() + parse("", "SELECT 72 AS after_big") + bound_to("", "") + execute() + kSync;
  cut(From::Client, bytes, policy.head_bytes, policy.tail_bytes);
  server(kParsed + kBound + complete("INSERT 0 1") + kParsed + kBound + complete("SELECT 1") + ready());
  Exchange batch = one();
  ASSERT_EQ(batch.parts.size(), 2u);
  EXPECT_EQ(text(batch.parts[0]), "INSERT INTO t VALUES (?, ?)");
  EXPECT_EQ(text(batch.parts[1]), "SELECT ? AS after_big");
  EXPECT_EQ(batch.flags & kHole, 0u);
}

TEST_F(PostgresqlPipeline, RequestsBehindAGapHaveTheirOwnAnswers) {
  std::string asked, answers;
  for (int i = 0; i < 20; ++i) {
    asked += query("SELECT " + std::to_string(i) + " FROM t" + std::string(1, static_cast<char>('a' + i)));
    answers += complete("SELECT " + std::to_string(i)) + ready();
  }
  cut(From::Client, asked, 200, 100);
  server(answers.substr(0, 300));
  server(answers.substr(300));
  client(query("SELECT 1 FROM after"));
  server(complete("SELECT 99") + ready());
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 21u);
  int unknown = 0;
  for (const Exchange& exchange : all) {
    if (exchange.flags & kTextUnknown) {
      EXPECT_TRUE(exchange.flags & kHole);
      ++unknown;
    } else if (exchange.name != "SELECT after") {
      EXPECT_EQ(rows(exchange), exchange.name.back() - 'a') << exchange.name;
    }
  }
  EXPECT_GT(unknown, 5);
  EXPECT_EQ(all.back().name, "SELECT after");
  EXPECT_EQ(rows(all.back()), 99);
}

TEST_F(PostgresqlPipeline, AnswersWithAGapEndTheRequestsThatTheyBelongTo) {
  for (int i = 0; i < 10; ++i) client(query("SELECT 1 FROM t" + std::string(1, static_cast<char>('a' + i))));
  std::string answers;
  for (int i = 0; i < 10; ++i) answers += row(50) + complete("SELECT " + std::to_string(i)) + ready();
  cut(From::Server, answers, 100, 160);
  client(query("SELECT 1 FROM after"));
  server(complete("SELECT 99") + ready());
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 11u);
  for (const Exchange& exchange : all)
    if (rows(exchange) >= 0 && exchange.name != "SELECT after") {
      EXPECT_EQ(rows(exchange), exchange.name.back() - 'a') << exchange.name;
    }
  EXPECT_FALSE(all[0].flags & kTextUnknown);
  EXPECT_TRUE(all[5].flags & kHole);
  EXPECT_EQ(all.back().name, "SELECT after");
  EXPECT_EQ(rows(all.back()), 99);
  EXPECT_GT(conversation->capture_policies().replies.head_bytes, 512u);
}

TEST_F(PostgresqlPipeline, ARequestBeginsWithItsFirstByte) {
  const std::string bytes = query("SELECT 1 FROM t");
  client(bytes.substr(0, 3));
  ASSERT_EQ(conversation->events().size(), 1u);
  EXPECT_EQ(conversation->events()[0].kind, ConversationEvent::Kind::Begin);
  EXPECT_EQ(conversation->events()[0].begin_ns, 1);
  client(bytes.substr(3) + query("SELECT 2 FROM u"));
  ASSERT_EQ(conversation->events().size(), 2u);
  EXPECT_EQ(conversation->events()[1].offset_bytes, bytes.size() - 3);
}

}  // namespace
}  // namespace culprit
