// What is told of threads and processes: plain structs that a recorder fills from kernel events and /proc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace culprit::requests {

enum class Waker : uint8_t {
  None,       // no wake-up: it was preempted, or ran on
  Thread,     // a thread, from inside a system call: a true edge
  Interrupt,  // an interrupt, a timer, a softirq
  Unknown,
};

// A thread got a CPU: one record for the whole stretch that it had none.
struct ThreadSwitch {
  int32_t pid = 0, tid = 0;
  uint32_t cpu = 0;
  int64_t on_ns = 0;     // when it got the CPU
  int64_t off_ns = 0;    // when it lost the CPU before; 0: its first time on a CPU
  int64_t wake_ns = 0;   // when it became runnable again; 0: it always was
  uint32_t state = 0;    // task state when it lost the CPU: 0 runnable, 1 interruptible, 2 uninterruptible …
  int16_t syscall = -1;  // that it waits in; -1: none
  Waker waker = Waker::None;
  bool io_wait = false;
  int32_t waker_pid = 0, waker_tid = 0;
  int32_t previous_pid = 0, previous_tid = 0;  // who had this CPU until now; 0: idle
  bool socket = false;                         // it waits to read or write a socket
};

// A thread that is off its CPU when the recording ends. One that slept already when it began has that moment as its off_ns.
struct SleepingThread {
  int32_t pid = 0, tid = 0;
  int64_t off_ns = 0, wake_ns = 0;
  uint32_t state = 0;
  int16_t syscall = -1;
  bool socket = false;
};

// A file sync returned.
struct FileSync {
  int32_t pid = 0, tid = 0;
  int64_t begin_ns = 0;
};

struct ProcessInfo {
  int32_t pid = 0, parent_pid = 0;
  bool known = false;  // somebody told its name
  std::string executable, service;
};

// What can be asked of the host where the streams were recorded. The seam to /proc; tests have a fake.
class HostFacts {
 public:
  virtual ~HostFacts() = default;
  virtual ProcessInfo process(int32_t pid) = 0;
  virtual std::vector<uint16_t> listening_ports() = 0;
};

}  // namespace culprit::requests
