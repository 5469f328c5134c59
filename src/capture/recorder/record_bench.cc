// record_bench: records this machine as `culprit record` does, without storing rows, and prints cost and results.
//
//   capture_record_bench SECONDS all|PID [FILE]    FILE: a line for each span, process, connection and ledger row
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/text.h"
#include "capture/recorder/record.h"

namespace {

using namespace culprit;

class PrintingSink : public Sink {
 public:
  explicit PrintingSink(FILE* file) : file_(file) {}

  Result<Ticket> push(Batch batch) override {
    spans_ += batch.spans.size();
    states_ += batch.thread_states.size();
    if (file_) print(batch);
    return Ticket{++sequence_};
  }
  Result<void> flush() override { return {}; }

  uint64_t spans_ = 0, states_ = 0;

 private:
  void print(const Batch& batch) {
    for (const Span& span : batch.spans) print(span);
    for (const Process& p : batch.processes)
      std::fprintf(file_, "process\t%d\t%d\t%s\t%s\t%s\trun %" PRId64 "\trunnable %" PRId64 "\t%d\n", p.pid,
                   p.parent_pid, p.name.c_str(), p.service.c_str(), p.command.c_str(), p.running_ns, p.runnable_ns,
                   p.recorded);
    for (const Connection& c : batch.connections)
      std::fprintf(file_, "connection\t%" PRIx64 "\t%" PRIx64 "\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%" PRIu64 "\n", c.id,
                   c.peer_id, c.pid, c.peer_pid, c.server ? "server" : "client", c.transport.c_str(), c.local.c_str(),
                   c.peer.c_str(), c.protocol.c_str(), c.requests);
    for (const LedgerRow& row : batch.ledger)
      std::fprintf(file_, "ledger\t%s\t%s\t%" PRId64 "\t%s\t%s\n", row.kind.c_str(), row.unit.c_str(), row.n,
                   row.stage.c_str(), row.detail.c_str());
  }
  void print(const Span& s) {
    std::fprintf(file_, "span\t%s\t%s\t%s\t%s\t%.2f\t%s\t%s\t%s\t%d\t%d\t%" PRId64 "\t%" PRId64 "\tflags %x\t%s\twaits",
                 to_hex(s.trace_id).c_str(), span_id_hex(s.span_id).c_str(), span_id_hex(s.parent_span_id).c_str(),
                 std::string(to_string(s.link)).c_str(), static_cast<double>(s.link_confidence),
                 s.kind == SpanKind::Server ? "server" : "client", s.service.c_str(), s.name.c_str(), s.pid, s.tid,
                 s.start_ns, s.duration_ns, s.flags, std::string(find_text(s.attributes, "db.query.text")).c_str());
    for (int wait = 0; wait < kWaits; ++wait) std::fprintf(file_, " %" PRId64, s.waits.known ? s.waits.ns[wait] : -1);
    for (const Blocker& b : s.blockers)
      std::fprintf(file_, "\t%s %d/%d %" PRId64 " x%d [%s]", std::string(to_string(b.wait)).c_str(), b.pid, b.tid,
                   b.duration_ns, b.count, b.statement.c_str());
    std::fputc('\n', file_);
  }

  FILE* file_;
  uint64_t sequence_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fprintf(stderr, "usage: capture_record_bench SECONDS all|PID [FILE]\n"), 2;
  FILE* file = argc > 3 ? std::fopen(argv[3], "w") : nullptr;
  PrintingSink sink(file);
  capture::RecordOptions options;
  options.duration_ns = static_cast<int64_t>(std::atof(argv[1]) * 1e9);
  options.all = std::strcmp(argv[2], "all") == 0;
  if (!options.all) options.pids = {std::atoi(argv[2])};
  options.on_attached = [] { std::fprintf(stderr, "attached\n"); };
  if (const char* ring = std::getenv("RING")) options.ring_size_bytes = static_cast<uint32_t>(std::atoi(ring)) << 10;
  auto result = capture::record(options, sink);
  if (file) std::fclose(file);
  if (!result.has_value())
    return std::fprintf(stderr, "%s\n%s\n", result.error().message.c_str(), result.error().fix.c_str()), 3;
  const capture::RecordSummary& summary = result.value();
  const double seconds = static_cast<double>(summary.host.ended_ns - summary.host.started_ns) / 1e9;
  std::printf("%.1f s  tiers %s  %s events = %s kept + %s lost  %s\n", seconds, summary.host.tiers.c_str(),
              format_count(static_cast<int64_t>(summary.events)).c_str(),
              format_count(static_cast<int64_t>(summary.kept)).c_str(),
              format_count(static_cast<int64_t>(summary.lost)).c_str(), format_bytes(summary.event_bytes).c_str());
  std::printf("%" PRIu64 " requests  %" PRIu64 " spans  %" PRIu64 " states  %.3f CPU-s  %.0f ns/event\n",
              summary.requests, sink.spans_, sink.states_, static_cast<double>(summary.recorder_cpu_ns) / 1e9,
              static_cast<double>(summary.recorder_cpu_ns) / static_cast<double>(summary.kept ? summary.kept : 1));
  for (const auto& probe : summary.counts.probes)
    if (!probe.reason.empty()) std::printf("probe %s: %s\n", probe.name.c_str(), probe.reason.c_str());
  return 0;
}
