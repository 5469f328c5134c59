// What a system call that a thread is blocked in can wait for.
#pragma once

#include <cstdint>

namespace culprit::requests {

enum class SyscallClass : uint8_t {
  None,    // not in a system call
  Sleep,   // for time
  Mutex,   // futex, semaphore, file lock
  Poll,    // several descriptors, or a signal: only the situation tells for what
  Socket,  // one descriptor: bytes or room
  Connect,
  Sync,   // a file's way to the disk
  Child,  // a process of its own
  Other,
};
SyscallClass syscall_class(int16_t syscall);
bool writes(int16_t syscall);

}  // namespace culprit::requests
