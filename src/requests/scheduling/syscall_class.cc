#include "requests/scheduling/syscall_class.h"

#include <sys/syscall.h>

namespace culprit::requests {

SyscallClass syscall_class(int16_t syscall) {
  switch (syscall) {
    case -1: return SyscallClass::None;
    case SYS_nanosleep:
    case SYS_clock_nanosleep: return SyscallClass::Sleep;
    case SYS_futex:
    case 449:  // futex_waitv; 455 is futex_wait: both are newer than these kernel headers
    case 455:
    case SYS_semop:
    case SYS_semtimedop:
    case SYS_flock:
    case SYS_fcntl: return SyscallClass::Mutex;
#ifdef SYS_poll  // x86-64 also has the older system calls
    case SYS_poll:
    case SYS_select:
    case SYS_epoll_wait:
    case SYS_pause:
#endif
    case SYS_ppoll:
    case SYS_pselect6:
    case SYS_epoll_pwait:
    case 441:  // epoll_pwait2
    case SYS_rt_sigtimedwait:
    case SYS_rt_sigsuspend:
    case 426:  // io_uring_enter
      return SyscallClass::Poll;
    case SYS_read:
    case SYS_readv:
    case SYS_recvfrom:
    case SYS_recvmsg:
    case SYS_recvmmsg:
    case SYS_write:
    case SYS_writev:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendmmsg:
    case SYS_accept:
    case SYS_accept4: return SyscallClass::Socket;
    case SYS_connect: return SyscallClass::Connect;
    case SYS_fsync:
    case SYS_fdatasync:
    case SYS_sync:
    case SYS_syncfs:
    case SYS_msync:
    case SYS_sync_file_range: return SyscallClass::Sync;
#ifdef SYS_vfork
    case SYS_vfork:
    case SYS_fork:
#endif
    case SYS_clone:
    case 435:  // clone3
    case SYS_wait4:
    case SYS_waitid: return SyscallClass::Child;
    default: return SyscallClass::Other;
  }
}

bool writes(int16_t syscall) {
  return syscall == SYS_write || syscall == SYS_writev || syscall == SYS_sendto || syscall == SYS_sendmsg ||
         syscall == SYS_sendmmsg;
}

}  // namespace culprit::requests
