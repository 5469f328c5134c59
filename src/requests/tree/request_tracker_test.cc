// Tests of the request tracker with plain structs and simple test protocols, without BPF and /proc.
#include "requests/tree/request_tracker.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace culprit::requests {
namespace {

constexpr int64_t kMs = 1'000'000;

// A test protocol: "aQ" is the request with key a, "aZ" its answer. Answers may come in any order.
class KeyConversation : public Conversation {
 public:
  void feed(From from, int64_t time_ns, std::string_view head, std::string_view, uint64_t) override {
    for (size_t i = 0; i + 1 < head.size(); i += 2) {
      if (from == From::Client) {
        open_[head[i]] = {begin_request(time_ns, static_cast<uint32_t>(i)), time_ns};
        continue;
      }
      auto found = open_.find(head[i]);
      if (found == open_.end()) continue;
      Exchange exchange;
      exchange.protocol = "keys";
      exchange.name = std::string(1, head[i]);
      exchange.begin_ns = found->second.begin_ns;
      exchange.end_ns = time_ns;
      exchange.first_reply_ns = time_ns - 1;
      exchange.request_bytes = 2;
      exchange.reply_bytes = 3;
      end_request(found->second.token, std::move(exchange));
      open_.erase(found);
    }
  }
  void gap(From, int64_t, uint64_t) override {}
  void set_statement_text(int64_t, std::string_view, bool) override {}
  void close(int64_t, Closing) override {
    for (auto& [key, open] : open_) drop_request(open.token);
    open_.clear();
  }
  std::optional<CurrentRequest> current() const override { return std::nullopt; }
  ConversationCounts take_counts() override { return {}; }
  std::string_view protocol() const override { return "keys"; }
  CapturePolicies capture_policies() const override { return {{100, 0, false}, {50, 0, false}}; }
  bool concurrent() const override { return true; }

 private:
  struct Open {
    RequestToken token = RequestToken::None;
    int64_t begin_ns = 0;
  };
  std::map<char, Open> open_;
};

const Protocol kProtocols[] = {
    {"keys",
     [](std::string_view bytes) {
       return bytes.size() >= 2 && bytes[1] == 'Q' ? std::optional(From::Client) : std::nullopt;
     },
     [](std::shared_ptr<SqlCache>) -> std::unique_ptr<Conversation> { return std::make_unique<KeyConversation>(); },
     ""},
};

class FakeHost : public HostFacts {
 public:
  ProcessInfo process(int32_t pid) override { return {pid, 1, true, "/bin/p", "service-" + std::to_string(pid)}; }
  std::vector<uint16_t> listening_ports() override { return {80}; }
};

class RequestTrackerTest : public testing::Test {
 protected:
  static TrackerOptions options(size_t most_ends) {
    TrackerOptions options;
    options.run = 7;
    options.endpoints.most_ends = most_ends;
    options.endpoints.protocols = kProtocols;
    return options;
  }
  void stream(uint64_t id, int32_t pid, uint16_t local, uint16_t remote, uint32_t network_namespace = 1) {
    StreamInfo info;
    info.id = EndpointId{id};
    info.pid = pid;
    info.transport = Transport::Tcp;
    info.stream = true;
    info.network_namespace = network_namespace;
    info.local = {"127.0.0.1", std::string("\x7f\0\0\1", 4), false, true, local};
    info.remote = {"127.0.0.1", std::string("\x7f\0\0\1", 4), false, true, remote};
    tracker->on_stream(info);
  }
  void bytes(uint64_t id, int32_t pid, bool sent, int64_t at_ms, std::string_view text, uint32_t sequence) {
    StreamBytes data;
    data.id = EndpointId{id};
    data.pid = data.tid = pid;
    data.sent = sent;
    data.time_ns = data.moved_ns = at_ms * kMs;
    data.length_bytes = static_cast<uint32_t>(text.size());
    data.tcp_sequence = sequence;
    data.head = text;
    tracker->on_bytes(data);
  }
  const Span* span(std::string_view name, SpanKind kind) {
    for (const Span& span : tracker->spans())
      if (span.name == name && span.kind == kind) return &span;
    return nullptr;
  }
  int64_t counted(std::string_view kind) {
    int64_t n = 0;
    for (const LedgerRow& row : tracker->ledger().rows("test")) n += row.kind == kind ? row.n : 0;
    return n;
  }

  FakeHost host;
  std::unique_ptr<RequestTracker> tracker = std::make_unique<RequestTracker>(options(1000), host);
};

TEST_F(RequestTrackerTest, SeveralRequestsAreOpenAtOnceAndEndInAnyOrder) {
  stream(1, 10, 50'000, 80);
  stream(2, 20, 80, 50'000);
  bytes(1, 10, true, 1, "aQbQ", 100);
  bytes(2, 20, false, 2, "aQbQ", 100);
  bytes(1, 10, true, 3, "cQ", 104);
  bytes(2, 20, false, 4, "cQ", 104);
  bytes(2, 20, true, 10, "bZ", 500);
  bytes(1, 10, false, 11, "bZ", 500);
  bytes(2, 20, true, 20, "cZaZ", 502);
  bytes(1, 10, false, 21, "cZaZ", 502);
  tracker->finish(30 * kMs, {}, {});
  ASSERT_EQ(tracker->spans().size(), 6u);
  for (const char* name : {"a", "b", "c"}) {
    const Span* client = span(name, SpanKind::Client);
    const Span* server = span(name, SpanKind::Server);
    ASSERT_TRUE(client && server) << name;
    EXPECT_EQ(server->parent_span_id, client->span_id) << name;
    EXPECT_EQ(server->link, LinkHow::Connection);
  }
  EXPECT_EQ(span("b", SpanKind::Server)->duration_ns, 8 * kMs);
  EXPECT_EQ(find_integer(span("b", SpanKind::Server)->attributes, "culprit.request_bytes", 0), 2);
  EXPECT_EQ(find_integer(span("b", SpanKind::Server)->attributes, "culprit.reply_bytes", 0), 3);
  EXPECT_EQ(find_integer(span("b", SpanKind::Server)->attributes, "culprit.first_reply_ns", 0), 8 * kMs - 1);
  EXPECT_EQ(span("a", SpanKind::Server)->duration_ns, 18 * kMs);
}

TEST_F(RequestTrackerTest, ACallWithinARequestIsItsChild) {
  stream(1, 20, 80, 50'000);
  stream(2, 20, 50'001, 80);
  bytes(1, 20, false, 1, "aQ", 1);
  bytes(2, 20, true, 2, "xQ", 1);
  bytes(2, 20, false, 3, "xZ", 1);
  bytes(1, 20, true, 4, "aZ", 1);
  tracker->finish(30 * kMs, {}, {});
  ASSERT_TRUE(span("a", SpanKind::Server) && span("x", SpanKind::Client));
  EXPECT_EQ(span("x", SpanKind::Client)->parent_span_id, span("a", SpanKind::Server)->span_id);
}

TEST_F(RequestTrackerTest, LoopbackAddressesAreThoseOfTheirNetworkNamespace) {
  stream(1, 10, 50'000, 80, 1);
  stream(2, 20, 80, 50'000, 2);
  stream(3, 30, 80, 50'000, 1);
  bytes(1, 10, true, 1, "aQ", 100);
  bytes(2, 20, false, 2, "aQ", 100);
  bytes(3, 30, false, 3, "aQ", 100);
  for (uint64_t id : {3, 2}) bytes(id, static_cast<int32_t>(id) * 10, true, 5, "aZ", 1);
  bytes(1, 10, false, 6, "aZ", 1);
  tracker->finish(30 * kMs, {}, {});
  const Span* client = span("a", SpanKind::Client);
  ASSERT_TRUE(client);
  for (const Span& server : tracker->spans())
    if (server.kind == SpanKind::Server) {
      EXPECT_EQ(server.parent_span_id != 0, server.pid == 30) << server.pid;
    }
}

TEST_F(RequestTrackerTest, ANewConnectionIsNeverRefusedAndTheIdleOnesGo) {
  tracker = std::make_unique<RequestTracker>(options(100), host);
  for (uint64_t id = 1; id <= 5000; ++id) {
    stream(id, 20, 80, static_cast<uint16_t>(10'000 + id));
    bytes(id, 20, false, static_cast<int64_t>(id), "aQ", 1);
    bytes(id, 20, true, static_cast<int64_t>(id), "aZ", 1);
    if (id % 1000 == 0) tracker->settle(static_cast<int64_t>(id) * kMs);
  }
  tracker->finish(100'000 * kMs, {}, {});
  EXPECT_EQ(tracker->requests(), 5000u);
  EXPECT_EQ(tracker->spans().size(), 5000u);
  EXPECT_EQ(tracker->take_connections(0, true).size(), 5000u);  // each connection once
}

TEST_F(RequestTrackerTest, SocketsWithoutRequestsAreCountedWithoutARowEach) {
  for (uint64_t id = 1; id <= 300; ++id) {
    stream(id, 20, 80, static_cast<uint16_t>(10'000 + id));
    if (id % 3 == 0) {
      bytes(id, 20, false, 1, "aQ", 1);
      bytes(id, 20, true, 2, "aZ", 1);
    }
    if (id % 2 == 0) tracker->on_stream_end(EndpointId{id}, 3 * kMs);
  }
  tracker->finish(30 * kMs, {}, {});
  EXPECT_EQ(tracker->take_connections(0, true).size(), 100u);
  EXPECT_EQ(counted("no_requests"), 200);
}

TEST_F(RequestTrackerTest, AnOpenConnectionIsWrittenEverMoreRarely) {
  stream(1, 20, 80, 50'000);
  int rows = 0;
  for (int64_t second = 1; second <= 3600; ++second) {
    bytes(1, 20, false, second * 1000, "aQ", 0);
    bytes(1, 20, true, second * 1000 + 1, "aZ", 0);
    tracker->settle(second * 1000 * kMs);
    tracker->tick(second * 1000 * kMs);
    rows += static_cast<int>(tracker->take_connections(second * 1000 * kMs, false).size());
  }
  EXPECT_GT(rows, 2);
  EXPECT_LE(rows, 10);
}

TEST_F(RequestTrackerTest, WhatAProtocolNeedsOfAStreamIsAskedForOnce) {
  stream(1, 20, 80, 50'000);
  bytes(1, 20, false, 1, "aQ", 1);
  bytes(1, 20, true, 2, "aZ", 1);
  bytes(1, 20, false, 3, "bQ", 3);
  const std::vector<CaptureChange> changes = tracker->take_capture_changes();
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].received.head_bytes, 100u);
  EXPECT_EQ(changes[0].sent.head_bytes, 50u);
}

TEST(Texts, TheOldestGoAndANewOneIsNeverRefused) {
  Texts texts;
  const TextId first = texts.intern("first");
  EXPECT_EQ(texts.intern("first"), first);
  EXPECT_EQ(texts.text(first), "first");
  TextId last = TextId::None;
  for (int i = 0; i < 70'000; ++i) last = texts.intern("statement " + std::to_string(i));
  EXPECT_EQ(texts.text(last), "statement 69999");
  EXPECT_EQ(texts.text(first), "");
  EXPECT_LE(texts.size(), 65'536u);
  EXPECT_EQ(texts.text(texts.intern("first")), "first");
}

}  // namespace
}  // namespace culprit::requests
