// Test support: events of a machine, made by hand, with the fakes of fakes_testing.h.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "capture/recorder/dispatcher.h"
#include "capture/recorder/fakes_testing.h"

namespace culprit::capture::testing {

constexpr int64_t kMs = 1'000'000;
constexpr int32_t kRecorder = 99;

// A switch to a thread; times in milliseconds.
struct Off {
  double off, wake, on;
  int16_t syscall = -1;
  uint32_t state = 1;
  int32_t waker = 0;      // tid = pid; 0: an interrupt
  int32_t waker_tid = 0;  // set if it differs from the pid
  int32_t previous = 0;
};

class Machine {
 public:
  Machine() : dispatcher_(options(), view, sink) {}

  void tcp(uint64_t socket, int32_t pid, uint16_t local_port, uint16_t peer_port, double at_ms = 0) {
    event_socket event = {};
    head(event, EVENT_SOCKET, pid, pid, at_ms);
    event.socket = socket;
    event.family = SOCKET_INET;
    event.socket_type = 1;
    event.local_port = local_port;
    event.peer_port = peer_port;
    event.local_address[0] = event.peer_address[0] = 127;
    event.local_address[3] = event.peer_address[3] = 1;
    handle(event.header);
  }
  void unix_socket(uint64_t socket, uint64_t peer, int32_t pid, double at_ms = 0) {
    event_socket event = {};
    head(event, EVENT_SOCKET, pid, pid, at_ms);
    event.socket = socket;
    event.peer_socket = peer;
    event.family = SOCKET_UNIX;
    event.socket_type = 1;
    std::strcpy(event.path, "/run/db");
    handle(event.header);
  }
  void sends(uint64_t socket, int32_t tid, double at_ms, std::string_view bytes, uint32_t sequence = 0) {
    data(socket, tid, at_ms, bytes, sequence, DATA_SENT);
  }
  // A send call that ended at `at_ms`; its bytes began to leave `left_before_ms` earlier.
  void sent(uint64_t socket, int32_t tid, double at_ms, double left_before_ms, std::string_view bytes) {
    data(socket, tid, at_ms, bytes, 0, DATA_SENT, static_cast<uint16_t>(left_before_ms * kMs / double{LEFT_UNIT_NS}));
  }
  void receives(uint64_t socket, int32_t tid, double at_ms, std::string_view bytes, uint32_t sequence = 0) {
    data(socket, tid, at_ms, bytes, sequence, 0);
  }
  void off(int32_t tid, Off off) {
    event_switch event = {};
    head(event, EVENT_SWITCH, pid_of(tid), tid, off.on);
    event.off_ns = ns(off.off);
    event.wake_ns = off.state == 0 ? 0 : ns(off.wake);
    event.state = off.state;
    event.syscall = off.syscall;
    event.waker = off.state == 0 ? WAKER_NONE : off.waker ? WAKER_THREAD : WAKER_INTERRUPT;
    event.waker_tid = static_cast<uint32_t>(off.waker_tid ? off.waker_tid : off.waker);
    event.waker_pid = static_cast<uint32_t>(off.waker);
    event.previous_pid = event.previous_tid = static_cast<uint32_t>(off.previous);
    handle(event.header);
  }
  void report(int32_t pid, double at_ms, std::string_view text) {
    struct {
      event_pg_activity event;
      char text[64];
    } report = {};
    head(report.event, EVENT_PG_ACTIVITY, pid, pid, at_ms);
    report.event.state = 2;
    report.event.text_bytes = static_cast<uint16_t>(text.size());
    std::memcpy(report.text, text.data(), text.size());
    report.event.header.size_bytes = sizeof report;
    handle(report.event.header);
  }
  void opens(int32_t pid, event_socket event, double at_ms = 0) {
    head(event, EVENT_SOCKET, pid, pid, at_ms);
    handle(event.header);
  }
  void closes(uint64_t socket, int32_t pid, double at_ms) {
    event_socket_end event = {};
    head(event, EVENT_SOCKET_END, pid, pid, at_ms);
    event.socket = socket;
    handle(event.header);
  }
  void lost(double from_ms, double to_ms, event_type type, uint64_t n) {
    event_gap event = {};
    head(event, EVENT_GAP, 0, 0, to_ms);
    event.from_ns = ns(from_ms);
    event.lost_by_type[type] = n;
    handle(event.header);
  }
  void forks(int32_t parent, int32_t child, double at_ms) {
    event_fork event = {};
    head(event, EVENT_FORK, parent, parent, at_ms);
    event.child_pid = event.child_tid = static_cast<uint32_t>(child);
    handle(event.header);
  }
  void exits(int32_t pid, double at_ms) {
    event_exit event = {};
    head(event, EVENT_EXIT, pid, pid, at_ms);
    event.group_dead = 1;
    handle(event.header);
  }
  Result<void> tick(double at_ms) { return dispatcher_.tick(at(at_ms), at(at_ms)); }
  void finish(double at_ms, const std::vector<OpenWait>& waits = {}) {
    auto finished = dispatcher_.finish(at(at_ms), {}, waits, 0);
    (void)finished.has_value();
  }
  std::map<std::string_view, uint64_t> table_sizes() const {
    std::map<std::string_view, uint64_t> sizes;
    for (const TableSize& table : dispatcher_.table_sizes()) sizes[table.name] = table.entries;
    return sizes;
  }
  void logs(LogRecord log) { dispatcher_.add_log(std::move(log)); }
  static int64_t at(double ms) { return static_cast<int64_t>(ns(ms)); }

  FakeView view;
  KeepingSink sink;
  std::map<int32_t, int32_t> process_of;  // of threads that are not their process's first thread
  std::map<uint64_t, std::pair<CapturePolicy, CapturePolicy>> captures;

 private:
  void handle(const event_header& event) {
    dispatcher_.handle(event);
    for (const CaptureWish& wish : dispatcher_.take_capture_wishes())
      captures[wish.socket] = {wish.sent, wish.received};
  }
  static uint64_t ns(double ms) { return static_cast<uint64_t>(ms * kMs + 0.5) + 1'000'000'000; }
  int32_t pid_of(int32_t tid) const { return process_of.contains(tid) ? process_of.at(tid) : tid; }

  template <class Event>
  static void head(Event& event, event_type type, int32_t pid, int32_t tid, double at_ms) {
    event.header.type = type;
    event.header.time_ns = ns(at_ms);
    event.header.pid = static_cast<uint32_t>(pid);
    event.header.tid = static_cast<uint32_t>(tid);
    event.header.size_bytes = sizeof event;
  }
  void data(uint64_t socket, int32_t tid, double at_ms, std::string_view bytes, uint32_t sequence, int flags,
            uint16_t left_before = 0) {
    struct {
      event_data event;
      char bytes[128];
    } data = {};
    head(data.event, EVENT_DATA, pid_of(tid), tid, at_ms);
    data.event.header.size_bytes = sizeof data;
    data.event.socket = socket;
    data.event.length_bytes = static_cast<uint32_t>(bytes.size());
    data.event.head_bytes = static_cast<uint32_t>(bytes.size());
    data.event.tcp_sequence = sequence;
    data.event.flags = static_cast<uint16_t>(flags);
    data.event.left_before = left_before;
    std::memcpy(data.bytes, bytes.data(), bytes.size());
    handle(data.event.header);
  }
  DispatcherOptions options() {
    DispatcherOptions options;
    options.host.name = "h";
    options.host.run_id = "run";
    options.mono_ns = options.host.started_ns = at(0);
    options.own_pid = kRecorder;
    options.protocols = letter_protocols();
    return options;
  }

  Dispatcher dispatcher_;
};

}  // namespace culprit::capture::testing
