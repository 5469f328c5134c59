// The columns of spans and of whom they come from, as table_columns.h describes them.
#pragma once

#include "model/batch.h"
#include "store/files/stored.h"

namespace culprit::table_columns {

template <class Row>
struct Of {};

template <class Table>
void describe(Table& t, Of<Blocker>) {
  t.named("wait", &Blocker::wait, kWaitNames);
  t.number("pid", &Blocker::pid);
  t.number("tid", &Blocker::tid);
  t.number("duration_ns", &Blocker::duration_ns);
  t.number("count", &Blocker::count);
  t.text("statement", &Blocker::statement);
}

template <class Table>
void describe(Table& t, Of<SpanEvent>) {
  t.number("time_ns", &SpanEvent::time_ns);
  t.text("name", &SpanEvent::name);
  t.attributes("attributes", "attribute_types", &SpanEvent::attributes);
  t.number("dropped_attributes", &SpanEvent::dropped_attributes);
}

template <class Table>
void describe(Table& t, Of<SpanLink>) {
  t.trace_id("trace_id", &SpanLink::trace_id);
  t.number("span_id", &SpanLink::span_id);
  t.text("trace_state", &SpanLink::trace_state);
  t.attributes("attributes", "attribute_types", &SpanLink::attributes);
  t.number("flags", &SpanLink::flags);
  t.number("dropped_attributes", &SpanLink::dropped_attributes);
}

// The attributes' own columns follow these (span_cells.h).
template <class Table>
void describe(Table& t, Of<StoredSpan>) {
  auto of = [](auto member) { return [member](auto& row) -> auto& { return row.span->*member; }; };
  t.trace_id("trace_id", of(&Span::trace_id));
  t.number("span_id", of(&Span::span_id));
  t.number("parent_span_id", of(&Span::parent_span_id));
  t.number("start_ns", of(&Span::start_ns));
  t.number("duration_ns", of(&Span::duration_ns));
  t.text("service", of(&Span::service));
  t.text("name", of(&Span::name));
  t.named("kind", of(&Span::kind), kKindNames);
  t.named("status", of(&Span::status), kStatusNames);
  t.text("status_message", of(&Span::status_message));
  t.named("link", of(&Span::link), kLinkNames);
  t.number("link_confidence", of(&Span::link_confidence));
  t.text("source", of(&Span::source));
  t.text("host", of(&Span::host));
  t.number("pid", of(&Span::pid));
  t.number("tid", of(&Span::tid));
  t.number("connection", of(&Span::connection));
  t.number("weight", of(&Span::weight));
  t.number("flags", of(&Span::flags));
  t.number("otel_flags", of(&Span::otel_flags));
  t.number("dropped_attributes", of(&Span::dropped_attributes));
  t.number("dropped_events", of(&Span::dropped_events));
  t.number("dropped_links", of(&Span::dropped_links));
  t.number("received_ns", of(&Span::received_ns));
  t.text("trace_state", of(&Span::trace_state));
  t.number("resource_id", &StoredSpan::resource_id);
  for (int wait = 0; wait < kWaits; ++wait) t.wait(kWaitColumns[wait], wait, of(&Span::waits));
  t.list("blockers", of(&Span::blockers), Of<Blocker>());
  t.list("events", of(&Span::events), Of<SpanEvent>());
  t.list("links", of(&Span::links), Of<SpanLink>());
}

template <class Table>
void describe(Table& t, Of<SkeletonSpan>) {
  auto of = [](auto member) { return [member](auto& row) -> auto& { return row.span->*member; }; };
  t.trace_id("trace_id", of(&Span::trace_id));
  t.number("span_id", of(&Span::span_id));
  t.number("parent_span_id", of(&Span::parent_span_id));
  t.number("start_ns", of(&Span::start_ns));
  t.number("duration_ns", of(&Span::duration_ns));
  t.text("service", of(&Span::service));
  t.named("kind", of(&Span::kind), kKindNames);
  t.text("source", of(&Span::source));
  t.text("host", of(&Span::host));
  t.number("otel_flags", of(&Span::otel_flags));
}

template <class Table>
void describe(Table& t, Of<StoredResource>) {
  auto of = [](auto member) { return [member](auto& row) -> auto& { return row.resource.*member; }; };
  t.number("resource_id", &StoredResource::resource_id);
  t.text("service", of(&Resource::service));
  t.attributes("attributes", "attribute_types", of(&Resource::attributes));
  t.text("schema_url", of(&Resource::schema_url));
  t.text("scope_name", of(&Resource::scope_name));
  t.text("scope_version", of(&Resource::scope_version));
  t.text("scope_schema_url", of(&Resource::scope_schema_url));
  t.attributes("scope_attributes", "scope_attribute_types", of(&Resource::scope_attributes));
  t.number("dropped_attributes", of(&Resource::dropped_attributes));
}

}  // namespace culprit::table_columns
