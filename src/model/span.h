// Span: a piece of work with a begin and an end.
//
// There are three sources of spans: a span that an application reported (source otlp, jaeger, notation), a request as
// seen at its caller's end of a socket (kind Client, source recorder), and the same request as seen at its server's end
// (kind Server, source recorder; its parent is the Client span if both ends were recorded). Times are stored as
// observed and never changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/attribute.h"

namespace culprit {

struct TraceId {
  uint64_t high = 0, low = 0;
  auto operator<=>(const TraceId&) const = default;
  bool zero() const { return (high | low) == 0; }
};
std::string to_hex(TraceId id);        // 32 lower-case digits
std::string span_id_hex(uint64_t id);  // 16 lower-case digits
// Parses 1 to 32 hex digits in upper or lower case. A shorter text is padded with zeros in front. Other texts are
// refused.
std::optional<TraceId> parse_trace_id(std::string_view hex);
std::optional<uint64_t> parse_span_id(std::string_view hex);

// The numbers of all enums here are OTLP's or part of the frame format: new values are added at the end.
enum class SpanKind : uint8_t { Unspecified, Internal, Server, Client, Producer, Consumer };
enum class SpanStatus : uint8_t { Unset, Ok, Error };
inline constexpr std::string_view kKindNames[] = {"unspecified", "internal", "server",
                                                  "client",      "producer", "consumer"};
inline constexpr std::string_view kStatusNames[] = {"unset", "ok", "error"};

// The state of a thread, or of a request on it. The order is part of the frame format.
enum class Wait : uint8_t {
  Running,   // on a CPU
  Runnable,  // ready, waiting for a CPU
  Lock,      // waits for a futex, a semaphore or a server's lock that another thread of the same program holds
  Disk,      // waits for a block device or a flush
  Network,   // waits for bytes in transit or for space in a socket buffer, between machines
  Peer,      // waits for another program's answer
  Sleep,     // waits for a time
  Other,     // blocked for an unknown reason
};
constexpr int kWaits = 8;
// The names in tables, by number.
inline constexpr std::string_view kWaitNames[kWaits] = {"running", "runnable", "lock",  "disk",
                                                        "network", "peer",     "sleep", "other"};
std::string_view to_string(Wait wait);

// Nanoseconds by kind of wait. If the thread was not recorded, all are zero and `known` is false.
struct WaitSums {
  bool known = false;
  int64_t ns[kWaits] = {};
  int64_t& operator[](Wait wait) { return ns[static_cast<int>(wait)]; }
  int64_t operator[](Wait wait) const { return ns[static_cast<int>(wait)]; }
};

// The thread or device that a request waited for. A span has at most kMaxBlockers of them, the longest wait first.
struct Blocker {
  // Runnable: it had the CPU; Lock: it released or holds the lock; Peer: it answered late; Disk: it issued the I/O
  Wait wait = Wait::Other;
  int32_t pid = 0, tid = 0;
  int64_t duration_ns = 0;
  int32_t count = 0;  // number of waits in this sum
  // Lock: the last statement of the holder before it released the lock, or that has been running since; literals
  // removed.
  std::string statement;
  bool operator==(const Blocker&) const = default;
};
constexpr size_t kMaxBlockers = 8;

// How a span's parent is known, ordered by certainty.
enum class LinkHow : uint8_t {
  None,         // no parent
  Reported,     // the span itself (OTLP), a traceparent header or an SQL comment names it
  Connection,   // the two ends of one socket
  SameThread,   // the thread that worked on the parent sent the request
  WakeUp,       // handed over: a thread that worked on the parent woke the sender
  Containment,  // the only or the likeliest open request of the process
};
inline constexpr std::string_view kLinkNames[] = {"none",        "reported", "connection",
                                                  "same_thread", "wake_up",  "containment"};
std::string_view to_string(LinkHow how);

// Bits of Span::flags: defects and special properties of a span. They are part of the frame format and of the tables.
enum SpanFlag : uint32_t {
  kOrphan = 1,            // names a parent that is missing
  kNegativeDuration = 2,  // ends before it begins; excluded from latencies
  kUnfinished = 4,        // had not ended when the recording ended: its duration is a lower bound
  kBegunBefore = 8,       // had begun before the recording
  kTextUnknown = 16,      // the text of its statement was never seen
  kTextCut = 32,          // the text was longer than the captured part
  kHole = 64,             // bytes of its connection are missing while it ran
  kLossOverlap = 128,     // events were lost while it ran: its waits are a lower bound
  kBatch = 256,           // several statements with one answer; the duration is that of the batch
  kOpaque = 512,          // an exchange in an unknown or encrypted protocol
  kDuplicate = 1024,
  kOtherObserver = 2048,  // the same call as its parent, seen by another observer; counted once
  kUnanswered = 4096,     // its connection ended before the answer
  kSharedId = 8192,  // the server's end of a call with the same id as its parent, the client's end; set when linking
};

struct SpanEvent {
  int64_t time_ns = 0;
  std::string name;
  Attributes attributes;
  uint32_t dropped_attributes = 0;
  bool operator==(const SpanEvent&) const = default;
};
struct SpanLink {
  TraceId trace_id;
  uint64_t span_id = 0;
  std::string trace_state;
  Attributes attributes;
  uint32_t flags = 0, dropped_attributes = 0;
  bool operator==(const SpanLink&) const = default;
};

struct Span {
  TraceId trace_id;
  uint64_t span_id = 0, parent_span_id = 0;  // 0: none
  LinkHow link = LinkHow::None;              // how the parent is known
  float link_confidence = 1;                 // 0–1
  std::string name;
  SpanKind kind = SpanKind::Unspecified;
  std::string service;
  int64_t start_ns = 0, duration_ns = 0;  // wall clock; nanoseconds
  SpanStatus status = SpanStatus::Unset;
  std::string status_message;
  std::string source;        // recorder, otlp-json, otlp, jaeger, notation
  std::string host;          // host.name, or the recorder's host
  int32_t pid = 0, tid = 0;  // 0: unknown; pid as in table process
  uint64_t connection = 0;   // id in table connection; 0: none
  double weight = 1;         // number of spans that this span stands for (1 / inclusion probability)
  uint32_t flags = 0;        // SpanFlag
  uint32_t otel_flags = 0;   // as sent
  uint32_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
  int64_t received_ns = 0;
  std::string trace_state;
  WaitSums waits;  // the waits of the threads that worked on the span
  std::vector<Blocker> blockers;
  uint32_t resource = 0;  // index into the batch's resources
  Attributes attributes;
  std::vector<SpanEvent> events;
  std::vector<SpanLink> links;

  int64_t end_ns() const { return start_ns + duration_ns; }
};

}  // namespace culprit
