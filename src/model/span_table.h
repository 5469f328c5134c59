// Tables of spans: one line per column. tables.h explains the lines.
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
    "The part of the duration on a CPU; NULL if the threads were not recorded. The same holds for the next seven "
    "columns.",
    "The time ready without a CPU.",
    "The time waiting for a lock that another thread of the same program holds.",
    "The time waiting for a block device or a flush.",
    "The time waiting for bytes in transit or for socket buffer space, between machines.",
    "The time waiting for the answer of another program.",
    "The time in a sleep.",
    "The time blocked for an unknown reason."};

constexpr TableInfo table_info(Of<Span>) {
  return {.name = "span",
          .sentence =
              "A piece of work with a begin and an end: a span that a program reported, or a request as seen at its "
              "caller's end (kind client) or its server's end (kind server) of a socket. Frequent attribute keys of a "
              "segment are further columns with the name of the key, without regard to case: \"http.route\", "
              "\"db.query.text\". A key with values of several types has the type VARCHAR.",
          .unit = "span"};
}
template <class Table>
void describe(Table& t, Of<Span>) {
  t.trace_high(2, "trace_id", &Span::trace_id, "The trace of the span: 32 lower-case hex digits.");
  t.fixed(4, "span_id", &Span::span_id,
          "The id of the span within the trace, as a number; printf('%016x', span_id) is the usual form.");
  t.derived("parent_span_id", &Span::parent_span_id, "The id of the parent span, as sent; 0: none.");
  t.delta(1, "start_ns", &Span::start_ns,
          "When the span began: wall clock of its host, nanoseconds since 1970, as observed.");
  t.derived("duration_ns", &Span::duration_ns,
            "The duration in nanoseconds; negative if the sender reported an end before the start. A recorded "
            "request begins when its first bytes leave (client) or have arrived (server), and ends when the last "
            "bytes of its answer have arrived (client) or leave (server).");
  t.text(10, "service", &Span::service, "The service that did the work.");
  t.text(8, "name", &Span::name,
         "The operation, with few different values: a route, or a statement without its literals.");
  t.names(9, "kind", &Span::kind, kKindNames, "The kind: unspecified, internal, server, client, producer or consumer.");
  t.names(12, "status", &Span::status, kStatusNames, "The status: unset, ok or error.");
  t.text(13, "status_message", &Span::status_message, "The program's message about an error.");
  t.names(6, "link", &Span::link, kLinkNames,
          "How the parent is known: none, reported (the span names it), connection (two ends of one socket), "
          "same_thread, wake_up or containment (the likeliest open request).");
  t.real(7, "link_confidence", &Span::link_confidence, "The confidence in the parent, from 0 to 1.");
  t.text(14, "source", &Span::source, "The source of the span: recorder, otlp, otlp-json, jaeger, notation.");
  t.text(15, "host", &Span::host, "The host on which the work ran.");
  t.number(16, "pid", &Span::pid, "The process of the work, as in table process; 0: unknown.");
  t.number(17, "tid", &Span::tid, "The thread of the work; 0: unknown or several threads.");
  t.fixed(18, "connection", &Span::connection,
          "The socket end at which the request was seen, as in table connection; 0: none.");
  t.real(19, "weight", &Span::weight,
         "The number of spans that this span stands for: one divided by the probability with which it was kept.");
  t.number(20, "flags", &Span::flags,
           "Bits: 1 orphan, 2 negative duration, 4 unfinished, 8 begun before the recording, 16 statement text "
           "unknown, 32 text cut, 64 bytes missing while it ran, 128 events lost while it ran, 256 several "
           "statements at once, 512 opaque, 1024 duplicate, 2048 the same call as its parent seen by another "
           "observer, 4096 its connection ended before the answer, 8192 the server's end of a call with its"
           " client's id (only `culprit show` sets the bits 1, 2 and 8192).");
  t.number(21, "otel_flags", &Span::otel_flags, "The flags field of OpenTelemetry, as sent.");
  t.number(22, "dropped_attributes", &Span::dropped_attributes, "The number of attributes that the sender dropped.");
  t.number(23, "dropped_events", &Span::dropped_events, "The number of events that the sender dropped.");
  t.number(24, "dropped_links", &Span::dropped_links, "The number of links that the sender dropped.");
  t.derived("received_ns", &Span::received_ns,
            "When culprit received the span: wall clock of culprit's host; 0: unknown.");
  t.text(26, "trace_state", &Span::trace_state, "The W3C tracestate, as sent.");
  t.resource(37, "resource_id", &Span::resource, "The sender's row in table resource; 0: none.");
  t.waits(27, 28, &Span::waits, kWaitSentences);
  t.list(36, "blockers", &Span::blockers, Of<Blocker>(),
         "The processes that the request waited for, the longest wait first: kind of wait, duration, count, and "
         "the last statement of a lock holder.");
  t.list(39, "events", &Span::events, Of<SpanEvent>(),
         "The events that the program reported during the span; table log explains the letters of "
         "attribute_types.");
  t.list(40, "links", &Span::links, Of<SpanLink>(), "Links to other spans besides the parent.");
  t.span_attributes(38, &Span::attributes);
}

// The usual value of a span's field, from its other fields, modulo 2^64 because foreign times may overflow.
inline uint64_t waits_of(const Span& span) {
  uint64_t sum = 0;
  for (int64_t ns : span.waits.ns) sum += static_cast<uint64_t>(ns);
  return sum;
}
inline uint64_t end_of(const Span& span) {
  return static_cast<uint64_t>(span.start_ns) + static_cast<uint64_t>(span.duration_ns);
}

// Frames store each derived column in the shorter of two forms (docs/formats/frame.md). The order matters: each column
// depends on the ones above it.
template <class Table>
void describe_derived(Table& t, Of<Span>) {
  t.ids({.trace_low = 3, .parent = 5, .parent_ahead = 41, .trace_by_span = 42});
  if (!t.rest(44, &Span::duration_ns, waits_of)) t.number(11, "duration_ns", &Span::duration_ns);
  if (!t.rest(43, &Span::received_ns, end_of)) t.delta(25, "received_ns", &Span::received_ns);
}

constexpr TableInfo table_info(Of<Resource>) {
  return {
      .name = "resource",
      .sentence = "The sender of spans or logs: an OpenTelemetry resource with a scope. Each combination has one row."};
}
template <class Table>
void describe(Table& t, Of<Resource>) {
  t.own_id("resource_id", "The id in spans and logs: a hash of the other columns.");
  t.text(1, "service", &Resource::service, "The attribute service.name; empty: not given.");
  t.attributes(2, "attributes", "attribute_types", &Resource::attributes,
               "The attributes of the resource, with their values as text.");
  t.text(3, "schema_url", &Resource::schema_url, "The schema of the resource's attribute names.");
  t.text(4, "scope_name", &Resource::scope_name, "The instrumentation library.");
  t.text(5, "scope_version", &Resource::scope_version, "The version of the instrumentation library.");
  t.text(6, "scope_schema_url", &Resource::scope_schema_url, "The schema of the scope's attribute names.");
  t.attributes(7, "scope_attributes", "scope_attribute_types", &Resource::scope_attributes,
               "The attributes of the scope, with their values as text.");
  t.number(8, "dropped_attributes", &Resource::dropped_attributes, "The number of attributes that the sender dropped.");
}

}  // namespace culprit
