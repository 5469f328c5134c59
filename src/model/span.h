// Span: a piece of work with a begin and an end.
//
// Three things are spans: what an application reported (source otlp, jaeger, notation), a request as its caller's end of
// a socket saw it (kind Client, source recorder), and the same request as its server's end saw it (kind Server, source
// recorder; parent is the Client span where both ends were recorded). Times are as observed, never rewritten.
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
// From 1 to 32 hex digits of either case (shorter ones are padded in front); nothing else.
std::optional<TraceId> parse_trace_id(std::string_view hex);
std::optional<uint64_t> parse_span_id(std::string_view hex);

// The numbers of all enums here are those of OTLP or part of the frame format: append only.
enum class SpanKind : uint8_t { Unspecified, Internal, Server, Client, Producer, Consumer };
enum class SpanStatus : uint8_t { Unset, Ok, Error };
inline constexpr std::string_view kKindNames[] = {"unspecified", "internal", "server",
                                                  "client",      "producer", "consumer"};
inline constexpr std::string_view kStatusNames[] = {"unset", "ok", "error"};

// What a thread, or a request on it, was doing. Order is part of the frame format.
enum class Wait : uint8_t {
  Running,   // on a CPU
  Runnable,  // ready, waiting for a CPU
  Lock,      // for something that another thread of the same program gives free (futex, semaphore, a server's lock)
  Disk,      // for a block device, or a flush
  Network,   // for bytes that are under way or for room in a socket, between machines
  Peer,      // for another program's answer
  Sleep,     // for time to pass
  Other,     // blocked, reason not known
};
constexpr int kWaits = 8;
// By number, as tables write them.
inline constexpr std::string_view kWaitNames[kWaits] = {"running", "runnable", "lock",  "disk",
                                                        "network", "peer",     "sleep", "other"};
std::string_view to_string(Wait wait);

// Nanoseconds by kind of wait; all zero and `known` false where nobody watched the thread.
struct WaitSums {
  bool known = false;
  int64_t ns[kWaits] = {};
  int64_t& operator[](Wait wait) { return ns[static_cast<int>(wait)]; }
  int64_t operator[](Wait wait) const { return ns[static_cast<int>(wait)]; }
};

// Who a request waited for, longest first; a span has at most kMaxBlockers of them.
struct Blocker {
  Wait wait = Wait::Other;  // Runnable: had the CPU; Lock: gave it free, or holds it; Peer: answered late; Disk: issued
  int32_t pid = 0, tid = 0;
  int64_t duration_ns = 0;
  int32_t count = 0;  // waits that this sums
  // Lock: the last statement the holder ran before it gave the lock free (or has run since), literals removed.
  std::string statement;
  bool operator==(const Blocker&) const = default;
};
constexpr size_t kMaxBlockers = 8;

// How a span's parent is known, from sure to less sure.
enum class LinkHow : uint8_t {
  None,         // no parent
  Reported,     // the span says so itself (OTLP), or a traceparent header or SQL comment did
  Connection,   // the two ends of one socket
  SameThread,   // sent by the thread that was handling the parent
  WakeUp,       // handed over: the parent's thread woke the one that sent it
  Containment,  // the only (or likeliest) request under way in that process
};
inline constexpr std::string_view kLinkNames[] = {"none",        "reported", "connection",
                                                  "same_thread", "wake_up",  "containment"};
std::string_view to_string(LinkHow how);

// Bits of Span::flags: what is wrong or special with this span. Part of the frame format and of the tables.
enum SpanFlag : uint32_t {
  kOrphan = 1,            // names a parent that is not there
  kNegativeDuration = 2,  // ends before it begins; excluded from latencies
  kUnfinished = 4,        // had not ended when the recording did: its duration is a lower bound
  kBegunBefore = 8,       // had begun when the recording did
  kTextUnknown = 16,      // a statement whose text was never seen
  kTextCut = 32,          // the text was longer than the capture
  kHole = 64,             // bytes of its connection are missing while it ran
  kLossOverlap = 128,     // events were lost while it ran: its waits are a lower bound
  kBatch = 256,           // several statements answered at once; the duration is the batch's
  kOpaque = 512,          // an exchange whose protocol is not known or is encrypted
  kDuplicate = 1024,
  kOtherObserver = 2048,  // the same call as its parent, seen by another observer: counted once
  kUnanswered = 4096,     // its connection ended before the answer did
  kSharedId =
      8192,  // the server's end of a call whose client's end has the same id: its parent; set as traces are linked
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
  LinkHow link = LinkHow::None;              // to the parent
  float link_confidence = 1;                 // 0–1
  std::string name;
  SpanKind kind = SpanKind::Unspecified;
  std::string service;
  int64_t start_ns = 0, duration_ns = 0;  // wall clock; nanoseconds
  SpanStatus status = SpanStatus::Unset;
  std::string status_message;
  std::string source;        // recorder, otlp-json, otlp, jaeger, notation
  std::string host;          // host.name, or the recorder's host
  int32_t pid = 0, tid = 0;  // 0: unknown. pid: as in table process
  uint64_t connection = 0;   // id in table connection; 0: none
  double weight = 1;         // stands for so many spans (1 / inclusion probability)
  uint32_t flags = 0;        // SpanFlag
  uint32_t otel_flags = 0;   // as sent
  uint32_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
  int64_t received_ns = 0;
  std::string trace_state;
  WaitSums waits;  // of the thread(s) that worked on it
  std::vector<Blocker> blockers;
  uint32_t resource = 0;  // index into the batch's resources
  Attributes attributes;
  std::vector<SpanEvent> events;
  std::vector<SpanLink> links;

  int64_t end_ns() const { return start_ns + duration_ns; }
};

}  // namespace culprit
