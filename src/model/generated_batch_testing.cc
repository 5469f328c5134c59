#include "model/generated_batch_testing.h"

#include <limits>
#include <random>

namespace culprit {

namespace {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Batch batch() {
    Batch batch;
    for (uint64_t i = below(4); i > 0; --i) batch.resources.push_back(resource());
    for (uint64_t i = below(40); i > 0; --i) batch.spans.push_back(span(batch.resources.size()));
    for (uint64_t i = below(40); i > 0; --i) batch.thread_states.push_back(thread_state());
    for (uint64_t i = below(9); i > 0; --i) batch.logs.push_back(log(batch.resources.size()));
    for (uint64_t i = below(9); i > 0; --i)
      batch.metrics.push_back({time(), text(), text(), text(), real(), text(), attributes()});
    for (uint64_t i = below(5); i > 0; --i) batch.processes.push_back(process());
    for (uint64_t i = below(5); i > 0; --i) batch.connections.push_back(connection());
    for (uint64_t i = below(2); i > 0; --i) batch.hosts.push_back(host());
    for (uint64_t i = below(6); i > 0; --i)
      batch.ledger.push_back(
          {time(), text(), text(), "reader", "ring_full", "event", integer(), Evidence::Bounded, text()});
    for (uint64_t i = below(3); i > 0; --i)
      batch.received.push_back({text(), "span", static_cast<int64_t>(below(1000))});
    return batch;
  }

 private:
  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool coin() { return below(2) == 0; }
  int32_t id() { return static_cast<int32_t>(below(100'000)); }
  int64_t time() { return 1'700'000'000'000'000'000 + static_cast<int64_t>(below(3'600'000'000'000)); }

  int64_t integer() {
    static constexpr int64_t kOdd[] = {0,
                                       -1,
                                       1,
                                       std::numeric_limits<int64_t>::min(),
                                       std::numeric_limits<int64_t>::max(),
                                       int64_t{1} << 53,
                                       (int64_t{1} << 53) + 1};
    return coin() ? kOdd[below(std::size(kOdd))] : static_cast<int64_t>(below(10'000));
  }
  double real() {
    static constexpr double kOdd[] = {0, -0.0, 1e308, -1.5, 5e-324, std::numeric_limits<double>::infinity()};
    return coin() ? kOdd[below(std::size(kOdd))] : static_cast<double>(below(1000)) / 8;
  }
  std::string text() {
    static const std::string kOdd[] = {"",         "GET /orders", "select 1", std::string("a\0b", 3),
                                       "\xff\xfe", "Grüße, 世界", "'\"\n\\"};
    return coin() ? kOdd[below(std::size(kOdd))] : "text " + std::to_string(below(50));
  }
  Value value() {
    switch (below(8)) {
      case 0: return {};
      case 1: return coin();
      case 2: return integer();
      case 3: return real();
      case 4: return Bytes{text()};
      case 5: return Nested{R"({"arrayValue":{"values":[{"intValue":"1"}]}})"};
    }
    return text();
  }
  Attributes attributes() {
    static const std::string kKeys[] = {"http.route", "db.query.text", "name", "Name", "pid", "k\n", "",
                                        "n",          "\xff",          "ünï"};
    Attributes all;
    for (uint64_t i = below(7); i > 0; --i) all.push_back({kKeys[below(std::size(kKeys))], value()});
    return all;
  }

  Resource resource() {
    return {text(), attributes(), text(), text(), text(), text(), attributes(), static_cast<uint32_t>(below(9))};
  }

  Span span(size_t resources) {
    Span span;
    span.trace_id = {below(3), 1 + below(5)};
    span.span_id = random_(), span.parent_span_id = coin() ? 0 : random_();
    span.link = static_cast<LinkHow>(below(6)), span.link_confidence = static_cast<float>(below(5)) / 4;
    span.name = text(), span.kind = static_cast<SpanKind>(below(6)), span.service = text();
    span.start_ns = time(), span.duration_ns = integer() / 4;
    span.status = static_cast<SpanStatus>(below(3)), span.status_message = text();
    span.source = "otlp", span.host = text(), span.pid = id(), span.tid = id();
    span.connection = coin() ? 0 : random_(), span.weight = real(), span.flags = static_cast<uint32_t>(below(4096));
    span.otel_flags = static_cast<uint32_t>(random_()), span.dropped_attributes = static_cast<uint32_t>(below(3));
    span.dropped_events = static_cast<uint32_t>(below(3)), span.dropped_links = static_cast<uint32_t>(below(3));
    span.received_ns = time(), span.trace_state = text();
    span.waits.known = coin();
    for (int64_t& ns : span.waits.ns) ns = span.waits.known ? static_cast<int64_t>(below(1'000'000)) : 0;
    for (uint64_t i = below(3); i > 0; --i)
      span.blockers.push_back({static_cast<Wait>(below(8)), id(), id(), integer(), 3, text()});
    span.resource = resources == 0 ? 0 : static_cast<uint32_t>(below(resources));
    span.attributes = attributes();
    for (uint64_t i = below(3); i > 0; --i) span.events.push_back({time(), text(), attributes(), 1});
    for (uint64_t i = below(2); i > 0; --i)
      span.links.push_back({{random_(), random_()}, random_(), text(), attributes(), 2, 3});
    return span;
  }

  ThreadState thread_state() {
    return {id(),
            id(),
            time(),
            static_cast<int64_t>(below(1'000'000)),
            static_cast<Wait>(below(8)),
            static_cast<int16_t>(below(400)),
            id(),
            id(),
            coin() ? 0 : random_()};
  }

  LogRecord log(size_t resources) {
    LogRecord log;
    log.time_ns = time(), log.observed_ns = time(), log.severity = 9, log.severity_text = text(), log.body = text();
    log.event_name = text(), log.trace_id = {0, below(5)}, log.span_id = random_(), log.service = text();
    log.source = "otlp", log.host = text(), log.pid = id(), log.tid = id(), log.otel_flags = 1,
    log.dropped_attributes = 2;
    log.resource = resources == 0 ? 0 : static_cast<uint32_t>(below(resources));
    log.attributes = attributes();
    return log;
  }

  Process process() {
    Process process;
    process.host = text(), process.pid = id(), process.parent_pid = id(), process.started_ns = time();
    process.exited_ns = coin() ? 0 : time(), process.exit_code = -1, process.name = text(), process.executable = text();
    process.command = text(), process.service = text(), process.cgroup = text(), process.recorded = coin();
    process.running_ns = 5, process.runnable_ns = 6, process.throttled_ns = 7;
    return process;
  }

  Connection connection() {
    Connection connection;
    connection.id = random_(), connection.peer_id = random_(), connection.pid = id(), connection.peer_pid = id();
    connection.server = coin(), connection.transport = "tcp", connection.local = text(), connection.peer = text();
    connection.protocol = "postgresql", connection.encrypted = coin(), connection.opened_ns = time();
    connection.closed_ns = time(), connection.bytes_sent = random_(), connection.bytes_received = random_();
    connection.retransmits = 1, connection.requests = 2, connection.lost_bytes = random_();
    return connection;
  }

  HostInfo host() {
    HostInfo host;
    host.name = text(), host.host_id = random_(), host.boot_id = text(), host.run_id = text(), host.kernel = text();
    host.cpus = 2, host.memory_bytes = random_(), host.started_ns = time(), host.ended_ns = time();
    host.cpu_busy_ns = 5, host.tiers = "T0", host.scope = "all", host.recorder_cpu_ns = 1, host.events = random_();
    host.events_lost = random_();
    return host;
  }

  std::mt19937_64 random_;
};

}  // namespace

Batch generated_batch(uint64_t seed) { return Generator(seed).batch(); }

}  // namespace culprit
