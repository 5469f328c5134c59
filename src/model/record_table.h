// Tables of all that is no span: one line a column. tables.h explains the lines.
#pragma once

#include "model/ledger.h"
#include "model/record.h"
#include "model/table.h"

namespace culprit {

constexpr TableInfo table_info(Of<ThreadState>) {
  // v2: 6 bytes a row instead of 9 (delta encodings).
  return {.name = "thread_state",
          .sentence = "A stretch of one thread: running, ready, or waiting for something.",
          .unit = "event",
          .parquet = ", PARQUET_VERSION v2"};
}
template <class Table>
void describe(Table& t, Of<ThreadState>) {
  t.number(3, "pid", &ThreadState::pid, "The process.");
  t.number(4, "tid", &ThreadState::tid, "The thread.");
  t.delta(1, "start_ns", &ThreadState::start_ns, "When the stretch began: wall clock, nanoseconds since 1970.");
  t.number(2, "duration_ns", &ThreadState::duration_ns, "How long it lasted.");
  t.names(5, "state", &ThreadState::state, kWaitNames, "running, runnable, lock, disk, network, peer, sleep or other.");
  t.number(6, "syscall", &ThreadState::syscall, "The number of the system call it waited in; -1 for none or unknown.");
  t.number(7, "waker_pid", &ThreadState::waker_pid,
           "The process that ended the wait; 0: an interrupt, a timer, or unknown.");
  t.number(8, "waker_tid", &ThreadState::waker_tid,
           "The thread that ended the wait; 0: an interrupt, a timer, or unknown.");
  t.fixed(9, "span_id", &ThreadState::span_id, "The request it worked on; 0 for none.");
}

constexpr TableInfo table_info(Of<LogRecord>) {
  return {.name = "log", .sentence = "One record of a log.", .unit = "log"};
}
template <class Table>
void describe(Table& t, Of<LogRecord>) {
  t.delta(1, "time_ns", &LogRecord::time_ns, "When it was written: wall clock of its host; 0 where it does not say.");
  t.delta(2, "observed_ns", &LogRecord::observed_ns, "When a collector first saw it; 0 where it does not say.");
  t.number(3, "severity", &LogRecord::severity,
           "OpenTelemetry's number: 1–4 trace, 5–8 debug, 9–12 info, 13–16 warn, 17–20 error, 21–24 fatal.");
  t.text(4, "severity_text", &LogRecord::severity_text, "The severity in the program's own words.");
  t.text(5, "body", &LogRecord::body, "The message.");
  t.text(6, "event_name", &LogRecord::event_name, "The event's name, where the record is an event.");
  t.trace_id(7, 8, "trace_id", &LogRecord::trace_id, "The trace it was written in; 32 zeros for none.");
  t.fixed(9, "span_id", &LogRecord::span_id, "The span it was written in; 0 for none.");
  t.text(10, "service", &LogRecord::service, "What people call the program that wrote it.");
  t.text(11, "source", &LogRecord::source, "Who gave it to us.");
  t.text(12, "host", &LogRecord::host, "The machine it was written on.");
  t.number(13, "pid", &LogRecord::pid, "The process that wrote it; 0 where unknown.");
  t.number(14, "tid", &LogRecord::tid, "The thread that wrote it; 0 where unknown.");
  t.number(16, "otel_flags", &LogRecord::otel_flags, "The flags field of OpenTelemetry, as sent.");
  t.number(17, "dropped_attributes", &LogRecord::dropped_attributes, "Attributes that the sender dropped.");
  t.resource(15, "resource_id", &LogRecord::resource, "Who emitted it, as in table resource; 0 for none.");
  t.attributes(18, "attributes", "attribute_types", &LogRecord::attributes, "Its attributes, values as text.");
}

constexpr TableInfo table_info(Of<MetricPoint>) {
  return {.name = "metric", .sentence = "One sample of a number about something.", .unit = "metric"};
}
template <class Table>
void describe(Table& t, Of<MetricPoint>) {
  t.delta(1, "time_ns", &MetricPoint::time_ns, "When it was true: wall clock, nanoseconds since 1970.");
  t.text(2, "entity", &MetricPoint::entity, "What it is about: a service, a process, a host.");
  t.text(3, "name", &MetricPoint::name, "The metric's name.");
  t.text(4, "unit", &MetricPoint::unit, "Its unit, as UCUM writes it; empty where none was said.");
  t.real(5, "value", &MetricPoint::value, "The number.");
  t.text(6, "source", &MetricPoint::source, "Who gave it to us.");
  t.attributes(7, "attributes", "attribute_types", &MetricPoint::attributes, "Its attributes, values as text.");
}

constexpr TableInfo table_info(Of<Process>) {
  return {.name = "process",
          .sentence = "A program that ran. Process ids come again; host, pid and start together are one program.",
          .subject = "host, pid, started_ns",
          .last_first = "exited_ns DESC, running_ns::HUGEINT + runnable_ns DESC, name DESC"};
}
template <class Table>
void describe(Table& t, Of<Process>) {
  t.text(2, "host", &Process::host, "The machine.");
  t.number(3, "pid", &Process::pid, "Its process id.");
  t.number(4, "parent_pid", &Process::parent_pid, "Who started it.");
  t.delta(1, "started_ns", &Process::started_ns, "When it began: wall clock, nanoseconds since 1970.");
  t.number(5, "exited_ns", &Process::exited_ns, "When it ended; 0: alive when last seen.");
  t.number(6, "exit_code", &Process::exit_code, "How it ended, as wait(2) says.");
  t.text(7, "name", &Process::name, "Its short name (comm).");
  t.text(8, "executable", &Process::executable, "The file it runs.");
  t.text(9, "command", &Process::command, "Its command line, secrets masked.");
  t.text(10, "service", &Process::service, "What people call it: OTEL_SERVICE_NAME, else its unit or program.");
  t.text(11, "cgroup", &Process::cgroup, "Its control group.");
  t.number(12, "recorded", &Process::recorded, "Whether its threads were watched.");
  t.number(13, "running_ns", &Process::running_ns, "CPU time it got during the recording.");
  t.number(14, "runnable_ns", &Process::runnable_ns,
           "Time its threads were ready and had no CPU, during the recording.");
  t.number(15, "throttled_ns", &Process::throttled_ns,
           "Time for which CPU quotas stopped its control group, or one above it, during the recording.");
  t.text(16, "cpus_allowed", &Process::cpus_allowed,
         "The CPUs that its threads may use, such as 0-3,8 (of threads that differ, the fewest); empty where unknown.");
}

constexpr TableInfo table_info(Of<Connection>) {
  return {.name = "connection",
          .sentence = "One end of a socket; where both ends are recorded there are two rows.",
          .subject = "id, local, peer",
          .last_first = "closed_ns DESC, requests DESC, bytes_sent::HUGEINT + bytes_received DESC, peer_id DESC",
          .unit = "connection"};
}
template <class Table>
void describe(Table& t, Of<Connection>) {
  t.fixed(1, "id", &Connection::id, "This end.");
  t.fixed(2, "peer_id", &Connection::peer_id, "The row of the other end; 0 where it was not recorded.");
  t.number(3, "pid", &Connection::pid, "Who uses this end.");
  t.number(4, "peer_pid", &Connection::peer_pid, "Who uses the other end; 0 where unknown.");
  t.number(5, "server", &Connection::server, "Whether this end accepts requests.");
  t.text(6, "transport", &Connection::transport, "tcp or unix.");
  t.text(7, "local", &Connection::local,
         "This end's address, such as 127.0.0.1:5432 or unix:/run/x; empty where unknown.");
  t.text(8, "peer", &Connection::peer, "The other end's address.");
  t.text(9, "protocol", &Connection::protocol, "postgresql, http, tls or unknown.");
  t.number(10, "encrypted", &Connection::encrypted, "Whether its bytes could not be read.");
  t.number(11, "opened_ns", &Connection::opened_ns, "When it was opened; 0: before the recording.");
  t.number(12, "closed_ns", &Connection::closed_ns, "When it was closed; 0: after the recording.");
  t.number(13, "bytes_sent", &Connection::bytes_sent, "Bytes this end sent during the recording.");
  t.number(14, "bytes_received", &Connection::bytes_received, "Bytes this end received during the recording.");
  t.number(15, "retransmits", &Connection::retransmits, "Segments that TCP sent again.");
  t.number(16, "requests", &Connection::requests, "Requests seen on it.");
  t.number(17, "lost_bytes", &Connection::lost_bytes, "Bytes that were not seen, in holes.");
}

constexpr TableInfo table_info(Of<HostInfo>) {
  return {.name = "host",
          .sentence = "A machine, and one recording of it.",
          .subject = "host_id, run_id",
          .last_first = "ended_ns DESC, events DESC"};
}
template <class Table>
void describe(Table& t, Of<HostInfo>) {
  t.text(1, "name", &HostInfo::name, "Its name.");
  t.fixed(2, "host_id", &HostInfo::host_id, "A hash of /etc/machine-id.");
  t.text(3, "boot_id", &HostInfo::boot_id, "Which start of the machine it was.");
  t.text(4, "run_id", &HostInfo::run_id, "Which recording it was.");
  t.text(5, "kernel", &HostInfo::kernel, "The kernel's release.");
  t.number(6, "cpus", &HostInfo::cpus, "CPUs it has.");
  t.number(7, "memory_bytes", &HostInfo::memory_bytes, "Memory it has.");
  t.number(8, "started_ns", &HostInfo::started_ns, "When the recording began: wall clock, nanoseconds since 1970.");
  t.number(9, "ended_ns", &HostInfo::ended_ns, "When it ended.");
  t.number(10, "cpu_busy_ns", &HostInfo::cpu_busy_ns,
           "Time that CPUs were busy, all summed, of cpus × (ended - started).");
  t.text(11, "tiers", &HostInfo::tiers, "What was recorded: T0, T0+T1 and so on.");
  t.text(12, "scope", &HostInfo::scope, "Of whom: all, pids, a control group, a command.");
  t.number(13, "recorder_cpu_ns", &HostInfo::recorder_cpu_ns, "CPU time that the recorder itself used.");
  t.number(14, "events", &HostInfo::events, "Events that the kernel handed over.");
  t.number(15, "events_lost", &HostInfo::events_lost, "Events that it could not hand over; each is in the ledger too.");
}

// No recorder writes it yet.
constexpr TableInfo table_info(Of<Syscall>) {
  return {.name = "syscall",
          .sentence =
              "A system call, or a bucket of equal calls where they were counted. Kept for the tiers that record "
              "calls; else empty.",
          .unit = "event"};
}
template <class Table>
void describe(Table& t, Of<Syscall>) {
  t.number(1, "pid", &Syscall::pid, "The process that called.");
  t.number(2, "tid", &Syscall::tid, "The thread that called.");
  t.number(3, "number", &Syscall::number, "The call's number on this machine.");
  t.text(4, "name", &Syscall::name, "The call's name.");
  t.delta(5, "start_ns", &Syscall::start_ns, "When it, or the bucket, began: wall clock, nanoseconds since 1970.");
  t.number(6, "duration_ns", &Syscall::duration_ns, "How long it took; of a bucket, the sum.");
  t.number(7, "count", &Syscall::count, "Calls that this row stands for.");
  t.number(8, "result", &Syscall::result, "What it returned; negative: the error's number.");
  t.number(9, "bytes", &Syscall::bytes, "Bytes it moved.");
  t.fixed(10, "connection", &Syscall::connection, "The end of a socket it was for; 0 for none.");
}

}  // namespace culprit
