#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "capture/kernel/bpf_source.h"

namespace culprit::capture {

Result<void> drop_rights(Rights keep) {
  uint64_t kept = 0;
  // Needed to read another process's memory and /proc/PID/exe, to open its program file, and to attach the probe.
  if (keep != Rights::None) kept = 1ull << CAP_SYS_PTRACE | 1ull << CAP_DAC_READ_SEARCH;
  if (keep == Rights::FollowServers) kept |= 1ull << CAP_PERFMON | 1ull << CAP_BPF;

  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct now[2]{};
  if (syscall(SYS_capget, &header, now) != 0)
    return Error{Error::Kind::Unavailable,
                 std::string("cannot read the capabilities of this process: ") + std::strerror(errno)};
  // First the bounding set: an executed program could regain capabilities from it. Dropping needs a right that is given
  // up below.
  for (int bit = 0; bit <= CAP_LAST_CAP; ++bit)
    // The call is refused if the process never had the right to drop.
    if (!(kept >> bit & 1)) prctl(PR_CAPBSET_DROP, bit, 0, 0, 0);
  __user_cap_data_struct then[2]{};
  for (int half = 0; half < 2; ++half) {
    auto mask = static_cast<uint32_t>(kept >> 32 * half);
    then[half].effective = then[half].permitted = now[half].permitted & mask;
  }
  if (syscall(SYS_capset, &header, then) != 0)
    return Error{Error::Kind::Unavailable, std::string("cannot give up rights: ") + std::strerror(errno)};
  return {};
}

}  // namespace culprit::capture
