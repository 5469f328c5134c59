// Tables of all rows except spans: one line per column. tables.h explains the lines.
#pragma once

#include "model/ledger.h"
#include "model/record.h"
#include "model/table.h"

namespace culprit {

constexpr TableInfo table_info(Of<ThreadState>) {
  // Version 2 takes 6 bytes per row instead of 9 because of its delta encodings.
  return {.name = "thread_state",
          .sentence = "A time interval in which one thread was in one state: running, ready, or waiting.",
          .unit = "event",
          .parquet = ", PARQUET_VERSION v2"};
}
template <class Table>
void describe(Table& t, Of<ThreadState>) {
  t.number(3, "pid", &ThreadState::pid, "The process.");
  t.number(4, "tid", &ThreadState::tid, "The thread.");
  t.delta(1, "start_ns", &ThreadState::start_ns, "The start of the interval: wall clock, nanoseconds since 1970.");
  t.number(2, "duration_ns", &ThreadState::duration_ns, "The length of the interval in nanoseconds.");
  t.names(5, "state", &ThreadState::state, kWaitNames,
          "The state: running, runnable, lock, disk, network, peer, sleep or other.");
  t.number(6, "syscall", &ThreadState::syscall,
           "The number of the system call in which the thread waited; -1: none or unknown.");
  t.number(7, "waker_pid", &ThreadState::waker_pid,
           "The process that ended the wait; 0: an interrupt, a timer, or unknown.");
  t.number(8, "waker_tid", &ThreadState::waker_tid,
           "The thread that ended the wait; 0: an interrupt, a timer, or unknown.");
  t.fixed(9, "span_id", &ThreadState::span_id, "The request that the thread worked on; 0: none.");
}

constexpr TableInfo table_info(Of<LogRecord>) { return {.name = "log", .sentence = "One log record.", .unit = "log"}; }
template <class Table>
void describe(Table& t, Of<LogRecord>) {
  t.delta(1, "time_ns", &LogRecord::time_ns, "When the record was written: wall clock of its host; 0: not given.");
  t.delta(2, "observed_ns", &LogRecord::observed_ns, "When a collector first received the record; 0: not given.");
  t.number(3, "severity", &LogRecord::severity,
           "OpenTelemetry's severity number: 1–4 trace, 5–8 debug, 9–12 info, 13–16 warn, 17–20 error, "
           "21–24 fatal.");
  t.text(4, "severity_text", &LogRecord::severity_text, "The severity as the program names it.");
  t.text(5, "body", &LogRecord::body, "The message.");
  t.text(6, "event_name", &LogRecord::event_name, "The name of the event, if the record is an event.");
  t.trace_id(7, 8, "trace_id", &LogRecord::trace_id, "The trace in which the record was written; 32 zeros: none.");
  t.fixed(9, "span_id", &LogRecord::span_id, "The span in which the record was written; 0: none.");
  t.text(10, "service", &LogRecord::service, "The service that wrote the record.");
  t.text(11, "source", &LogRecord::source, "The source of the data: recorder, or the name of a file or sender.");
  t.text(12, "host", &LogRecord::host, "The host on which the record was written.");
  t.number(13, "pid", &LogRecord::pid, "The process that wrote the record; 0: unknown.");
  t.number(14, "tid", &LogRecord::tid, "The thread that wrote the record; 0: unknown.");
  t.number(16, "otel_flags", &LogRecord::otel_flags, "The flags field of OpenTelemetry, as sent.");
  t.number(17, "dropped_attributes", &LogRecord::dropped_attributes,
           "The number of attributes that the sender dropped.");
  t.resource(15, "resource_id", &LogRecord::resource, "The sender's row in table resource; 0: none.");
  t.attributes(18, "attributes", "attribute_types", &LogRecord::attributes,
               "The attributes, with their values as text.");
}

constexpr TableInfo table_info(Of<MetricPoint>) {
  return {.name = "metric", .sentence = "One sample of a metric.", .unit = "metric"};
}
template <class Table>
void describe(Table& t, Of<MetricPoint>) {
  t.delta(1, "time_ns", &MetricPoint::time_ns, "The time of the sample: wall clock, nanoseconds since 1970.");
  t.text(2, "entity", &MetricPoint::entity, "The entity of the metric: a service, a process or a host.");
  t.text(3, "name", &MetricPoint::name, "The name of the metric.");
  t.text(4, "unit", &MetricPoint::unit, "The unit in UCUM notation; empty: not given.");
  t.real(5, "value", &MetricPoint::value, "The value of the sample.");
  t.text(6, "source", &MetricPoint::source, "The source of the data: recorder, or the name of a file or sender.");
  t.attributes(7, "attributes", "attribute_types", &MetricPoint::attributes,
               "The attributes, with their values as text.");
}

constexpr TableInfo table_info(Of<Process>) {
  return {
      .name = "process",
      .sentence =
          "A process that ran. The kernel reuses process ids; host, pid and start time together identify a process.",
      .subject = "host, pid, started_ns",
      .last_first = "exited_ns DESC, running_ns::HUGEINT + runnable_ns DESC, name DESC"};
}
template <class Table>
void describe(Table& t, Of<Process>) {
  t.text(2, "host", &Process::host, "The host on which the process ran.");
  t.number(3, "pid", &Process::pid, "The process id.");
  t.number(4, "parent_pid", &Process::parent_pid, "The process id of the parent process.");
  t.delta(1, "started_ns", &Process::started_ns, "When the process started: wall clock, nanoseconds since 1970.");
  t.number(5, "exited_ns", &Process::exited_ns, "When the process ended; 0: it was alive when last seen.");
  t.number(6, "exit_code", &Process::exit_code, "The exit status, as from wait(2).");
  t.text(7, "name", &Process::name, "The short name of the process (comm).");
  t.text(8, "executable", &Process::executable, "The path of the executable file.");
  t.text(9, "command", &Process::command, "The command line, with secrets masked.");
  t.text(10, "service", &Process::service, "The service: OTEL_SERVICE_NAME, or else the name of the unit or program.");
  t.text(11, "cgroup", &Process::cgroup, "The control group of the process.");
  t.number(12, "recorded", &Process::recorded, "Whether the threads of the process were recorded.");
  t.number(13, "running_ns", &Process::running_ns, "The CPU time of the process during the recording.");
  t.number(14, "runnable_ns", &Process::runnable_ns,
           "The time during the recording in which threads of the process were ready and had no CPU.");
  t.number(15, "throttled_ns", &Process::throttled_ns,
           "The time during the recording in which CPU quotas stopped its control group or a parent group.");
  t.text(16, "cpus_allowed", &Process::cpus_allowed,
         "The CPUs that its threads may use, such as 0-3,8; if threads differ, the smallest set; empty: unknown.");
}

constexpr TableInfo table_info(Of<Connection>) {
  return {.name = "connection",
          .sentence = "One end of a socket. If both ends are recorded, there are two rows.",
          .subject = "id, local, peer",
          .last_first = "closed_ns DESC, requests DESC, bytes_sent::HUGEINT + bytes_received DESC, peer_id DESC",
          .unit = "connection"};
}
template <class Table>
void describe(Table& t, Of<Connection>) {
  t.fixed(1, "id", &Connection::id, "The id of this end.");
  t.fixed(2, "peer_id", &Connection::peer_id, "The id of the other end; 0: not recorded.");
  t.number(3, "pid", &Connection::pid, "The process that uses this end.");
  t.number(4, "peer_pid", &Connection::peer_pid, "The process that uses the other end; 0: unknown.");
  t.number(5, "server", &Connection::server, "Whether this end accepts requests.");
  t.text(6, "transport", &Connection::transport, "The transport: tcp or unix.");
  t.text(7, "local", &Connection::local,
         "The address of this end, such as 127.0.0.1:5432 or unix:/run/x; empty: unknown.");
  t.text(8, "peer", &Connection::peer, "The address of the other end.");
  t.text(9, "protocol", &Connection::protocol, "The protocol: postgresql, http, tls or unknown.");
  t.number(10, "encrypted", &Connection::encrypted,
           "Whether the connection is encrypted, so that its bytes could not be read.");
  t.number(11, "opened_ns", &Connection::opened_ns, "When the connection was opened; 0: before the recording.");
  t.number(12, "closed_ns", &Connection::closed_ns, "When the connection was closed; 0: after the recording.");
  t.number(13, "bytes_sent", &Connection::bytes_sent, "The number of bytes that this end sent during the recording.");
  t.number(14, "bytes_received", &Connection::bytes_received,
           "The number of bytes that this end received during the recording.");
  t.number(15, "retransmits", &Connection::retransmits, "The number of segments that TCP retransmitted.");
  t.number(16, "requests", &Connection::requests, "The number of requests on this connection.");
  t.number(17, "lost_bytes", &Connection::lost_bytes, "The number of bytes in gaps: they were not captured.");
}

constexpr TableInfo table_info(Of<HostInfo>) {
  return {.name = "host",
          .sentence = "A host and one recording of it.",
          .subject = "host_id, run_id",
          .last_first = "ended_ns DESC, events DESC"};
}
template <class Table>
void describe(Table& t, Of<HostInfo>) {
  t.text(1, "name", &HostInfo::name, "The name of the host.");
  t.fixed(2, "host_id", &HostInfo::host_id, "A hash of /etc/machine-id.");
  t.text(3, "boot_id", &HostInfo::boot_id, "The boot id of the host.");
  t.text(4, "run_id", &HostInfo::run_id, "The id of the recording.");
  t.text(5, "kernel", &HostInfo::kernel, "The kernel's release.");
  t.number(6, "cpus", &HostInfo::cpus, "The number of CPUs.");
  t.number(7, "memory_bytes", &HostInfo::memory_bytes, "The size of the memory in bytes.");
  t.number(8, "started_ns", &HostInfo::started_ns, "When the recording began: wall clock, nanoseconds since 1970.");
  t.number(9, "ended_ns", &HostInfo::ended_ns, "When the recording ended.");
  t.number(10, "cpu_busy_ns", &HostInfo::cpu_busy_ns,
           "The busy time of all CPUs together; its maximum is cpus × (ended - started).");
  t.text(11, "tiers", &HostInfo::tiers, "The recording tiers: T0, T0+T1 and so on.");
  t.text(12, "scope", &HostInfo::scope, "The recorded processes: all, pids, a control group, or a command.");
  t.number(13, "recorder_cpu_ns", &HostInfo::recorder_cpu_ns, "The CPU time that the recorder itself used.");
  t.number(14, "events", &HostInfo::events, "The number of events that the kernel delivered.");
  t.number(15, "events_lost", &HostInfo::events_lost,
           "The number of events that the kernel could not deliver; the ledger counts them too.");
}

// No recorder writes this table yet.
constexpr TableInfo table_info(Of<Syscall>) {
  return {.name = "syscall",
          .sentence =
              "A system call, or a group of equal calls. The table is filled by tiers that record system calls, "
              "and is empty otherwise.",
          .unit = "event"};
}
template <class Table>
void describe(Table& t, Of<Syscall>) {
  t.number(1, "pid", &Syscall::pid, "The process that called.");
  t.number(2, "tid", &Syscall::tid, "The thread that called.");
  t.number(3, "number", &Syscall::number, "The call's number on this machine.");
  t.text(4, "name", &Syscall::name, "The call's name.");
  t.delta(5, "start_ns", &Syscall::start_ns, "The start of the call or the group: wall clock, nanoseconds since 1970.");
  t.number(6, "duration_ns", &Syscall::duration_ns, "The duration of the call; for a group, the sum.");
  t.number(7, "count", &Syscall::count, "The number of calls in this row.");
  t.number(8, "result", &Syscall::result, "The return value; negative: the error number.");
  t.number(9, "bytes", &Syscall::bytes, "The number of bytes that the call transferred.");
  t.fixed(10, "connection", &Syscall::connection,
          "The socket end that the call used, as in table connection; 0: none.");
}

}  // namespace culprit
