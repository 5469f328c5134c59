// Nanoseconds per event and per span: pgbench -S, prepared, four connections with both ends recorded, and the spans as
// frames. The result is checked.
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "base/check.h"
#include "model/batch_codec.h"
#include "requests/tree/request_tracker.h"

namespace culprit::requests {
namespace {

using namespace std::string_literals;

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

class BenchHost final : public HostFacts {
 public:
  ProcessInfo process(int32_t pid) override {
    const bool server = pid >= 2000;
    return {pid, server ? 1999 : 1, true, server ? "/usr/bin/postgres" : "/usr/bin/pgbench",
            server ? "postgresql" : "pgbench"};
  }
  std::vector<uint16_t> listening_ports() override { return {5432}; }
};

class Workload {
 public:
  static constexpr int kConnections = 4;
  explicit Workload(RequestTracker& tracker) : tracker_(tracker) {
    for (int i = 0; i < kConnections; ++i)
      for (bool server : {false, true}) open(i, server);
    const std::string parse = "SELECT abalance FROM pgbench_accounts WHERE aid = $1;"s;
    for (int i = 0; i < kConnections; ++i) {
      carry(i, true, "P\0\0\0"s + static_cast<char>(parse.size() + 11) + "P0_1\0"s + parse + "\0\0\0S\0\0\0\4"s);
      carry(i, false, "1\0\0\0\4Z\0\0\0\5I"s);
    }
  }

  // One transaction: 4 messages and 4 switches.
  void transaction(int i) {
    static const std::string kRequest =
        "B\0\0\0\x1a\0P0_1\0\0\0\0\1\0\0\0\5"
        "12345\0\1\0\0D\0\0\0\6P\0E\0\0\0\x09\0\0\0\0\0S\0\0\0\4"s;
    static const std::string kReply =
        "2\0\0\0\4T\0\0\0\x21\0\1abalance\0\0\0\x40\0\0\3\0\0\0\x17\0\4\xff\xff\xff\xff\0\0"
        "D\0\0\0\x0b\0\1\0\0\0\1"
        "0C\0\0\0\x0dSELECT 1\0Z\0\0\0\5I"s;
    wake(2000 + i, 1000 + i);
    carry(i, true, kRequest);
    wake(1000 + i, 2000 + i);
    wake(2000 + i, 1000 + i);
    carry(i, false, kReply);
    wake(1000 + i, 2000 + i);
  }
  int64_t time_ns() const { return time_ns_; }

 private:
  void open(int i, bool server) {
    const StreamAddress client{"127.0.0.1", std::string("\x7f\0\0\1", 4), false, true,
                               static_cast<uint16_t>(50'000 + i)};
    const StreamAddress listener{"127.0.0.1", std::string("\x7f\0\0\1", 4), false, true, 5432};
    StreamInfo info;
    info.id = EndpointId{static_cast<uint64_t>(i) * 2 + (server ? 2 : 1)};
    info.pid = (server ? 2000 : 1000) + i;
    info.time_ns = time_ns_;
    info.transport = Transport::Tcp;
    info.stream = true;
    info.local = server ? listener : client;
    info.remote = server ? client : listener;
    tracker_.on_stream(info);
  }
  void carry(int i, bool request, const std::string& bytes) {
    uint32_t& sequence = sequences_[i][request ? 0 : 1];
    for (bool sent : {true, false}) {
      const bool server = sent != request;
      StreamBytes data;
      data.id = EndpointId{static_cast<uint64_t>(i) * 2 + (server ? 2 : 1)};
      data.pid = data.tid = (server ? 2000 : 1000) + i;
      data.sent = sent;
      data.time_ns = data.moved_ns = time_ns_ += 3000;
      data.length_bytes = static_cast<uint32_t>(bytes.size());
      data.tcp_sequence = sequence;
      data.head = bytes;
      tracker_.on_bytes(data);
    }
    sequence += static_cast<uint32_t>(bytes.size());
  }
  void wake(int32_t tid, int32_t waker) {
    ThreadSwitch event;
    event.pid = event.tid = tid;
    event.off_ns = time_ns_ - 2500;
    event.wake_ns = time_ns_ - 1500;
    event.on_ns = time_ns_ += 500;
    event.state = 1;
    event.syscall = 45;  // recvfrom
    event.socket = true;
    event.waker = Waker::Thread;
    event.waker_pid = event.waker_tid = waker;
    tracker_.on_switch(event);
  }

  RequestTracker& tracker_;
  int64_t time_ns_ = 1'000'000'000;
  uint32_t sequences_[kConnections][2] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}};
};

void run() {
  constexpr int kTransactions = 300'000;
  constexpr int64_t kEvents = int64_t{kTransactions} * 8;
  BenchHost host;
  TrackerOptions options;
  options.run = 7;
  options.mono_ns = 1;
  options.wall_ns = 1'767'225'600'000'000'000;
  RequestTracker tracker(options, host);
  Workload workload(tracker);
  int64_t encode_ns = 0, spans = 0, right = 0;
  size_t bytes = 0;
  auto push = [&] {
    Batch batch;
    batch.spans = std::exchange(tracker.spans(), {});
    tracker.thread_states().clear();
    spans += std::ssize(batch.spans);
    right += batch.spans.front().name == "SELECT pgbench_accounts";
    const int64_t begin = now_ns();
    bytes += encode_batch(batch).value().size();
    batch = {};
    encode_ns += now_ns() - begin;
  };
  const int64_t begin = now_ns();
  for (int i = 0; i < kTransactions; ++i) {
    workload.transaction(i % Workload::kConnections);
    if (tracker.spans().size() >= 512) push();
    if (i % 1000 == 0) tracker.settle(workload.time_ns());
    if (i % 20'000 == 0) tracker.tick(workload.time_ns());
  }
  tracker.finish(workload.time_ns(), {}, {});
  if (!tracker.spans().empty()) push();
  const int64_t took_ns = now_ns() - begin;
  CHECK(spans >= 2 * kTransactions && right > 0, "every request becomes a span at each end");
  const double track_ns = static_cast<double>(took_ns - encode_ns);
  std::printf(
      "tracker %.0f ns/event %.0f ns/span   frames %.0f ns/span, %.1f bytes   together %.0f ns/event %.0f ns/span\n",
      track_ns / kEvents, track_ns / static_cast<double>(spans),
      static_cast<double>(encode_ns) / static_cast<double>(spans),
      static_cast<double>(bytes) / static_cast<double>(spans), static_cast<double>(took_ns) / kEvents,
      static_cast<double>(took_ns) / static_cast<double>(spans));
}

}  // namespace
}  // namespace culprit::requests

int main() {
  for (int round = 0; round < 5; ++round) culprit::requests::run();
}
