// The input about threads and processes: plain structs that a recorder fills from kernel events and /proc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace culprit::requests {

enum class Waker : uint8_t {
  None,       // no wake-up: the thread was preempted, or it kept running
  Thread,     // a thread in a system call: a true dependency
  Interrupt,  // an interrupt, a timer or a softirq
  Unknown,
};

// A thread got a CPU. One record describes the whole time that the thread was off the CPU.
struct ThreadSwitch {
  int32_t pid = 0, tid = 0;
  uint32_t cpu = 0;
  int64_t on_ns = 0;     // the time at which the thread got the CPU
  int64_t off_ns = 0;    // the time at which the thread last left a CPU; 0: this is its first time on a CPU
  int64_t wake_ns = 0;   // the time at which the thread became runnable; 0: it stayed runnable
  uint32_t state = 0;    // task state when the thread left the CPU: 0 runnable, 1 interruptible, 2 uninterruptible …
  int16_t syscall = -1;  // the system call that the thread waits in; -1: none
  Waker waker = Waker::None;
  bool io_wait = false;
  int32_t waker_pid = 0, waker_tid = 0;
  int32_t previous_pid = 0, previous_tid = 0;  // the thread that had this CPU before; 0: the CPU was idle
  bool socket = false;                         // the thread waits to read or write a socket
};

// A thread that is off its CPU when the recording ends. If the thread already slept when the recording began, off_ns is
// the start of the recording.
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
  bool known = false;  // the host gave its name
  std::string executable, service;
};

// The facts that the host provides about its processes. This is an interface because tests replace /proc by a fake.
class HostFacts {
 public:
  virtual ~HostFacts() = default;
  virtual ProcessInfo process(int32_t pid) = 0;
  virtual std::vector<uint16_t> listening_ports() = 0;
};

}  // namespace culprit::requests
