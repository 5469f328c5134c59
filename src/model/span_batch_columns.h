// The columns of spans and of whom they come from, as batch_columns.h describes them. Part of the frame format: append only.
#pragma once

#include "model/batch.h"

namespace culprit::batch_columns {

template <class Row>
struct Of {};

// Columns that hold two fields together, in the shorter of two ways (docs/formats/frame.md).
struct IdColumns {
  uint32_t trace_low, parent, parent_ahead, trace_by_span;
};

// What a span's fields mostly are by its others, modulo 2^64: a stranger's times may be anything.
inline uint64_t waits_of(const Span& span) {
  uint64_t sum = 0;
  for (int64_t ns : span.waits.ns) sum += static_cast<uint64_t>(ns);
  return sum;
}
inline uint64_t end_of(const Span& span) {
  return static_cast<uint64_t>(span.start_ns) + static_cast<uint64_t>(span.duration_ns);
}

template <class Table>
void describe(Table& t, Of<Resource>) {
  t.text(1, &Resource::service);
  t.attributes(2, &Resource::attributes);
  t.text(3, &Resource::schema_url);
  t.text(4, &Resource::scope_name);
  t.text(5, &Resource::scope_version);
  t.text(6, &Resource::scope_schema_url);
  t.attributes(7, &Resource::scope_attributes);
  t.number(8, &Resource::dropped_attributes);
}

template <class Table>
void describe(Table& t, Of<Blocker>) {
  t.choice(1, &Blocker::wait, Wait::Other);
  t.number(2, &Blocker::pid);
  t.number(3, &Blocker::tid);
  t.number(4, &Blocker::duration_ns);
  t.number(5, &Blocker::count);
  t.text(6, &Blocker::statement);
}

template <class Table>
void describe(Table& t, Of<SpanEvent>) {
  t.delta(1, &SpanEvent::time_ns);
  t.text(2, &SpanEvent::name);
  t.attributes(3, &SpanEvent::attributes);
  t.number(4, &SpanEvent::dropped_attributes);
}

template <class Table>
void describe(Table& t, Of<SpanLink>) {
  t.fixed(1, &SpanLink::span_id);
  t.fixed(2, [](auto& row) -> auto& { return row.trace_id.high; });
  t.fixed(3, [](auto& row) -> auto& { return row.trace_id.low; });
  t.text(4, &SpanLink::trace_state);
  t.attributes(5, &SpanLink::attributes);
  t.number(6, &SpanLink::flags);
  t.number(7, &SpanLink::dropped_attributes);
}

template <class Table>
void describe(Table& t, Of<Span>) {
  t.delta(1, &Span::start_ns);
  t.fixed(2, [](auto& row) -> auto& { return row.trace_id.high; });
  t.fixed(4, &Span::span_id);
  t.ids({.trace_low = 3, .parent = 5, .parent_ahead = 41, .trace_by_span = 42});
  t.choice(6, &Span::link, LinkHow::Containment);
  t.real(7, &Span::link_confidence);
  t.text(8, &Span::name);
  t.choice(9, &Span::kind, SpanKind::Consumer);
  t.text(10, &Span::service);
  t.choice(12, &Span::status, SpanStatus::Error);
  t.text(13, &Span::status_message);
  t.text(14, &Span::source);
  t.text(15, &Span::host);
  t.number(16, &Span::pid);
  t.number(17, &Span::tid);
  t.fixed(18, &Span::connection);
  t.real(19, &Span::weight);
  t.number(20, &Span::flags);
  t.number(21, &Span::otel_flags);
  t.number(22, &Span::dropped_attributes);
  t.number(23, &Span::dropped_events);
  t.number(24, &Span::dropped_links);
  t.text(26, &Span::trace_state);
  t.number(27, [](auto& row) -> auto& { return row.waits.known; });
  for (uint32_t wait = 0; wait < kWaits; ++wait)
    t.number(28 + wait, [wait](auto& row) -> auto& { return row.waits.ns[wait]; });
  t.nested(36, &Span::blockers, Of<Blocker>());
  t.number(37, &Span::resource);
  t.attributes(38, &Span::attributes);
  t.nested(39, &Span::events, Of<SpanEvent>());
  t.nested(40, &Span::links, Of<SpanLink>());
  // In this order: each needs what stands above it.
  if (!t.rest(44, &Span::duration_ns, waits_of)) t.number(11, &Span::duration_ns);
  if (!t.rest(43, &Span::received_ns, end_of)) t.delta(25, &Span::received_ns);
}

}  // namespace culprit::batch_columns
