// Every table that events can fill has a limit, forgets what was idle longest, and says so in the ledger.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "requests/scheduling/texts.h"
#include "requests/tree/request_tracker.h"

namespace culprit::requests {
namespace {

using namespace std::string_literals;

constexpr int64_t kMs = 1'000'000;

class QuietHost : public HostFacts {
 public:
  ProcessInfo process(int32_t pid) override { return {pid, 1, true, "/bin/p", "service-" + std::to_string(pid % 10)}; }
  std::vector<uint16_t> listening_ports() override { return {5432}; }
};

std::string query(const std::string& sql) {
  const auto size = static_cast<uint32_t>(sql.size() + 5);
  return "Q\0\0"s + static_cast<char>(size >> 8) + static_cast<char>(size) + sql + '\0';
}
const std::string kAnswer = "C\0\0\0\x0dSELECT 1\0Z\0\0\0\5I"s;

class Limits : public testing::Test {
 protected:
  void begin(const TrackerOptions& options) { tracker = std::make_unique<RequestTracker>(options, host); }
  void server_end(uint64_t id, int32_t pid, const std::string& address = std::string("\x7f\0\0\1", 4),
                  uint32_t network_namespace = 1) {
    StreamInfo info;
    info.id = EndpointId{id};
    info.pid = pid;
    info.transport = Transport::Tcp;
    info.stream = true;
    info.network_namespace = network_namespace;
    info.local = {"a", address, false, address[0] == 0x7f, 5432};
    info.remote = {"b", address, false, address[0] == 0x7f, static_cast<uint16_t>(10'000 + id % 50'000)};
    tracker->on_stream(info);
  }
  void bytes(uint64_t id, int32_t pid, bool sent, int64_t at_ms, const std::string& text) {
    StreamBytes data;
    data.id = EndpointId{id};
    data.pid = data.tid = pid;
    data.sent = sent;
    data.time_ns = data.moved_ns = at_ms * kMs;
    data.length_bytes = static_cast<uint32_t>(text.size());
    data.head = text;
    tracker->on_bytes(data);
  }
  int64_t evicted(std::string_view table) {
    int64_t n = 0;
    for (const LedgerRow& row : tracker->ledger().rows("test"))
      if (row.kind == "evicted" && row.detail == table) n += row.n;
    return n;
  }
  const Span* span(std::string_view text) {
    for (const Span& one : tracker->spans())
      if (find_text(one.attributes, "db.query.text") == text) return &one;
    return nullptr;
  }

  QuietHost host;
  std::unique_ptr<RequestTracker> tracker;
};

TEST_F(Limits, OpenRequestsOverAllConnections) {
  TrackerOptions options;
  options.most_open_requests = 100;
  begin(options);
  for (uint64_t id = 1; id <= 1000; ++id) {
    server_end(id, static_cast<int32_t>(id));
    bytes(id, static_cast<int32_t>(id), false, static_cast<int64_t>(id), query("SELECT a" + std::to_string(id) + "x"));
  }
  tracker->finish(5000 * kMs, {}, {});
  EXPECT_EQ(tracker->spans().size(), 1000u);
  EXPECT_EQ(evicted("open requests"), 899);  // one more may be open until the next bytes come
  EXPECT_LT(span("SELECT a1x")->duration_ns, 200 * kMs) << "the oldest was given up when there was no more room";
  EXPECT_TRUE(span("SELECT a1x")->flags & kUnfinished);
  EXPECT_EQ(span("SELECT a1000x")->duration_ns, 4000 * kMs);
}

TEST_F(Limits, WhatAnswersAGivenUpRequestBelongsToNone) {
  TrackerOptions options;
  options.most_open_requests = 2;
  begin(options);
  for (uint64_t id = 1; id <= 4; ++id) {
    server_end(id, static_cast<int32_t>(id));
    bytes(id, static_cast<int32_t>(id), false, static_cast<int64_t>(id), query("SELECT a" + std::to_string(id) + "x"));
  }
  bytes(1, 1, false, 10, query("SELECT second"));  // before the first one's answer
  bytes(1, 1, true, 20, kAnswer);
  bytes(1, 1, true, 30, kAnswer);
  tracker->finish(5000 * kMs, {}, {});
  ASSERT_TRUE(span("SELECT second"));
  EXPECT_EQ(span("SELECT second")->duration_ns, 20 * kMs);
  EXPECT_EQ(span("SELECT second")->flags & kUnfinished, 0u);
}

TEST_F(Limits, AMillionConnectionsWithARequestEach) {
  TrackerOptions options;
  options.endpoints.most_ends = 1000;
  options.most_open_requests = 1000;
  options.most_processes = 500;
  options.most_threads = 500;
  begin(options);
  constexpr uint64_t kConnections = 20'000;
  size_t spans = 0;
  for (uint64_t id = 1; id <= kConnections; ++id) {
    const auto pid = static_cast<int32_t>(id);
    server_end(id, pid);
    bytes(id, pid, false, static_cast<int64_t>(id), query("SELECT 1"));
    if (id % 500 == 0) {
      tracker->settle(static_cast<int64_t>(id) * kMs);
      tracker->tick(static_cast<int64_t>(id) * kMs);
      spans += tracker->spans().size();
      tracker->spans().clear();
    }
  }
  tracker->finish(100'000 * kMs, {}, {});
  EXPECT_EQ(spans + tracker->spans().size(), kConnections);
  EXPECT_EQ(evicted("ends of connections"), static_cast<int64_t>(kConnections) - 1000);
  EXPECT_GE(evicted("processes"), static_cast<int64_t>(kConnections) - 1100);
  EXPECT_GE(evicted("threads"), static_cast<int64_t>(kConnections) - 1100);
}

TEST_F(Limits, WhatThreadsWaitedFor) {
  begin({});
  constexpr int32_t kThreads = 3000;
  for (int64_t round = 1; round <= 500; ++round) {
    for (int32_t tid = 1; tid <= kThreads; ++tid) {
      ThreadSwitch event;
      event.pid = event.tid = tid;
      event.off_ns = round * 10 * kMs;
      event.wake_ns = event.off_ns + kMs;
      event.on_ns = event.wake_ns + 1000;
      event.state = 1;
      tracker->on_switch(event);
    }
  }
  tracker->tick(6000 * kMs);
  EXPECT_GT(evicted("what threads waited for"), 0);
  EXPECT_LT(evicted("what threads waited for"), 10'000);
}

TEST_F(Limits, EndsWithTheSameAddressesAreForgottenWithTheLastOfThem) {
  begin({});
  const std::string shared("\x0a\0\0\1", 4);
  auto client_end = [&](uint64_t id, uint32_t network_namespace) {
    StreamInfo info;
    info.id = EndpointId{id};
    info.pid = 7;
    info.transport = Transport::Tcp;
    info.stream = true;
    info.network_namespace = network_namespace;
    info.local = {"b", std::string("\x0a\0\0\2", 4), false, false, 40'000};
    info.remote = {"a", shared, false, false, 5432};
    tracker->on_stream(info);
  };
  client_end(1, 1);
  client_end(2, 2);  // which of both is meant can't be told from now on
  tracker->on_stream_end(EndpointId{1}, 10 * kMs);
  tracker->on_stream_end(EndpointId{2}, 10 * kMs);
  tracker->tick(20'000 * kMs);
  client_end(3, 1);
  StreamInfo info;
  info.id = EndpointId{4};
  info.pid = 8;
  info.transport = Transport::Tcp;
  info.stream = true;
  info.network_namespace = 1;
  info.local = {"a", shared, false, false, 5432};
  info.remote = {"b", std::string("\x0a\0\0\2", 4), false, false, 40'000};
  tracker->on_stream(info);
  bytes(3, 7, true, 30'000, query("SELECT 1"));
  bytes(4, 8, false, 30'000, query("SELECT 1"));
  bytes(4, 8, true, 30'001, kAnswer);
  bytes(3, 7, false, 30'001, kAnswer);
  tracker->finish(40'000 * kMs, {}, {});
  const std::vector<Connection> rows = tracker->take_connections(0, true);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].peer_pid, 8);
}

TEST_F(Limits, AServicesNameOutlivesAnyNumberOfStatements) {
  TrackerOptions options;
  begin(options);
  server_end(1, 1);
  bytes(1, 1, false, 1, query("SELECT first"));
  bytes(1, 1, true, 2, kAnswer);
  for (int64_t i = 0; i < 70'000; ++i) {
    bytes(1, 1, false, 10 + i, query("SELECT a" + std::to_string(i) + "x"));
    bytes(1, 1, true, 10 + i, kAnswer);
  }
  tracker->finish(100'000 * kMs, {}, {});
  for (const Span& one : tracker->spans()) ASSERT_EQ(one.service, "service-1");
  EXPECT_GT(evicted("statements that waits name"), 4000);
}

TEST(TextLimits, WhatMakesRoomIsCounted) {
  Texts texts;
  for (int i = 0; i < 2000; ++i) texts.intern(std::to_string(i) + std::string(100'000, 'x'));
  EXPECT_LE(texts.bytes(), Texts::kMostBytes);
  EXPECT_EQ(texts.take_evicted(), 2000 - texts.size());
}

}  // namespace
}  // namespace culprit::requests
