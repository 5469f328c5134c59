#include <gtest/gtest.h>

#include <string>

#include "protocol/postgresql/messages_testing.h"

namespace culprit {
namespace {

using namespace std::string_literals;

using namespace postgresql::testing;

class PostgresqlConversation : public ConversationTest {};

TEST_F(PostgresqlConversation, ASimpleQueryIsOneExchange) {
  client(query("SELECT * FROM orders WHERE id = 4711"));
  server(message('T', "\0\0"s) + row(5));
  server(complete("SELECT 1") + ready());
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "SELECT orders");
  EXPECT_EQ(text(exchange), "SELECT * FROM orders WHERE id = ?");
  EXPECT_EQ(exchange.begin_ns, 1);
  EXPECT_EQ(exchange.first_reply_ns, 2);
  EXPECT_EQ(exchange.end_ns, 3);
  EXPECT_EQ(rows(exchange), 1);
  EXPECT_EQ(exchange.flags, 0u);
  EXPECT_EQ(find_text(exchange.attributes, "db.transaction.status"), "idle");
}

TEST_F(PostgresqlConversation, AStatementWithoutAWordHasANameToo) {
  client(query("(1)"));
  server(error("ERROR", "42601") + ready());
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "statement without a word");
  EXPECT_EQ(text(exchange), "(?)");
}

TEST_F(PostgresqlConversation, ThePreparedNameOfBeforeTheRecordingIsTextInAnyCase) {
  client(bound_to("", "s\xff") + execute() + kSync);
  server(kBound + complete("SELECT 1") + ready());
  EXPECT_EQ(one().name, "prepared s\uFFFD");
}

TEST_F(PostgresqlConversation, StartsWithItsDatabase) {
  std::string body = big_endian(3 << 16) + "user\0me\0database\0shop\0\0"s;
  client(big_endian(static_cast<uint32_t>(body.size() + 4)) + body);
  server(message('R', "\0\0\0\5salt"s));
  client(message('p', "md5secret\0"s));
  server(message('R', "\0\0\0\0"s) + message('S', "TimeZone\0UTC\0"s) + message('K', "12345678"s) + ready());
  Exchange connect = one();
  EXPECT_EQ(connect.name, "CONNECT");
  EXPECT_EQ(connect.end_ns, 4);
  client(query("BEGIN"));
  server(complete("BEGIN") + ready('T'));
  Exchange begin = one();
  EXPECT_EQ(begin.name, "BEGIN");
  EXPECT_EQ(find_text(begin.attributes, "db.namespace"), "shop");
  EXPECT_EQ(find_text(begin.attributes, "db.transaction.status"), "in_transaction");
}

TEST_F(PostgresqlConversation, RemembersPreparedStatements) {
  client(parse("s1", "SELECT a FROM t WHERE b = $1") + message('D', "Ss1\0"s) + kSync);
  server(kParsed + message('t', "\0\1\0\0\0\x17"s) + message('T', "\0\0"s) + ready());
  EXPECT_EQ(one().name, "PREPARE SELECT t");
  client(bound_to("", "s1") + execute() + kSync);
  server(kBound + row(3) + complete("SELECT 1") + ready());
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "SELECT t");
  EXPECT_EQ(text(exchange), "SELECT a FROM t WHERE b = ?");
}

TEST_F(PostgresqlConversation, AsksForTextsOfBeforeTheRecording) {
  client(bound_to("", "s1") + execute() + kSync);
  server(kBound + complete("UPDATE 2") + ready());
  Exchange unknown = one();
  EXPECT_EQ(unknown.name, "prepared s1");
  EXPECT_TRUE(unknown.flags & kTextUnknown);
  EXPECT_EQ(find_integer(unknown.attributes, "culprit.rows_affected", -1), 2);
  EXPECT_EQ(conversation->take_counts().text_unknown, 1u);

  client(bound_to("", "s1") + execute() + kSync);
  conversation->set_statement_text(now, "UPDATE t SET a = $1 /* by 4711 */", false);  // Bind
  conversation->set_statement_text(now, "UPDATE t SET a = $1 /* by 4711 */", false);  // Execute
  server(kBound + complete("UPDATE 2") + ready());
  Exchange told = one();
  EXPECT_EQ(text(told), "UPDATE t SET a = ?");
  EXPECT_EQ(told.flags, 0u);

  client(bound_to("", "s1") + execute() + kSync);  // the name is known from the report
  server(kBound + complete("UPDATE 2") + ready());
  EXPECT_EQ(text(one()), "UPDATE t SET a = ?");
}

TEST_F(PostgresqlConversation, AnsweredBeforeTheFirstRequestWasSeen) {
  server(kBound + row(3) + complete("SELECT 1") + ready());
  Exchange exchange = one();
  EXPECT_TRUE(exchange.flags & kBegunBefore);
  EXPECT_TRUE(exchange.flags & kTextUnknown);
}

TEST_F(PostgresqlConversation, ResolvesExecuteOfSql) {
  client(query("PREPARE p1 (int) AS SELECT * FROM items WHERE id = $1"));
  server(complete("PREPARE") + ready());
  one();
  client(query("EXECUTE p1(17)"));
  server(complete("SELECT 0") + ready());
  EXPECT_EQ(text(one()), "SELECT * FROM items WHERE id = ?");
  client(query("DEALLOCATE p1"));
  server(complete("DEALLOCATE") + ready());
  one();
  client(query("EXECUTE p1(17)"));
  server(complete("SELECT 0") + ready());
  Exchange unknown = one();
  EXPECT_EQ(unknown.name, "EXECUTE p?");
  EXPECT_EQ(text(unknown), "EXECUTE p?(?)");
  EXPECT_TRUE(unknown.flags & kTextUnknown);
}

TEST_F(PostgresqlConversation, AnErrorKeepsItsStateAndNotItsText) {
  client(query("INSERT INTO t VALUES (1)"));
  server(error("ERROR", "23505") + ready('E'));
  Exchange exchange = one();
  EXPECT_EQ(exchange.status, SpanStatus::Error);
  EXPECT_EQ(exchange.status_message, "23505 unique violation");
  EXPECT_EQ(find_text(exchange.attributes, "db.response.status_code"), "23505");
  for (const Attribute& attribute : exchange.attributes)
    EXPECT_EQ(to_text(attribute.value).find("4711"), std::string::npos);
}

TEST_F(PostgresqlConversation, AFatalErrorEndsWithoutReady) {
  client(query("SELECT pg_sleep(100)"));
  server(error("FATAL", "57P01"));
  Exchange exchange = one();
  EXPECT_EQ(exchange.end_ns, 2);
  EXPECT_EQ(exchange.status_message, "57P01 operator intervention");
}

TEST_F(PostgresqlConversation, SeveralStatementsAreABatch) {
  client(query("BEGIN; UPDATE t SET a = 1; COMMIT"));
  server(complete("BEGIN") + complete("UPDATE 3") + complete("COMMIT") + ready());
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "UPDATE t +2");
  EXPECT_TRUE(exchange.flags & kBatch);
  EXPECT_EQ(find_integer(exchange.attributes, "db.operation.batch.size", -1), 3);
  EXPECT_EQ(find_integer(exchange.attributes, "culprit.rows_affected", -1), 3);
}

TEST_F(PostgresqlConversation, PipelinedRequestsAreAnsweredInOrder) {
  client(parse("", "SELECT 1 FROM a") + bound_to("", "") + execute() + kSync);
  client(parse("", "SELECT 1 FROM b") + bound_to("", "") + execute() + kSync);
  server(kParsed + kBound + complete("SELECT 1") + ready() + kParsed);
  server(kBound + complete("SELECT 2") + ready());
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "SELECT a");
  EXPECT_EQ(all[0].end_ns, 3);
  EXPECT_EQ(all[1].name, "SELECT b");
  EXPECT_EQ(all[1].first_reply_ns, 3);
  EXPECT_EQ(all[1].end_ns, 4);
}

TEST_F(PostgresqlConversation, SeveralExecutesBeforeOneSyncAreABatch) {
  client(parse("s", "INSERT INTO t VALUES ($1)") + bound_to("", "s") + execute() + bound_to("", "s") + execute() +
         kSync);
  server(kParsed + kBound + complete("INSERT 0 1") + kBound + complete("INSERT 0 1") + ready());
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "INSERT t");
  EXPECT_EQ(find_integer(exchange.attributes, "db.operation.batch.size", -1), 2);
  EXPECT_EQ(find_integer(exchange.attributes, "culprit.rows_affected", -1), 2);
}

TEST_F(PostgresqlConversation, FindsTheEndOfALongAnswerInItsTail) {
  client(query("SELECT * FROM big"));
  std::string answer = message('T', "\0\0"s);
  for (int i = 0; i < 100; ++i) answer += row(777);
  answer += complete("SELECT 100") + ready();
  for (size_t at = 0; at < answer.size(); at += 8192) cut(From::Server, answer.substr(at, 8192), 256, 64);
  Exchange exchange = one();
  EXPECT_EQ(rows(exchange), 100);
  EXPECT_EQ(exchange.end_ns, now);
  EXPECT_EQ(exchange.flags & kHole, 0u);
  client(query("SELECT 1 FROM small"));
  server(complete("SELECT 1") + ready());
  EXPECT_EQ(one().name, "SELECT small");
  EXPECT_EQ(conversation->take_counts().resyncs, 0u);
}

TEST_F(PostgresqlConversation, ALongStatementIsCutAndItsLengthSkipped) {
  std::string request = query("SELECT * FROM t WHERE a = 'secret" + std::string(100000, 'x') + "'");
  cut(From::Client, request, 100, 64);
  server(complete("SELECT 7") + ready());
  Exchange exchange = one();
  EXPECT_EQ(text(exchange), "SELECT * FROM t WHERE a = ?…_128k");
  EXPECT_TRUE(exchange.flags & kTextCut);
  EXPECT_EQ(conversation->take_counts().truncated, 1u);
}

TEST_F(PostgresqlConversation, ALongParameterIsSkipped) {
  std::string request =
      parse("", "INSERT INTO t VALUES ($1)") + bound_to("", "", std::string(100000, 'x')) + execute() + kSync;
  cut(From::Client, request, 200, 64);
  server(kParsed + kBound + complete("INSERT 0 1") + ready());
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "INSERT t");
  EXPECT_EQ(exchange.flags, 0u);
}

TEST_F(PostgresqlConversation, FindsItsPlaceAfterALoss) {
  client(query("SELECT 1 FROM a"));
  conversation->gap(From::Server, ++now, 1000);
  server(std::string(50, 'x'));
  server(complete("SELECT 1") + ready());
  Exchange exchange = one();
  EXPECT_TRUE(exchange.flags & kHole);
  EXPECT_EQ(conversation->take_counts().resyncs, 1u);
  conversation->gap(From::Client, ++now, 0);
  client(query("SELECT 1 FROM b"));
  server(complete("SELECT 1") + ready());
  EXPECT_EQ(one().name, "SELECT b");
  EXPECT_EQ(conversation->take_counts().resyncs, 1u);
}

TEST_F(PostgresqlConversation, AnAnswerWhoseEndWasLostEndsWithTheNextRequest) {
  client(query("SELECT 1 FROM a"));
  server(message('T', "\0\0"s));
  conversation->gap(From::Server, ++now, 0);
  client(query("SELECT 1 FROM b"));
  Exchange lost = one();
  EXPECT_EQ(lost.name, "SELECT a");
  EXPECT_TRUE(lost.flags & kHole);
  server(complete("SELECT 1") + ready());
  EXPECT_EQ(one().name, "SELECT b");
}

TEST_F(PostgresqlConversation, AnAnswerOfWhichNothingWasSeenHasComeWhenTheNextIsAsked) {
  conversation->gap(From::Server, ++now, 0);
  client(query("SELECT 1 FROM a"));
  client(query("SELECT 1 FROM b"));
  Exchange lost = one();
  EXPECT_EQ(lost.name, "SELECT a");
  EXPECT_EQ(lost.end_ns, now);
}

TEST_F(PostgresqlConversation, GoesOpaqueWhenBothEndsEncrypt) {
  client("\0\0\0\x08\x04\xd2\x16\x2f"s);
  EXPECT_TRUE(conversation->handed_over().empty());
  server("S");
  EXPECT_EQ(conversation->handed_over(), "tls");
  conversation = make_conversation("tls");
  client("\x16\x03\x01\x00\x05hello"s);
  conversation->set_statement_text(now, "SELECT * FROM t WHERE a = 5", false);
  conversation->set_statement_text(now, "SELECT * FROM t WHERE a = 5", false);
  server("\x16\x03\x03\x00\x05hello"s);
  client("\x17\x03\x03\x00\x05hello"s);
  Exchange exchange = one();
  EXPECT_EQ(exchange.protocol, "postgresql");
  EXPECT_EQ(exchange.name, "SELECT t");
  EXPECT_EQ(exchange.flags, uint32_t{kOpaque});
}

TEST_F(PostgresqlConversation, GoesOnInPlainTextWhenTheServerDeclines) {
  client("\0\0\0\x08\x04\xd2\x16\x2f"s);
  server("N");
  std::string body = big_endian(3 << 16) + "user\0me\0\0"s;
  client(big_endian(static_cast<uint32_t>(body.size() + 4)) + body);
  server(message('R', "\0\0\0\0"s) + ready());
  EXPECT_EQ(find_text(one().attributes, "db.namespace"), "me");
}

TEST_F(PostgresqlConversation, CopiesInAndOut) {
  client(query("COPY t FROM STDIN"));
  server(message('G', "\0\0\0"s));
  client(message('d', "secret\trow\n") + message('c', ""));
  server(complete("COPY 5") + ready());
  EXPECT_EQ(find_integer(one().attributes, "culprit.rows_affected", -1), 5);
  client(query("COPY t TO STDOUT"));
  server(message('H', "\0\0\0"s) + message('d', "row\n") + message('c', "") + complete("COPY 1") + ready());
  EXPECT_EQ(rows(one()), 1);
}

TEST_F(PostgresqlConversation, WhatIsNotAnsweredIsOpen) {
  client(query("SELECT 1 FROM a"));
  auto open = take_open(*conversation, ++now);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].end_ns, now);
  EXPECT_EQ(open[0].flags, uint32_t{kUnfinished});
  EXPECT_TRUE(take_finished(*conversation).empty());
}

TEST_F(PostgresqlConversation, AnySegmentationGivesTheSameExchanges) {
  std::string requests = parse("s", "SELECT * FROM a WHERE b = $1") + bound_to("", "s") + execute() + kSync +
                         query("UPDATE t SET a = 5") + bound_to("", "s") + execute() + kSync;
  std::string answers = kParsed + kBound + row(300) + complete("SELECT 1") + ready() + complete("UPDATE 1") + ready() +
                        kBound + error("ERROR", "57014") + ready();
  for (size_t step = 1; step < 40; ++step) {
    conversation = make_conversation("postgresql");
    for (size_t at = 0; at < requests.size(); at += step) client(requests.substr(at, step));
    for (size_t at = 0; at < answers.size(); at += step) server(answers.substr(at, step));
    auto all = take_finished(*conversation);
    ASSERT_EQ(all.size(), 3u) << step;
    EXPECT_EQ(all[0].name, "SELECT a");
    EXPECT_EQ(rows(all[0]), 1);
    EXPECT_EQ(all[1].name, "UPDATE t");
    EXPECT_EQ(all[2].status_message, "57014 query canceled");
    EXPECT_EQ(all[0].request_bytes + all[1].request_bytes + all[2].request_bytes, requests.size());
    EXPECT_EQ(all[0].reply_bytes + all[1].reply_bytes + all[2].reply_bytes, answers.size());
  }
}

std::string setting(const std::string& name, const std::string& value) {
  return message('S', name + '\0' + value + '\0');
}

TEST_F(PostgresqlConversation, ABackslashIsWhatTheSessionSays) {
  const std::string sql = R"(SELECT 'a\', b, \'c' FROM t)";  // off: one text; on: 'a\' and 'c' are two
  server(setting("standard_conforming_strings", "on") + ready());
  client(query(sql));
  server(complete("SELECT 1") + ready());
  EXPECT_EQ(text(one()), R"(SELECT ?, b, \? FROM t)");
  client(query("SET standard_conforming_strings = off"));
  server(complete("SET") + setting("standard_conforming_strings", "off") + ready());
  one();
  client(query(sql));
  server(complete("SELECT 1") + ready());
  EXPECT_EQ(text(one()), "SELECT ? FROM t");
}

TEST_F(PostgresqlConversation, SessionsThatShareACacheKeepTheirOwnSettings) {
  Protocols protocols;
  const std::string sql = R"(SELECT 'a\', b, \'c' FROM t)";
  for (int round = 0; round < 2; ++round) {
    for (const char* value : {"off", "on"}) {
      conversation = protocols.make("postgresql");
      server(setting("standard_conforming_strings", value) + ready());
      client(parse("s", sql) + bound_to("", "s") + execute() + kSync);
      server(kParsed + kBound + complete("SELECT 1") + ready());
      EXPECT_EQ(text(one()), value == "on"s ? R"(SELECT ?, b, \? FROM t)" : "SELECT ? FROM t");
    }
  }
}

TEST_F(PostgresqlConversation, ASettingThatIsToldWithinAnAnswerIsThatOfTheNextStatement) {
  client(query("SET standard_conforming_strings = off") + query(R"(SELECT 'it\'s 4711')"));
  server(complete("SET") + setting("standard_conforming_strings", "off") + ready() + complete("SELECT 1") + ready());
  EXPECT_EQ(take_finished(*conversation).size(), 2u);
  client(query(R"(SELECT 'it\'s 4711', 'x\\')"));
  server(complete("SELECT 1") + ready());
  EXPECT_EQ(text(one()), "SELECT ?, ?");
}

TEST_F(PostgresqlConversation, LongTextsThatBeginAlikeStayApart) {
  auto run = [&](const std::string& end, size_t captured) {
    const std::string sent = query("SELECT " + std::string(4500, 'a') + " FROM t" + end);
    if (captured == 0)
      client(sent);
    else
      cut(From::Client, sent, captured, 64);
    server(complete("SELECT 1") + ready());
    return std::string(text(one()));
  };
  EXPECT_NE(run(" WHERE b = 1", 0), run(" WHERE c = 1", 0));
  EXPECT_EQ(run(" WHERE b = 1", 0), run(" WHERE b = 2", 0));
  // Of a text whose end was not captured the class of its length is told.
  EXPECT_TRUE(run(" WHERE b = 1", 1000).ends_with("…_8k")) << run(" WHERE b = 1", 1000);
  EXPECT_NE(run(std::string(9000, 'x'), 1000), run(std::string(30'000, 'x'), 1000));
}

}  // namespace
}  // namespace culprit
