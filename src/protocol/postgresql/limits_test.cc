// What a hostile or a huge client can make one connection, or all together, hold; and that nothing behind it is wrong.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "protocol/postgresql/conversation.h"
#include "protocol/postgresql/messages_testing.h"

namespace culprit {
namespace {

using namespace postgresql::testing;

class PostgresqlLimits : public ConversationTest {};

std::string number(size_t n) { return std::to_string(n) + "x"; }

TEST_F(PostgresqlLimits, ThousandsOfStatementsInOneWrite) {
  constexpr size_t kQueries = 6000;
  std::string asked, answers;
  for (size_t i = 0; i < kQueries; ++i) {
    asked += query("SELECT a" + number(i));
    answers += complete("SELECT " + std::to_string(i)) + ready();
  }
  client(asked);
  server(answers);
  size_t whole = 0, given_up = 0;
  for (const Exchange& exchange : take_finished(*conversation)) {
    if (exchange.flags & kUnfinished) {
      ++given_up;
      continue;
    }
    ++whole;
    EXPECT_EQ(text(exchange), "SELECT a" + number(static_cast<size_t>(rows(exchange))));
  }
  EXPECT_EQ(whole + given_up, kQueries);
  EXPECT_EQ(given_up, kQueries - 4096);
  client(query("SELECT behind"));
  server(complete("SELECT 1") + ready());
  const Exchange behind = one();
  EXPECT_EQ(text(behind), "SELECT behind");
  EXPECT_EQ(behind.flags & kHole, 0u);
}

TEST_F(PostgresqlLimits, AnswersToGivenUpRequestsInAGap) {
  std::string asked;
  for (size_t i = 0; i < 5000; ++i) asked += query("SELECT a" + number(i));
  client(asked);
  conversation->gap(From::Server, ++now, 1'000'000);
  client(query("SELECT behind_1"));
  server(complete("SELECT 1") + ready());
  client(query("SELECT behind_2"));
  server(complete("SELECT 2") + ready());
  std::vector<Exchange> all = take_finished(*conversation);
  for (Exchange& exchange : take_open(*conversation, ++now)) all.push_back(std::move(exchange));
  EXPECT_EQ(all.size(), 5002u);
  for (const Exchange& exchange : all) {
    if (text(exchange) == "SELECT behind_1") {
      EXPECT_EQ(rows(exchange), 1);
    }
    if (text(exchange) == "SELECT behind_2") {
      EXPECT_EQ(rows(exchange), 2);
    }
  }
}

TEST_F(PostgresqlLimits, ABindWithSixtyThousandParameters) {
  std::string body = "\0s\0\0\0"s + std::string("\xea\x60", 2);
  for (int i = 0; i < 60'000; ++i) body += big_endian(6) + "secret";
  client(parse("s", "INSERT INTO t SELECT unnest($1)") + message('B', body + "\0\0"s) + execute() + kSync);
  server(kParsed + kBound + complete("INSERT 0 60000") + ready());
  const Exchange exchange = one();
  EXPECT_EQ(text(exchange), "INSERT INTO t SELECT unnest(?)");
  EXPECT_EQ(find_integer(exchange.attributes, "culprit.rows_affected", 0), 60'000);
  // The same over many segments, of which the recorder keeps the ends.
  const std::string sent = message('B', body + "\0\0"s) + execute() + kSync;
  for (size_t at = 0; at < sent.size(); at += 65'536) {
    const std::string piece = sent.substr(at, 65'536);
    cut(From::Client, piece, std::min<size_t>(piece.size() / 2, 16'384), std::min<size_t>(piece.size() / 4, 1024));
  }
  server(kBound + complete("INSERT 0 60000") + ready());
  EXPECT_EQ(text(one()), "INSERT INTO t SELECT unnest(?)");
}

TEST_F(PostgresqlLimits, AGigabyteOfCopy) {
  client(query("COPY t FROM STDIN"));
  server(message('G', "\0\0\0"s));
  const std::string head = message('d', std::string(507, 'x')), tail(64, 'y');
  constexpr uint64_t kSegment = 1u << 20;
  for (int i = 0; i < 1024; ++i) conversation->feed(From::Client, ++now, head, tail, kSegment);
  client(message('c', ""));
  server(complete("COPY 4000000") + ready());
  const Exchange copy = one();
  EXPECT_EQ(text(copy), "COPY t FROM STDIN");
  EXPECT_GE(copy.request_bytes, 1024 * kSegment - kSegment);
  EXPECT_LE(copy.request_bytes, 1024 * kSegment + 1000);
  client(query("SELECT behind"));
  server(complete("SELECT 1") + ready());
  const Exchange behind = one();
  EXPECT_EQ(text(behind), "SELECT behind");
  EXPECT_EQ(behind.flags & kHole, 0u);
}

TEST_F(PostgresqlLimits, LengthsThatAreNone) {
  for (const std::string& length : {big_endian(0), big_endian(3), big_endian(0x7fffffff), big_endian(0xffffffff)}) {
    for (char tag : {'Q', 'P', 'B', 'E', 'S', 'd', '\0'}) {
      conversation = make_conversation("postgresql");
      client(query("SELECT before"));
      server(complete("SELECT 1") + ready());
      EXPECT_EQ(text(one()), "SELECT before");
      client(tag + length + "nonsense");
      take_finished(*conversation);
      server(complete("SELECT 7") + ready());
      client(query("SELECT behind_1") + query("SELECT behind_2") + query("SELECT behind_3"));
      for (int i = 1; i <= 3; ++i) server(complete("SELECT " + std::to_string(i)) + ready());
      take_open(*conversation, ++now);
    }
  }
}

TEST_F(PostgresqlLimits, AServerThatSpeaksFirst) {
  server(message('N', "SNOTICE\0\0"s) + message('A', "\0\0\0\1channel\0payload\0"s) + message('S', "a\0b\0"s) +
         ready());
  client(query("SELECT a"));
  server(complete("SELECT 1") + ready());
  EXPECT_EQ(text(one()), "SELECT a");
}

TEST_F(PostgresqlLimits, NamesOfOneConnection) {
  for (size_t i = 0; i < 5000; ++i) {
    client(parse("s" + std::to_string(i), "SELECT a" + number(i)) + kSync);
    server(kParsed + ready());
  }
  take_finished(*conversation);
  EXPECT_GE(conversation->take_counts().evicted_names, 2900u);
  client(bound_to("", "s4999") + execute() + kSync);
  server(kBound + complete("SELECT 1") + ready());
  EXPECT_EQ(text(one()), "SELECT a4999x");
  client(bound_to("", "s1") + execute() + kSync);
  server(kBound + complete("SELECT 1") + ready());
  EXPECT_TRUE(one().flags & kTextUnknown);
  EXPECT_EQ(conversation->take_counts().text_unknown, 1u);
}

TEST_F(PostgresqlLimits, NamesOfAllConnectionsTogether) {
  auto sql = std::make_shared<SqlCache>();
  sql->names.most = 100;
  std::vector<std::unique_ptr<Conversation>> all;
  for (size_t i = 0; i < 50; ++i) {
    conversation = std::make_unique<postgresql::PostgresqlConversation>(sql);
    for (size_t name = 0; name < 20; ++name) {
      client(parse("s" + std::to_string(name), "SELECT a" + number(name)) + kSync);
      server(kParsed + ready());
    }
    client(bound_to("", "s19") + execute() + kSync);
    server(kBound + complete("SELECT 1") + ready());
    EXPECT_EQ(text(take_finished(*conversation).back()), "SELECT a19x");
    all.push_back(std::move(conversation));
  }
  EXPECT_LE(sql->names.held, 100u + 3 * 50);
  all.clear();
  EXPECT_EQ(sql->names.held, 0u);
  EXPECT_EQ(sql->messages.held, 0u);
}

TEST_F(PostgresqlLimits, MessagesOfAllConnectionsTogether) {
  auto sql = std::make_shared<SqlCache>();
  sql->messages.most = 100;
  std::vector<std::unique_ptr<Conversation>> all;
  for (size_t i = 0; i < 50; ++i) {
    conversation = std::make_unique<postgresql::PostgresqlConversation>(sql);
    for (size_t n = 0; n < 20; ++n) client(parse("", "SELECT 1") + bound_to("", "") + execute());
    all.push_back(std::move(conversation));
  }
  EXPECT_LE(sql->messages.held, 100u);
  EXPECT_EQ(all.back()->take_counts().evicted_messages, 60u);
  all.clear();
  EXPECT_EQ(sql->messages.held, 0u);
}

TEST_F(PostgresqlLimits, ANameMeansItsFirst63Bytes) {
  const std::string name(70, 'n');
  client(parse(name, "SELECT a") + kSync);
  server(kParsed + ready());
  take_finished(*conversation);
  client(bound_to("", name.substr(0, 65)) + execute() + kSync);
  server(kBound + complete("SELECT 1") + ready());
  EXPECT_EQ(text(one()), "SELECT a");
}

}  // namespace
}  // namespace culprit
