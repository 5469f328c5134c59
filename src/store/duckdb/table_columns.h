// The columns of every table, in order: what a segment holds of a row, and how it is read back.
//
// One description serves three uses (cells.h): naming and typing the columns, filling vectors, reading vectors. What a
// column means stands in model/schema.cc; a test holds the two against each other.
#pragma once

#include "model/batch.h"
#include "store/duckdb/span_table_columns.h"
#include "store/files/stored.h"

namespace culprit::table_columns {

template <class Table>
void describe(Table& t, Of<ThreadState>) {
  t.number("pid", &ThreadState::pid);
  t.number("tid", &ThreadState::tid);
  t.number("start_ns", &ThreadState::start_ns);
  t.number("duration_ns", &ThreadState::duration_ns);
  t.named("state", &ThreadState::state, kWaitNames);
  t.number("syscall", &ThreadState::syscall);
  t.number("waker_pid", &ThreadState::waker_pid);
  t.number("waker_tid", &ThreadState::waker_tid);
  t.number("span_id", &ThreadState::span_id);
}

template <class Table>
void describe(Table& t, Of<StoredLog>) {
  auto of = [](auto member) { return [member](auto& row) -> auto& { return row.log.*member; }; };
  t.number("time_ns", of(&LogRecord::time_ns));
  t.number("observed_ns", of(&LogRecord::observed_ns));
  t.number("severity", of(&LogRecord::severity));
  t.text("severity_text", of(&LogRecord::severity_text));
  t.text("body", of(&LogRecord::body));
  t.text("event_name", of(&LogRecord::event_name));
  t.trace_id("trace_id", of(&LogRecord::trace_id));
  t.number("span_id", of(&LogRecord::span_id));
  t.text("service", of(&LogRecord::service));
  t.text("source", of(&LogRecord::source));
  t.text("host", of(&LogRecord::host));
  t.number("pid", of(&LogRecord::pid));
  t.number("tid", of(&LogRecord::tid));
  t.number("otel_flags", of(&LogRecord::otel_flags));
  t.number("dropped_attributes", of(&LogRecord::dropped_attributes));
  t.number("resource_id", &StoredLog::resource_id);
  t.attributes("attributes", "attribute_types", of(&LogRecord::attributes));
}

template <class Table>
void describe(Table& t, Of<MetricPoint>) {
  t.number("time_ns", &MetricPoint::time_ns);
  t.text("entity", &MetricPoint::entity);
  t.text("name", &MetricPoint::name);
  t.text("unit", &MetricPoint::unit);
  t.number("value", &MetricPoint::value);
  t.text("source", &MetricPoint::source);
  t.attributes("attributes", "attribute_types", &MetricPoint::attributes);
}

template <class Table>
void describe(Table& t, Of<Process>) {
  t.text("host", &Process::host);
  t.number("pid", &Process::pid);
  t.number("parent_pid", &Process::parent_pid);
  t.number("started_ns", &Process::started_ns);
  t.number("exited_ns", &Process::exited_ns);
  t.number("exit_code", &Process::exit_code);
  t.text("name", &Process::name);
  t.text("executable", &Process::executable);
  t.text("command", &Process::command);
  t.text("service", &Process::service);
  t.text("cgroup", &Process::cgroup);
  t.number("recorded", &Process::recorded);
  t.number("running_ns", &Process::running_ns);
  t.number("runnable_ns", &Process::runnable_ns);
  t.number("throttled_ns", &Process::throttled_ns);
}

template <class Table>
void describe(Table& t, Of<Connection>) {
  t.number("id", &Connection::id);
  t.number("peer_id", &Connection::peer_id);
  t.number("pid", &Connection::pid);
  t.number("peer_pid", &Connection::peer_pid);
  t.number("server", &Connection::server);
  t.text("transport", &Connection::transport);
  t.text("local", &Connection::local);
  t.text("peer", &Connection::peer);
  t.text("protocol", &Connection::protocol);
  t.number("encrypted", &Connection::encrypted);
  t.number("opened_ns", &Connection::opened_ns);
  t.number("closed_ns", &Connection::closed_ns);
  t.number("bytes_sent", &Connection::bytes_sent);
  t.number("bytes_received", &Connection::bytes_received);
  t.number("retransmits", &Connection::retransmits);
  t.number("requests", &Connection::requests);
  t.number("lost_bytes", &Connection::lost_bytes);
}

template <class Table>
void describe(Table& t, Of<HostInfo>) {
  t.text("name", &HostInfo::name);
  t.number("host_id", &HostInfo::host_id);
  t.text("boot_id", &HostInfo::boot_id);
  t.text("run_id", &HostInfo::run_id);
  t.text("kernel", &HostInfo::kernel);
  t.number("cpus", &HostInfo::cpus);
  t.number("memory_bytes", &HostInfo::memory_bytes);
  t.number("started_ns", &HostInfo::started_ns);
  t.number("ended_ns", &HostInfo::ended_ns);
  t.number("cpu_busy_ns", &HostInfo::cpu_busy_ns);
  t.text("tiers", &HostInfo::tiers);
  t.text("scope", &HostInfo::scope);
  t.number("recorder_cpu_ns", &HostInfo::recorder_cpu_ns);
  t.number("events", &HostInfo::events);
  t.number("events_lost", &HostInfo::events_lost);
}

template <class Table>
void describe(Table& t, Of<LedgerRow>) {
  t.number("time_ns", &LedgerRow::time_ns);
  t.text("source", &LedgerRow::source);
  t.text("service", &LedgerRow::service);
  t.text("stage", &LedgerRow::stage);
  t.text("kind", &LedgerRow::kind);
  t.text("unit", &LedgerRow::unit);
  t.number("n", &LedgerRow::n);
  t.named("evidence", &LedgerRow::evidence, kEvidenceNames);
  t.text("detail", &LedgerRow::detail);
}

}  // namespace culprit::table_columns
