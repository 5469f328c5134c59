// HTTP/1.1 as it may come: cut at every byte, with heads of any size, and with what RFC 9112 leaves to trip over.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "protocol/registry/conversation_testing.h"

namespace culprit {
namespace {

using namespace std::string_literals;

class HttpHostile : public testing::Test {
 protected:
  void client(const std::string& bytes) { conversation->feed(From::Client, ++now, bytes, {}, bytes.size()); }
  void server(const std::string& bytes) { conversation->feed(From::Server, ++now, bytes, {}, bytes.size()); }
  static int64_t status(const Exchange& exchange) {
    return find_integer(exchange.attributes, "http.response.status_code", 0);
  }
  // The statuses of all that has ended, none of it flagged.
  std::vector<int64_t> statuses() {
    std::vector<int64_t> all;
    for (const Exchange& exchange : take_finished(*conversation)) {
      EXPECT_EQ(exchange.flags, 0u) << exchange.name;
      all.push_back(status(exchange));
    }
    return all;
  }

  std::unique_ptr<Conversation> conversation = make_conversation("http");
  int64_t now = 0;
};

using Statuses = std::vector<int64_t>;

TEST_F(HttpHostile, LongHeadsCutAtEveryByte) {
  for (size_t size : {600u, 9'000u, 63'000u}) {
    const std::string request = "GET /a HTTP/1.1\r\nCookie: " + std::string(size, 'c') + "\r\n\r\n";
    const std::string response =
        "HTTP/1.1 200 OK\r\nSet-Cookie: " + std::string(size, 'c') + "\r\nContent-Length: 2\r\n\r\nok";
    // Of a long head every 97th place besides those near its ends: each of them would take minutes.
    auto cuts = [](size_t length) {
      std::vector<size_t> all;
      for (size_t at = 1; at < length; at += at < 64 || at + 64 > length || length < 1000 ? 1 : 97) all.push_back(at);
      return all;
    };
    for (size_t at : cuts(request.size())) {
      client(request.substr(0, at));
      client(request.substr(at));
      server(response);
      ASSERT_EQ(statuses(), Statuses{200}) << size << " " << at;
    }
    for (size_t at : cuts(response.size())) {
      client(request);
      const int64_t begin = now;
      server(response.substr(0, at));
      server(response.substr(at));
      const std::vector<Exchange> all = take_finished(*conversation);
      ASSERT_EQ(all.size(), 1u) << size << " " << at;
      EXPECT_EQ(all[0].begin_ns, begin);
      EXPECT_EQ(all[0].end_ns, begin + 2);
      EXPECT_EQ(status(all[0]), 200);
    }
  }
}

TEST_F(HttpHostile, InterimResponsesAnswerNothing) {
  client("POST /a HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  server("HTTP/1.1 100 Continue\r\n\r\n");
  client("abc");
  server("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n");
  EXPECT_EQ(statuses(), Statuses{});
  server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(statuses(), Statuses{201});
}

TEST_F(HttpHostile, ResponsesWithoutABodyWhateverTheySay) {
  for (const char* response : {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
                               "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
                               "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    client("GET /a HTTP/1.1\r\n\r\n");
    server(response);
    EXPECT_EQ(statuses().size(), 1u) << response;
  }
  client("HEAD /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(statuses(), (Statuses{200, 404}));
}

TEST_F(HttpHostile, ChunksWithExtensionsAndTrailersCutAnywhere) {
  const std::string response =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\nContent-Length: 3\r\n\r\n"
      "5;ext=\"a;b\"\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer-A: 1\r\nTrailer-B: 2\r\n\r\n";
  for (size_t at = 1; at < response.size(); ++at) {
    client("GET /a HTTP/1.1\r\n\r\n");
    server(response.substr(0, at));
    EXPECT_EQ(statuses(), Statuses{}) << at;
    server(response.substr(at));
    ASSERT_EQ(statuses(), Statuses{200}) << at;
  }
}

TEST_F(HttpHostile, BothLengthsInARequestTheChunksCount) {
  client(
      "POST /a HTTP/1.1\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      "GET /b HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(statuses(), (Statuses{200, 404}));
}

TEST_F(HttpHostile, AServerThatSpeaksFirst) {
  server("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  take_finished(*conversation);
  client("GET /a HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(statuses(), Statuses{200});
}

TEST_F(HttpHostile, ThousandsOfPipelinedRequestsInOneWrite) {
  constexpr int kRequests = 1500;
  std::string asked, answers;
  for (int i = 0; i < kRequests; ++i) {
    const bool head = i % 3 == 0;
    asked += (head ? "HEAD /p"s : "GET /p"s) + std::to_string(i) + "x HTTP/1.1\r\n\r\n";
    answers += "HTTP/1.1 " + std::to_string(400 + i % 25) + " OK\r\nContent-Length: 3\r\n\r\n" + (head ? "" : "abc");
  }
  client(asked);
  server(answers);
  int whole = 0;
  for (const Exchange& exchange : take_finished(*conversation)) {
    if (exchange.flags & kUnfinished) continue;
    // The oldest were given up; the others ended in order.
    EXPECT_EQ(status(exchange), 400 + (kRequests - 1024 + whole) % 25);
    ++whole;
  }
  EXPECT_EQ(whole, 1024);
  client("GET /behind HTTP/1.1\r\n\r\n");
  server("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(statuses(), Statuses{404});
}

TEST_F(HttpHostile, NulBytesAndNonsenseDoNotStopIt) {
  client("GET /a\0b HTTP/1.1\r\nX: \0\0\r\n\r\n"s);
  server("HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 1\r\n\r\n\0"s);
  const std::vector<Exchange> all = take_finished(*conversation);
  ASSERT_EQ(all.size(), 1u);
  check_exchange(all[0]);
  for (const char* length : {"-1", "99999999999999999999", "0x10", "", "1, 2"}) {
    conversation = make_conversation("http");
    client("GET /a HTTP/1.1\r\n\r\n");
    server("HTTP/1.1 200 OK\r\nContent-Length: "s + length + "\r\n\r\n");
    for (const Exchange& exchange : take_open(*conversation, ++now)) check_exchange(exchange);
  }
}

}  // namespace
}  // namespace culprit
