// BpfSource: the EventSource that asks the running kernel, by BPF programs on its tracepoints (capture/bpf).
//
// Owns the programs, maps and rings; all of them go when it goes, also by kill -9, for nothing is pinned. Needs CAP_BPF
// and CAP_PERFMON (or CAP_SYS_ADMIN) until start() has returned; drop_rights() gives them up.
#pragma once

#include <memory>

#include "capture/kernel/event_source.h"

namespace culprit::capture {

// Loads the programs, attaches nothing yet. Denied where rights lack (the fix says which), Unavailable where the
// kernel cannot do it.
Result<std::unique_ptr<EventSource>> open_bpf_source(const SourceOptions& options);

// What is still needed after the probes are attached.
enum class Rights : uint8_t {
  None,
  FollowServers,  // to probe PostgreSQL servers that are started later, also in containers
};
// Gives up, for this process and what it executes, every capability but those. From the thread that called start();
// threads that exist already keep theirs.
Result<void> drop_rights(Rights keep);

}  // namespace culprit::capture
