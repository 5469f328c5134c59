// Tables of spans: one line a column. tables.h explains the lines.
#pragma once

#include "model/ledger.h"
#include "model/record.h"
#include "model/table.h"

namespace culprit {

template <class Table>
void describe(Table& t, Of<Blocker>) {
  t.names(1, "wait", &Blocker::wait, kWaitNames, "");
  t.number(2, "pid", &Blocker::pid, "");
  t.number(3, "tid", &Blocker::tid, "");
  t.number(4, "duration_ns", &Blocker::duration_ns, "");
  t.number(5, "count", &Blocker::count, "");
  t.text(6, "statement", &Blocker::statement, "");
}

template <class Table>
void describe(Table& t, Of<SpanEvent>) {
  t.delta(1, "time_ns", &SpanEvent::time_ns, "");
  t.text(2, "name", &SpanEvent::name, "");
  t.attributes(3, "attributes", "attribute_types", &SpanEvent::attributes, "");
  t.number(4, "dropped_attributes", &SpanEvent::dropped_attributes, "");
}

template <class Table>
void describe(Table& t, Of<SpanLink>) {
  t.trace_id(2, 3, "trace_id", &SpanLink::trace_id, "");
  t.fixed(1, "span_id", &SpanLink::span_id, "");
  t.text(4, "trace_state", &SpanLink::trace_state, "");
  t.attributes(5, "attributes", "attribute_types", &SpanLink::attributes, "");
  t.number(6, "flags", &SpanLink::flags, "");
  t.number(7, "dropped_attributes", &SpanLink::dropped_attributes, "");
}

inline constexpr const char* kWaitSentences[kWaits] = {
    "Of its duration, on a CPU; NULL where nobody watched its threads. So the seven below.",
    "Ready and waiting for a CPU.",
    "Waiting for something that another thread of the same program gives free.",
    "Waiting for a block device or a flush.",
    "Waiting for bytes under way, or for room in a socket, between machines.",
    "Waiting for another program's answer.",
    "Waiting for time to pass.",
    "Blocked for a reason that is not known."};

constexpr TableInfo table_info(Of<Span>) {
  return {.name = "span",
          .sentence =
              "A piece of work with a begin and an end: a span that a program reported, or a request as its caller's "
              "(kind client) or its server's (kind server) end of a socket saw it. Attribute keys that are frequent in "
              "a segment are further columns, named by the key whatever its case: \"http.route\", \"db.query.text\"; "
              "a key whose values are of several types is VARCHAR.",
          .unit = "span"};
}
template <class Table>
void describe(Table& t, Of<Span>) {
  t.trace_high(2, "trace_id", &Span::trace_id, "The trace it belongs to: 32 lower-case hex digits.");
  t.fixed(4, "span_id", &Span::span_id,
          "Its id within the trace, as a number; printf('%016x', span_id) is the usual form.");
  t.derived("parent_span_id", &Span::parent_span_id, "The span that caused it, as sent; 0 where there is none.");
  t.delta(1, "start_ns", &Span::start_ns,
          "When it began: wall clock of its host, nanoseconds since 1970, as observed.");
  t.derived("duration_ns", &Span::duration_ns,
            "How long it took, in nanoseconds; negative where the sender said it ended before it began. A "
            "recorded request begins when its first bytes leave (client) or have come (server), and ends with the"
            " last of its answer likewise.");
  t.text(10, "service", &Span::service, "What people call the program that did it.");
  t.text(8, "name", &Span::name,
         "What was done, of few different values: an operation, a route, a statement without its literals.");
  t.names(9, "kind", &Span::kind, kKindNames, "unspecified, internal, server, client, producer or consumer.");
  t.names(12, "status", &Span::status, kStatusNames, "unset, ok or error.");
  t.text(13, "status_message", &Span::status_message, "What the program said about an error.");
  t.names(6, "link", &Span::link, kLinkNames,
          "How its parent is known: none, reported (the span says so), connection (two ends of one socket), "
          "same_thread, wake_up or containment (the likeliest request under way).");
  t.real(7, "link_confidence", &Span::link_confidence, "How sure that is, from 0 to 1.");
  t.text(14, "source", &Span::source, "Who saw it: recorder, otlp, otlp-json, jaeger, notation.");
  t.text(15, "host", &Span::host, "The machine it ran on.");
  t.number(16, "pid", &Span::pid, "The process it ran in, as in table process; 0 where unknown.");
  t.number(17, "tid", &Span::tid, "The thread it ran on; 0 where unknown or several.");
  t.fixed(18, "connection", &Span::connection,
          "The end of a socket it was seen on, as in table connection; 0 for none.");
  t.real(19, "weight", &Span::weight, "It stands for so many spans: one over the probability with which it was kept.");
  t.number(20, "flags", &Span::flags,
           "Bits: 1 orphan, 2 negative duration, 4 unfinished, 8 begun before the recording, 16 statement text "
           "unknown, 32 text cut, 64 bytes missing while it ran, 128 events lost while it ran, 256 several "
           "statements at once, 512 opaque, 1024 duplicate, 2048 the same call as its parent seen by another "
           "observer, 4096 its connection ended before the answer did, 8192 the server's end of a call under its"
           " client's id (set by `culprit show` alone, as 1 and 2).");
  t.number(21, "otel_flags", &Span::otel_flags, "The flags field of OpenTelemetry, as sent.");
  t.number(22, "dropped_attributes", &Span::dropped_attributes, "Attributes that the sender dropped.");
  t.number(23, "dropped_events", &Span::dropped_events, "Events that the sender dropped.");
  t.number(24, "dropped_links", &Span::dropped_links, "Links that the sender dropped.");
  t.derived("received_ns", &Span::received_ns, "When it reached us: our wall clock; 0 where it was not noted.");
  t.text(26, "trace_state", &Span::trace_state, "The W3C tracestate, as sent.");
  t.resource(37, "resource_id", &Span::resource, "Who emitted it, as in table resource; 0 for none.");
  t.waits(27, 28, &Span::waits, kWaitSentences);
  t.list(36, "blockers", &Span::blockers, Of<Blocker>(),
         "Who it waited for, longest first: in which kind of wait, how long, how often, and the last statement"
         " of the holder.");
  t.list(39, "events", &Span::events, Of<SpanEvent>(),
         "What happened during it, as the program said; the letters of attribute_types are explained in table "
         "log.");
  t.list(40, "links", &Span::links, Of<SpanLink>(), "Spans elsewhere that it names besides its parent.");
  t.span_attributes(38, &Span::attributes);
}

// What a span's fields mostly are by its others, modulo 2^64: a stranger's times may be anything.
inline uint64_t waits_of(const Span& span) {
  uint64_t sum = 0;
  for (int64_t ns : span.waits.ns) sum += static_cast<uint64_t>(ns);
  return sum;
}
inline uint64_t end_of(const Span& span) {
  return static_cast<uint64_t>(span.start_ns) + static_cast<uint64_t>(span.duration_ns);
}

// How frames hold a span's derived columns: the shorter of two ways (docs/formats/frame.md). In this order: each needs what
// stands above it.
template <class Table>
void describe_derived(Table& t, Of<Span>) {
  t.ids({.trace_low = 3, .parent = 5, .parent_ahead = 41, .trace_by_span = 42});
  if (!t.rest(44, &Span::duration_ns, waits_of)) t.number(11, "duration_ns", &Span::duration_ns);
  if (!t.rest(43, &Span::received_ns, end_of)) t.delta(25, "received_ns", &Span::received_ns);
}

constexpr TableInfo table_info(Of<Resource>) {
  return {.name = "resource",
          .sentence = "Who emits spans or logs: a resource of OpenTelemetry with a scope, each combination once."};
}
template <class Table>
void describe(Table& t, Of<Resource>) {
  t.own_id("resource_id", "What spans and logs name it by: a hash of all the rest.");
  t.text(1, "service", &Resource::service, "service.name; empty where it was not given.");
  t.attributes(2, "attributes", "attribute_types", &Resource::attributes, "The resource's attributes, values as text.");
  t.text(3, "schema_url", &Resource::schema_url, "The schema that the resource's names follow.");
  t.text(4, "scope_name", &Resource::scope_name, "The instrumentation library.");
  t.text(5, "scope_version", &Resource::scope_version, "Its version.");
  t.text(6, "scope_schema_url", &Resource::scope_schema_url, "The schema that its names follow.");
  t.attributes(7, "scope_attributes", "scope_attribute_types", &Resource::scope_attributes,
               "The scope's attributes, values as text.");
  t.number(8, "dropped_attributes", &Resource::dropped_attributes, "Attributes that the sender dropped.");
}

}  // namespace culprit
