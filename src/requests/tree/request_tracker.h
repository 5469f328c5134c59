// RequestTracker: owns every request from its first byte to its span.
//
//   stream bytes ──▶ EndpointTable ──▶ conversation ──▶ begin, end ──▶ RequestTree ──▶ SpanBuilder ──▶ rows
//   switches ──────▶ ThreadTable (kinds of waits) ────────────────────────┘
//
// One thread owns the tracker. It passes the events in the order of time and calls tick() between them. No function
// blocks. The memory is bounded, and the ledger counts what is dropped. The owner takes rows, ledger counts and changes
// of the capture policy from the tracker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/record.h"
#include "model/span.h"
#include "requests/input/ledger_counts.h"
#include "requests/input/stream.h"
#include "requests/input/table_size.h"
#include "requests/input/thread.h"
#include "requests/input/wall_clock.h"
#include "requests/scheduling/process_table.h"
#include "requests/scheduling/texts.h"
#include "requests/scheduling/thread_table.h"
#include "requests/streams/endpoint_table.h"
#include "requests/tree/parent_inference.h"
#include "requests/tree/request_tree.h"
#include "requests/tree/span_builder.h"

namespace culprit::requests {

struct TrackerOptions {
  uint64_t run = 0;                  // the recording's random number: the first half of the trace ids
  int64_t mono_ns = 0, wall_ns = 0;  // both clocks at the start of the recording
  EndpointOptions endpoints;
  size_t most_open_requests = 200'000;  // of all connections; about 1 KB each
  size_t most_processes = 65'536, most_threads = 131'072;
};

// A request that runs during the whole recording, so that none of its bytes were seen.
struct StandingRequest {
  int32_t pid = 0;
  bool waiting = false;  // the request waits for a lock
  Exchange exchange;
};

class RequestTracker final : private CurrentStatements {
 public:
  RequestTracker(TrackerOptions options, HostFacts& host);
  RequestTracker(const RequestTracker&) = delete;
  RequestTracker& operator=(const RequestTracker&) = delete;

  void on_stream(const StreamInfo& info);
  void on_bytes(const StreamBytes& bytes);
  // A datagram belongs to no connection. It only shows that its receiver waited for the network.
  void on_datagram(const StreamBytes& bytes);
  void on_stream_end(EndpointId id, int64_t time_ns);
  void on_retransmit(EndpointId id);
  void on_report(const StatementReport& report);
  // Events were lost. With `bytes`, the lost events may include bytes of any connection.
  void on_loss(LossInterval loss, bool bytes);

  void on_switch(const ThreadSwitch& event);
  void on_file_sync(const FileSync& sync) { threads_.on_file_sync(sync); }
  void on_thread_exit(int32_t tid, int64_t time_ns) { threads_.on_exit(tid, time_ns); }
  void on_fork(int32_t pid, int32_t parent_pid, int64_t time_ns) { processes_.forked(pid, parent_pid, time_ns); }
  void on_exec(int32_t pid) { processes_.executed(pid); }
  void on_process_exit(int32_t pid, int64_t time_ns) { processes_.exited(pid, time_ns); }
  // The server's own status showed at `mono_ns` that its process `pid`, which has one thread, waited for a lock.
  void on_lock_wait(int32_t pid, int64_t mono_ns);
  // The database reported that the process waits in this statement.
  void on_asked(int32_t pid, std::string_view statement, int64_t wall_ns);

  // Takes a later pair of readings of both clocks. Returns true if the wall clock was set.
  bool read_clock(int64_t mono_ns, int64_t wall_ns) { return clock_.read(mono_ns, wall_ns); }
  // Emits the settled requests. Called about 20 times per second.
  void settle(int64_t mono_ns);
  // Removes what has ended or is idle, and updates the ledger. Called about once per second.
  void tick(int64_t mono_ns);
  // Returns the processes of a service whose threads sleep and that have exchanged no bytes.
  std::vector<int32_t> silent(std::string_view service, const std::vector<SleepingThread>& sleeping);
  // Returns the single-threaded processes of a service whose request has been open since before `mono_ns`.
  std::vector<int32_t> serving_since(std::string_view service, int64_t mono_ns);
  // Returns the path of the Unix socket that the process's siblings serve.
  std::string sibling_path(int32_t pid);
  // Ends the recording: every request is emitted.
  void finish(int64_t mono_ns, const std::vector<SleepingThread>& sleeping, std::vector<StandingRequest> standing);

  // The rows since the last call.
  std::vector<Span>& spans() { return spans_; }
  std::vector<ThreadState>& thread_states() { return thread_states_; }
  LedgerCounts& ledger() { return ledger_; }
  std::vector<Connection> take_connections(int64_t mono_ns, bool all) { return endpoints_.take_rows(mono_ns, all); }
  std::vector<CaptureChange> take_capture_changes() { return endpoints_.take_capture_changes(); }
  bool capture_changed() const { return endpoints_.capture_changed(); }

  const WallClock& clock() const { return clock_; }
  const ProcessTable& processes() const { return processes_; }
  uint64_t requests() const { return requests_; }
  std::vector<TableSize> table_sizes() const;

 private:
  struct Segment {
    bool sent = false;
    int64_t moved_ns = 0;
    uint32_t position = 0, length_bytes = 0;
    std::string_view head, tail;
  };
  void feed(Endpoint& endpoint, Thread& thread, const Segment& segment);
  void take_events(Endpoint& endpoint, Thread* thread, const Segment* segment);
  void begin(Endpoint& endpoint, const ConversationEvent& event, Thread* thread, const Segment* segment);
  void leave_service(Endpoint& endpoint, OpenRequest& open);
  void end(Endpoint& endpoint, const ConversationEvent& event);
  void finish_request(Endpoint& endpoint, Request& request, Exchange exchange);
  void finish_parts(const Endpoint& endpoint, Request& request);
  void complete(Request& request, int64_t end_ns, const Endpoint* peer);
  bool is_request(Endpoint& endpoint, Request& request, Exchange& exchange);
  bool begun_before(Endpoint& endpoint, Exchange& exchange);
  void tie_begun_before(const Endpoint& endpoint, Request& request);
  void finish_standing(StandingRequest standing, int64_t mono_ns);
  void remember_statement(const Exchange& exchange, int32_t pid);
  void add_asked_text(int32_t pid, Exchange& exchange) const;
  void share_name(Request& request);
  void make_room(int64_t time_ns);
  void make_room_for_requests(int64_t time_ns);
  void count_evicted(int64_t time_ns);
  void close(Endpoint& endpoint, int64_t time_ns, Closing why);
  void emit_settled(int64_t mono_ns, bool all);
  uint64_t span_id(EndpointId endpoint, RequestToken token) const;
  RanStatement current_statement(const ProcessActivity& process) override;

  WallClock clock_;
  const int64_t start_ns_;
  LedgerCounts ledger_;
  const size_t most_open_requests_;
  Texts texts_;     // statements
  Texts services_;  // separate: generated statements must not displace them
  ProcessTable processes_;
  ThreadTable threads_;
  EndpointTable endpoints_;
  RequestTree tree_;
  ParentInference parents_;
  SpanBuilder builder_;
  std::vector<Span> spans_;
  std::vector<ThreadState> thread_states_;
  uint64_t requests_ = 0;
};

}  // namespace culprit::requests
