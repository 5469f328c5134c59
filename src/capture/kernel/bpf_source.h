// BpfSource: the EventSource that reads the running kernel by BPF programs on its tracepoints (capture/bpf).
//
// Owns the programs, maps and rings. Nothing is pinned, so the kernel removes them when the process ends, also after
// kill -9. Needs CAP_BPF and CAP_PERFMON (or CAP_SYS_ADMIN) until start() has returned; drop_rights() gives them up.
#pragma once

#include <memory>

#include "capture/kernel/event_source.h"

namespace culprit::capture {

// Loads the programs without attaching them. Errors: Denied if rights are missing (the fix names them), Unavailable if
// the kernel lacks a feature.
Result<std::unique_ptr<EventSource>> open_bpf_source(const SourceOptions& options);

// The rights that are needed after the probes are attached.
enum class Rights : uint8_t {
  None,
  ReadServers,    // the memory of PostgreSQL servers, for the text of long statements
  FollowServers,  // the same, and probes on PostgreSQL servers that start later, also in containers
};
// Gives up all capabilities except those of `keep`, for this process and the programs that it executes. Must be called
// from the thread that called start(). Threads that exist already keep their capabilities.
Result<void> drop_rights(Rights keep);

}  // namespace culprit::capture
