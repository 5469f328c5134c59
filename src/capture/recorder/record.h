// record: one recording, from attaching the probes to the last batch in the sink.
//
// Runs on the calling thread until the time is over, `stop` is set or the command has ended. The sink is flushed when
// it returns. With a database inspector, a second thread asks it for lock waits once a second.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/host/host_view.h"
#include "capture/kernel/event_source.h"
#include "model/database_inspector.h"
#include "model/record.h"
#include "model/sink.h"

namespace culprit::capture {

struct RecordProgress {
  int64_t elapsed_ns = 0;
  uint64_t events = 0, requests = 0;
};

struct RecordOptions {
  // Exactly one of the three is set. Descendants are recorded too.
  bool all = false;
  std::vector<int32_t> pids;
  std::vector<std::string> command;  // run, record, stop when it ends; its standard streams are those of the recorder

  int64_t duration_ns = 0;              // 0: until stopped, or until the command ends
  uint32_t ring_size_bytes = 8u << 20;  // for each CPU
  // tier T1: PostgreSQL's activity, by a probe; otherwise only its long statements, read from its memory
  bool database_probes = true;
  bool measure_programs = false;
  bool drop_rights = false;              // after attaching, give up all rights that are no longer needed, permanently
  DatabaseInspector* inquiry = nullptr;  // --ask; may be null
  const std::atomic<bool>* stop = nullptr;
  // on_attached: everything from now on is recorded. on_progress: about once a second.
  std::function<void()> on_attached;
  std::function<void(const RecordProgress&)> on_progress;
};

struct RecordSummary {
  HostInfo host;                                             // with start, end, tiers and scope
  uint64_t events = 0, kept = 0, lost = 0, event_bytes = 0;  // events = kept + lost
  uint64_t requests = 0;
  // CPU time of the recorder's thread, in user space and in system calls; without the probes' time
  int64_t recorder_cpu_ns = 0;
  SourceCounts counts;                // events kept and lost by type, and the probes
  std::vector<TableSize> tables;      // the largest size of each table of the recorder
  std::vector<std::string> asked;     // the questions to databases
  std::optional<int> command_status;  // as in a shell: 128 + n if signal n ended it
};

Result<RecordSummary> record(const RecordOptions& options, Sink& sink);

// The same with given parts, for tests and other sources. `source` must not be started yet.
Result<RecordSummary> record_from(EventSource& source, HostView& view, const RecordOptions& options, Sink& sink);

}  // namespace culprit::capture
