// The rows of the data model besides spans, as batches, frames and tables hold them. record_table.h gives the meaning of
// each member.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/attribute.h"
#include "model/span.h"

namespace culprit {

// The sender of spans or logs: OTLP's resource and scope.
struct Resource {
  std::string service;  // service.name; empty: not given
  Attributes attributes;
  std::string schema_url;
  std::string scope_name, scope_version, scope_schema_url;
  Attributes scope_attributes;
  uint32_t dropped_attributes = 0;
  bool operator==(const Resource&) const = default;
};

// A time interval of one thread in one state.
struct ThreadState {
  int32_t pid = 0, tid = 0;
  int64_t start_ns = 0, duration_ns = 0;
  Wait state = Wait::Other;
  int16_t syscall = -1;                  // the system call that the thread waits in; -1: none or unknown
  int32_t waker_pid = 0, waker_tid = 0;  // the thread that ended the wait; 0: an interrupt, a timer, or unknown
  uint64_t span_id = 0;                  // the request that the thread worked on; 0: none
  bool operator==(const ThreadState&) const = default;
};

// One system call, or a group of equal calls.
struct Syscall {
  int32_t pid = 0, tid = 0;
  int16_t number = 0;
  std::string name;
  int64_t start_ns = 0, duration_ns = 0;
  int64_t count = 0, result = 0, bytes = 0;
  uint64_t connection = 0;
};

struct LogRecord {
  int64_t time_ns = 0, observed_ns = 0;
  int32_t severity = 0;  // OTLP's SeverityNumber
  std::string severity_text;
  std::string body;
  std::string event_name;
  TraceId trace_id;
  uint64_t span_id = 0;
  std::string service, source, host;
  int32_t pid = 0, tid = 0;
  uint32_t resource = 0;
  uint32_t otel_flags = 0, dropped_attributes = 0;
  Attributes attributes;
};

struct MetricPoint {
  int64_t time_ns = 0;
  std::string entity;  // a service, process or host
  std::string name, unit;
  double value = 0;
  std::string source;
  Attributes attributes;
};

// A program that ran. Its identity is (host, pid, start time), because the kernel reuses pids.
struct Process {
  std::string host;
  int32_t pid = 0, parent_pid = 0;
  int64_t started_ns = 0;  // wall clock
  int64_t exited_ns = 0;   // 0: alive when last seen
  int32_t exit_code = 0;
  std::string name;        // comm
  std::string executable;  // path
  std::string command;     // command line, secrets masked
  std::string service;     // OTEL_SERVICE_NAME, or else the name of the unit or program
  std::string cgroup;
  bool recorded = false;                    // its threads were recorded
  int64_t running_ns = 0, runnable_ns = 0;  // CPU time, and time ready without a CPU, during the recording
  // The time for which CPU quotas of its control group, or of a parent group, stopped the group during the recording.
  int64_t throttled_ns = 0;
  std::string cpus_allowed;  // the CPUs, such as "0-3,8"; if threads differ, the smallest set; empty: unknown
};

struct Connection {
  uint64_t id = 0;       // one end of a socket; unique within a recording
  uint64_t peer_id = 0;  // the other end, if it was recorded
  int32_t pid = 0;       // the process that uses this end
  int32_t peer_pid = 0;
  bool server = false;      // this end accepts requests
  std::string transport;    // tcp, unix
  std::string local, peer;  // "127.0.0.1:5432", "[::1]:80", "unix:/run/…", or empty
  std::string protocol;     // postgresql, http, tls, unknown
  bool encrypted = false;
  int64_t opened_ns = 0, closed_ns = 0;  // 0: before or after the recording
  uint64_t bytes_sent = 0, bytes_received = 0;
  uint32_t retransmits = 0;
  uint64_t requests = 0;
  uint64_t lost_bytes = 0;  // bytes in gaps
};

struct HostInfo {
  std::string name;
  uint64_t host_id = 0;  // hash of /etc/machine-id
  std::string boot_id, run_id;
  std::string kernel;
  int32_t cpus = 0;
  uint64_t memory_bytes = 0;
  int64_t started_ns = 0, ended_ns = 0;  // start and end of the recording
  int64_t cpu_busy_ns = 0;               // sum over all CPUs; the maximum is cpus × (ended - started)
  std::string tiers;                     // "T0+T1"
  std::string scope;                     // "all", "pids 4711", "command …"
  int64_t recorder_cpu_ns = 0;
  uint64_t events = 0, events_lost = 0;
};

}  // namespace culprit
