// The columns of every kind of row in a batch: their numbers, and how each is coded. Part of the frame format: append only.
//
// One description serves the encoder and the decoder (batch_encode.cc, batch_decode.cc): Table is either. The first column of a section is
// always written, the others only where some row differs from zero.
#pragma once

#include "model/batch.h"
#include "model/span_batch_columns.h"

namespace culprit::batch_columns {

template <class Table>
void describe(Table& t, Of<ThreadState>) {
  t.delta(1, &ThreadState::start_ns);
  t.number(2, &ThreadState::duration_ns);
  t.number(3, &ThreadState::pid);
  t.number(4, &ThreadState::tid);
  t.choice(5, &ThreadState::state, Wait::Other);
  t.number(6, &ThreadState::syscall);
  t.number(7, &ThreadState::waker_pid);
  t.number(8, &ThreadState::waker_tid);
  t.fixed(9, &ThreadState::span_id);
}

template <class Table>
void describe(Table& t, Of<LogRecord>) {
  t.delta(1, &LogRecord::time_ns);
  t.delta(2, &LogRecord::observed_ns);
  t.number(3, &LogRecord::severity);
  t.text(4, &LogRecord::severity_text);
  t.text(5, &LogRecord::body);
  t.text(6, &LogRecord::event_name);
  t.fixed(7, [](auto& row) -> auto& { return row.trace_id.high; });
  t.fixed(8, [](auto& row) -> auto& { return row.trace_id.low; });
  t.fixed(9, &LogRecord::span_id);
  t.text(10, &LogRecord::service);
  t.text(11, &LogRecord::source);
  t.text(12, &LogRecord::host);
  t.number(13, &LogRecord::pid);
  t.number(14, &LogRecord::tid);
  t.number(15, &LogRecord::resource);
  t.number(16, &LogRecord::otel_flags);
  t.number(17, &LogRecord::dropped_attributes);
  t.attributes(18, &LogRecord::attributes);
}

template <class Table>
void describe(Table& t, Of<MetricPoint>) {
  t.delta(1, &MetricPoint::time_ns);
  t.text(2, &MetricPoint::entity);
  t.text(3, &MetricPoint::name);
  t.text(4, &MetricPoint::unit);
  t.real(5, &MetricPoint::value);
  t.text(6, &MetricPoint::source);
  t.attributes(7, &MetricPoint::attributes);
}

template <class Table>
void describe(Table& t, Of<Process>) {
  t.delta(1, &Process::started_ns);
  t.text(2, &Process::host);
  t.number(3, &Process::pid);
  t.number(4, &Process::parent_pid);
  t.number(5, &Process::exited_ns);
  t.number(6, &Process::exit_code);
  t.text(7, &Process::name);
  t.text(8, &Process::executable);
  t.text(9, &Process::command);
  t.text(10, &Process::service);
  t.text(11, &Process::cgroup);
  t.number(12, &Process::recorded);
  t.number(13, &Process::running_ns);
  t.number(14, &Process::runnable_ns);
  t.number(15, &Process::throttled_ns);
}

template <class Table>
void describe(Table& t, Of<Connection>) {
  t.fixed(1, &Connection::id);
  t.fixed(2, &Connection::peer_id);
  t.number(3, &Connection::pid);
  t.number(4, &Connection::peer_pid);
  t.number(5, &Connection::server);
  t.text(6, &Connection::transport);
  t.text(7, &Connection::local);
  t.text(8, &Connection::peer);
  t.text(9, &Connection::protocol);
  t.number(10, &Connection::encrypted);
  t.number(11, &Connection::opened_ns);
  t.number(12, &Connection::closed_ns);
  t.number(13, &Connection::bytes_sent);
  t.number(14, &Connection::bytes_received);
  t.number(15, &Connection::retransmits);
  t.number(16, &Connection::requests);
  t.number(17, &Connection::lost_bytes);
}

template <class Table>
void describe(Table& t, Of<HostInfo>) {
  t.text(1, &HostInfo::name);
  t.fixed(2, &HostInfo::host_id);
  t.text(3, &HostInfo::boot_id);
  t.text(4, &HostInfo::run_id);
  t.text(5, &HostInfo::kernel);
  t.number(6, &HostInfo::cpus);
  t.number(7, &HostInfo::memory_bytes);
  t.number(8, &HostInfo::started_ns);
  t.number(9, &HostInfo::ended_ns);
  t.number(10, &HostInfo::cpu_busy_ns);
  t.text(11, &HostInfo::tiers);
  t.text(12, &HostInfo::scope);
  t.number(13, &HostInfo::recorder_cpu_ns);
  t.number(14, &HostInfo::events);
  t.number(15, &HostInfo::events_lost);
}

template <class Table>
void describe(Table& t, Of<LedgerRow>) {
  t.delta(1, &LedgerRow::time_ns);
  t.text(2, &LedgerRow::source);
  t.text(3, &LedgerRow::service);
  t.text(4, &LedgerRow::stage);
  t.text(5, &LedgerRow::kind);
  t.text(6, &LedgerRow::unit);
  t.number(7, &LedgerRow::n);
  t.choice(8, &LedgerRow::evidence, Evidence::Unknown);
  t.text(9, &LedgerRow::detail);
}

template <class Table>
void describe(Table& t, Of<Received>) {
  t.text(1, &Received::source);
  t.text(2, &Received::unit);
  t.number(3, &Received::n);
}

// The sections of a batch by their numbers; 1 is the dictionary of texts, which comes first.
template <class Sections>
void describe_batch(Sections& s) {
  s.section(2, &Batch::resources);
  s.section(3, &Batch::spans);
  s.section(4, &Batch::thread_states);
  s.section(5, &Batch::logs);
  s.section(6, &Batch::metrics);
  s.section(7, &Batch::processes);
  s.section(8, &Batch::connections);
  s.section(9, &Batch::hosts);
  s.section(10, &Batch::ledger);
  s.section(11, &Batch::received);
}

}  // namespace culprit::batch_columns
