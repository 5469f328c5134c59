#include <gtest/gtest.h>

#include "protocol/registry/conversation_testing.h"

namespace culprit {
namespace {

TEST(OpaqueConversation, HasTurns) {
  auto conversation = make_conversation("tls");
  conversation->feed(From::Client, 1, "abc", {}, 3);
  conversation->feed(From::Client, 2, "abc", {}, 3);
  conversation->feed(From::Server, 3, "x", {}, 1);
  conversation->feed(From::Server, 5, "x", "y", 100);
  EXPECT_TRUE(take_finished(*conversation).empty());
  conversation->feed(From::Client, 9, "abc", {}, 3);
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "exchange");
  EXPECT_EQ(all[0].protocol, "tls");
  EXPECT_EQ(all[0].begin_ns, 1);
  EXPECT_EQ(all[0].first_reply_ns, 3);
  EXPECT_EQ(all[0].end_ns, 5);
  EXPECT_EQ(all[0].request_bytes, 6u);
  EXPECT_EQ(all[0].reply_bytes, 101u);
}

TEST(OpaqueConversation, TakesItsTextFromTheServer) {
  auto conversation = make_conversation("unknown");
  conversation->feed(From::Client, 1, "abc", {}, 3);
  for (int i = 0; i < 3; ++i) conversation->set_statement_text(2, "SELECT a FROM t WHERE b = 4711", false);
  conversation->set_statement_text(2, "UPDATE u SET a = 5", false);
  conversation->feed(From::Server, 3, "x", {}, 1);
  auto open = take_open(*conversation, 90'000'000'000);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].protocol, "postgresql");
  EXPECT_EQ(open[0].name, "SELECT t +1");
  EXPECT_EQ(find_text(open[0].attributes, "db.query.text"), "SELECT a FROM t WHERE b = ?; UPDATE u SET a = ?");
  EXPECT_TRUE(open[0].flags & kBatch);
}

TEST(OpaqueConversation, NewsAfterAPauseAreNoPartOfTheAnswer) {
  auto conversation = make_conversation("unknown");
  conversation->feed(From::Client, 1, "subscribe", {}, 9);
  conversation->feed(From::Server, 5, "ok", {}, 2);
  conversation->feed(From::Server, 60'000'000'000, "news", {}, 4);
  conversation->feed(From::Server, 60'000'000'001, "more", {}, 4);
  auto open = take_open(*conversation, 90'000'000'000);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_EQ(open[0].end_ns, 5);
}

TEST(OpaqueConversation, AStreamThatNobodyAnswersIsNoRequest) {
  auto conversation = make_conversation("tls");
  for (int64_t second = 1; second <= 5; ++second)
    conversation->feed(From::Client, second * 1'000'000'000, "log", {}, 3);
  EXPECT_TRUE(take_open(*conversation, 90'000'000'000).empty());
}

TEST(OpaqueConversation, ARequestThatHangsWithoutAnAnswerIsSeen) {
  auto conversation = make_conversation("tls");
  conversation->feed(From::Client, 1, "abc", {}, 3);
  auto open = take_open(*conversation, 90'000'000'000);
  ASSERT_EQ(open.size(), 1u);
  EXPECT_TRUE(open[0].flags & kUnfinished);
}

TEST(OpaqueConversation, AnAnswerUnderTlsToWhatWasSentBeforeIsATurn) {
  auto conversation = make_conversation("tls");
  conversation->feed(From::Server, 7, "x", {}, 1);
  conversation->feed(From::Client, 9, "x", {}, 1);
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].flags & kBegunBefore);
  EXPECT_EQ(all[0].end_ns, 7);
  // A server of another kind may send a greeting first. The greeting answers no request.
  auto other = make_conversation("unknown");
  other->feed(From::Server, 7, "220 ready", {}, 9);
  other->feed(From::Client, 9, "x", {}, 1);
  EXPECT_TRUE(take_finished(*other).empty());
}

}  // namespace
}  // namespace culprit
