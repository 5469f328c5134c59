// Rows as tables hold them: a batch's rows with the one thing that a batch says by position, whose resource it is.
#pragma once

#include <string_view>

#include "model/batch.h"

namespace culprit {

// What identifies a resource across batches and segments: a hash of all that it says. 0: none was given.
uint64_t resource_id(const Resource& resource);

struct StoredSpan {
  Span* span = nullptr;  // owned by whoever made this row
  uint64_t resource_id = 0;
};
// What the checks of a trace's structure ask of a span, and no more.
struct SkeletonSpan {
  Span* span = nullptr;
};
struct StoredLog {
  LogRecord log;
  uint64_t resource_id = 0;
};
struct StoredResource {
  Resource resource;
  uint64_t resource_id = 0;
};

// Words in tables for the numbers of enums, by number.
inline constexpr std::string_view kWaitNames[] = {"running", "runnable", "lock",  "disk",
                                                  "network", "peer",     "sleep", "other"};
inline constexpr const char* kWaitColumns[] = {"running_ns", "runnable_ns", "lock_ns",  "disk_ns",
                                               "network_ns", "peer_ns",     "sleep_ns", "other_ns"};
inline constexpr std::string_view kKindNames[] = {"unspecified", "internal", "server",
                                                  "client",      "producer", "consumer"};
inline constexpr std::string_view kStatusNames[] = {"unset", "ok", "error"};
inline constexpr std::string_view kLinkNames[] = {"none",        "reported", "connection",
                                                  "same_thread", "wake_up",  "containment"};
inline constexpr std::string_view kEvidenceNames[] = {"exact", "bounded", "heuristic", "unknown"};

}  // namespace culprit
