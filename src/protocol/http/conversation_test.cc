#include <gtest/gtest.h>

#include <string>

#include "protocol/http/head.h"
#include "protocol/registry/conversation_testing.h"

namespace culprit {
namespace {

class HttpConversation : public testing::Test {
 protected:
  void client(std::string_view bytes) { conversation->feed(From::Client, ++now, bytes, {}, bytes.size()); }
  void server(std::string_view bytes) { conversation->feed(From::Server, ++now, bytes, {}, bytes.size()); }
  void cut(From from, std::string_view bytes, size_t head, size_t tail) {
    conversation->feed(from, ++now, bytes.substr(0, head), bytes.substr(bytes.size() - tail), bytes.size());
  }
  Exchange one() {
    auto all = take_finished(*conversation);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Exchange{} : all[0];
  }
  static int64_t status(const Exchange& exchange) {
    return find_integer(exchange.attributes, "http.response.status_code", -1);
  }

  std::unique_ptr<Conversation> conversation = make_conversation("http");
  int64_t now = 0;
};

TEST_F(HttpConversation, ARequestAndItsResponseAreOneExchange) {
  client(
      "GET /orders/42?user=joe HTTP/1.1\r\nHost: shop:8080\r\nCookie: secret\r\n"
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: a=1\r\n\r\n");
  server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe");
  server("llo");
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "GET /orders/{id}");
  EXPECT_EQ(find_text(exchange.attributes, "url.path"), "/orders/{id}");
  EXPECT_EQ(find_text(exchange.attributes, "server.address"), "shop");
  EXPECT_EQ(find_integer(exchange.attributes, "server.port", 0), 8080);
  EXPECT_EQ(status(exchange), 200);
  EXPECT_EQ(exchange.begin_ns, 1);
  EXPECT_EQ(exchange.first_reply_ns, 2);
  EXPECT_EQ(exchange.end_ns, 3);
  EXPECT_EQ(exchange.flags, 0u);
  ASSERT_TRUE(exchange.context);
  EXPECT_EQ(exchange.context->trace_state, "a=1");
  for (const Attribute& attribute : exchange.attributes) {
    EXPECT_EQ(to_text(attribute.value).find("secret"), std::string::npos);
    EXPECT_EQ(to_text(attribute.value).find("joe"), std::string::npos);
  }
}

TEST_F(HttpConversation, KnowsWhichResponsesHaveNoBody) {
  client("HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n");
  server(
      "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nHTTP/1.1 "
      "204 No Content\r\n\r\n");
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "HEAD /a");
  EXPECT_EQ(status(all[1]), 304);
  EXPECT_EQ(all[2].name, "GET /c");
}

TEST_F(HttpConversation, ReadsChunksAndTrailers) {
  client("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n");
  server("0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(one().end_ns, 3);
  client("GET /b HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
  Exchange error = one();
  EXPECT_EQ(error.status, SpanStatus::Error);
  EXPECT_EQ(error.status_message, "HTTP 500");
}

TEST_F(HttpConversation, AnInterimResponseIsNotTheEnd) {
  client("PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
  server("HTTP/1.1 100 Continue\r\n\r\n");
  client("abc");
  server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  Exchange exchange = one();
  EXPECT_EQ(status(exchange), 201);
  EXPECT_EQ(exchange.first_reply_ns, 2);
  EXPECT_EQ(exchange.end_ns, 4);
}

TEST_F(HttpConversation, UpgradeEndsHttp) {
  client("GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x05hello");
  EXPECT_EQ(status(one()), 101);
  client("\x81\x05hello");
  server("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(take_finished(*conversation).empty());
}

TEST_F(HttpConversation, AResponseWithoutALengthEndsWithItsConnection) {
  client("GET /a HTTP/1.0\r\n\r\n");
  server("HTTP/1.0 200 OK\r\n\r\nbody");
  server("more");
  EXPECT_TRUE(take_finished(*conversation).empty());
  auto closed = take_open(*conversation, 9, Closing::ConnectionClosed);
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0].end_ns, 3);
  EXPECT_EQ(closed[0].flags, 0u);
  EXPECT_EQ(closed[0].status, SpanStatus::Unset);
}

TEST_F(HttpConversation, SkipsBodiesThroughHoles) {
  client("GET /a HTTP/1.1\r\n\r\n");
  std::string response = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'x');
  for (size_t at = 0; at < response.size(); at += 8192)
    cut(From::Server, std::string_view(response).substr(at, 8192), 100, 64);
  EXPECT_EQ(one().end_ns, now);
  client("GET /b HTTP/1.1\r\n\r\n");
  std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + ("1000\r\n" + std::string(4096, 'x') + "\r\n");
  chunked += "1000\r\n" + std::string(4096, 'x') + "\r\n0\r\n\r\n";
  cut(From::Server, chunked, 100, 64);
  Exchange exchange = one();
  EXPECT_EQ(exchange.name, "GET /b");
  EXPECT_EQ(exchange.flags, 0u);
  EXPECT_EQ(exchange.reply_bytes, chunked.size());
}

TEST_F(HttpConversation, AResponseWhoseHeadWasCutEndsWithItsLastByte) {
  client("GET /a HTTP/1.1\r\n\r\n");
  cut(From::Server, "HTTP/1.1 200 OK\r\nX: " + std::string(500, 'x') + "\r\nContent-Length: 3\r\n\r\nabc", 100, 64);
  client("GET /b HTTP/1.1\r\n\r\n");
  Exchange exchange = one();
  EXPECT_EQ(status(exchange), 200);
  EXPECT_EQ(exchange.end_ns, 2);
  server("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(one().name, "GET /b");
}

TEST_F(HttpConversation, FindsItsPlaceAfterALoss) {
  client("GET /a HTTP/1.1\r\n\r\n");
  conversation->gap(From::Server, ++now, 0);
  server("garbage");
  server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Exchange exchange = one();
  EXPECT_TRUE(exchange.flags & kHole);
  EXPECT_EQ(conversation->take_counts().resyncs, 1u);
}

TEST_F(HttpConversation, AnySegmentationGivesTheSameExchanges) {
  std::string requests = "POST /a/1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /b HTTP/1.1\r\nHost: h\r\n\r\n";
  std::string answers =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: "
      "b\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nxx";
  for (size_t step = 1; step < 50; ++step) {
    conversation = make_conversation("http");
    for (size_t at = 0; at < requests.size(); at += step) client(std::string_view(requests).substr(at, step));
    for (size_t at = 0; at < answers.size(); at += step) server(std::string_view(answers).substr(at, step));
    auto all = take_finished(*conversation);
    ASSERT_EQ(all.size(), 2u) << step;
    EXPECT_EQ(all[0].name, "POST /a/{id}");
    EXPECT_EQ(status(all[0]), 200);
    EXPECT_EQ(all[1].name, "GET /b");
    EXPECT_EQ(status(all[1]), 404);
    EXPECT_EQ(all[1].status, SpanStatus::Unset);
  }
}

TEST_F(HttpConversation, ALongHeadLosesNothing) {
  client("GET /a HTTP/1.1\r\n\r\n");
  const std::string head =
      "HTTP/1.1 200 OK\r\nSet-Cookie: " + std::string(60'000, 'c') + "\r\nContent-Length: 5\r\n\r\n";
  for (size_t at = 0; at < head.size(); at += 8192) server(head.substr(at, 8192));
  server("hello");
  Exchange exchange = one();
  EXPECT_EQ(status(exchange), 200);
  EXPECT_EQ(exchange.end_ns, now);
  EXPECT_EQ(exchange.flags, 0u);
}

TEST_F(HttpConversation, HeadsAreCopiedToTheirEndUntilBodiesAreLong) {
  EXPECT_TRUE(conversation->capture_policies().replies.to_blank_line);
  client("GET /big HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n");
  const std::string body(50'000, 'x');
  for (int i = 0; i < 10; ++i) cut(From::Server, body, 512, 64);
  EXPECT_EQ(one().flags, 0u);
  EXPECT_FALSE(conversation->capture_policies().replies.to_blank_line);
  client("GET /a HTTP/1.1\r\n\r\n");
  cut(From::Server, "HTTP/1.1 200 OK\r\nX: " + std::string(900, 'x') + "\r\nContent-Length: 0\r\n\r\n", 512, 64);
  EXPECT_TRUE(conversation->capture_policies().replies.to_blank_line);
  EXPECT_GT(conversation->capture_policies().replies.head_bytes, 4096u);
}

TEST_F(HttpConversation, AnEndThatWasNotSeenIsTheLastByteAndNoFailure) {
  client("GET /a HTTP/1.1\r\n\r\n");
  cut(From::Server, "HTTP/1.1 200 OK\r\nX: " + std::string(500, 'x') + "\r\nContent-Length: 3\r\n\r\nabc", 100, 64);
  server("def");
  auto all = take_open(*conversation, 1'000, Closing::ConnectionClosed);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].end_ns, 3);
  EXPECT_EQ(all[0].flags, uint32_t{kHole});
  EXPECT_EQ(all[0].status, SpanStatus::Unset);
  EXPECT_EQ(conversation->take_counts().gap_requests, 1u);
}

TEST_F(HttpConversation, AResponseThatItsConnectionCutsShortIsUnanswered) {
  client("GET /a HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc");
  auto all = take_open(*conversation, 10, Closing::ConnectionClosed);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].flags & kUnanswered);
}

TEST_F(HttpConversation, LostChunksEndWithTheLastOneHoweverItComes) {
  const std::string begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n" + std::string(0x2000, 'x') +
                            "\r\n1000\r\n" + std::string(0x800, 'y');
  for (const char* last : {"\r\n0\r\n\r\n", "yyy\r\n0\r\nServer-Timing: db;dur=3\r\nX: y\r\n\r\n"}) {
    client("GET /a HTTP/1.1\r\n\r\n");
    cut(From::Server, begin, 300, 64);
    const std::string end = last;
    for (size_t at = 0; at < end.size(); at += 3) server(end.substr(at, 3));
    Exchange exchange = one();
    EXPECT_EQ(exchange.end_ns, now);
    EXPECT_EQ(exchange.flags, 0u);
  }
}

TEST_F(HttpConversation, PipelinedResponsesWithAGapEndTheirOwnRequests) {
  std::string requests, responses;
  for (int i = 0; i < 10; ++i) {
    requests += "GET /r" + std::string(1, static_cast<char>('a' + i)) + " HTTP/1.1\r\n\r\n";
    responses += "HTTP/1.1 " + std::to_string(200 + i) + " OK\r\nContent-Length: 100\r\n\r\n" + std::string(100, 'x');
  }
  client(requests);
  cut(From::Server, responses.substr(0, 1000), 300, 64);
  server(responses.substr(1000));
  client("GET /after HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 299 OK\r\nContent-Length: 0\r\n\r\n");
  auto all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 11u);
  for (const Exchange& exchange : all)
    if (status(exchange) > 0 && exchange.name != "GET /after") {
      EXPECT_EQ(status(exchange) - 200, exchange.name.back() - 'a') << exchange.name;
    }
  EXPECT_EQ(all.back().name, "GET /after");
  EXPECT_EQ(status(all.back()), 299);
  EXPECT_EQ(conversation->capture_policies().replies.head_bytes, 65536u);
}

TEST_F(HttpConversation, ARequestBeginsWithItsFirstByte) {
  client("GET /a HT");
  ASSERT_EQ(conversation->events().size(), 1u);
  client("TP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
  ASSERT_EQ(conversation->events().size(), 2u);
  EXPECT_EQ(conversation->events()[0].begin_ns, 1);
  EXPECT_EQ(conversation->events()[1].offset_bytes, 10u);
}

TEST(HttpRoute, NamesWhatRequestsHaveInCommon) {
  EXPECT_EQ(http::route_of("/v1/orders/42/items"), "/v1/orders/{id}/items");
  EXPECT_EQ(http::route_of("/u/123e4567-e89b-12d3-a456-426614174000"), "/u/{id}");
  EXPECT_EQ(http::route_of("/static/app.css"), "/static/app.css");
  EXPECT_EQ(http::route_of("/c/deadbeef01"), "/c/{id}");
  EXPECT_EQ(http::route_of("/"), "/");
}

}  // namespace
}  // namespace culprit
