// SyscallClass: what a thread can wait for when it is blocked in a system call.
#pragma once

#include <cstdint>

namespace culprit::requests {

enum class SyscallClass : uint8_t {
  None,    // not in a system call
  Sleep,   // waits for a time
  Mutex,   // waits for a futex, a semaphore or a file lock
  Poll,    // waits for several descriptors or a signal: only the context shows for which
  Socket,  // waits on one descriptor, for bytes or for buffer space
  Connect,
  Sync,   // waits until a file is on the disk
  Child,  // waits for a child process
  Other,
};
SyscallClass syscall_class(int16_t syscall);
bool writes(int16_t syscall);

}  // namespace culprit::requests
