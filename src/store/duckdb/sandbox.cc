#include "store/duckdb/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>

namespace culprit {

namespace {

// The limit beyond the current address space and the query's memory limit. DuckDB reserves more address space than it
// uses.
constexpr uint64_t kAddressSpace = uint64_t{5} << 30;

// The system calls that a query needs after the database is open: memory, thread synchronisation, and reading segments.
constexpr const char* kAllowedCalls[] = {
    "read",
    "pread64",
    "readv",
    "preadv",
    "close",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "lseek",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "getdents64",
    "fcntl",
    "fadvise64",
    "mmap",
    "munmap",
    "mprotect",
    "madvise",
    "mremap",
    "brk",
    "futex",
    "sched_yield",
    "sched_getaffinity",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "getrandom",
    "exit",
    "exit_group",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "getpid",
    "gettid",
    "getuid",
    "geteuid",
    "sysinfo",
    "uname",
    "getrusage",
    "getrlimit",
    "poll",
    "ppoll",
    "restart_syscall",
    "set_robust_list",
    "rseq",
    "membarrier",
    "getcpu",
    "sigaltstack",
    "tgkill",
    "write",
};

// The additional system calls for temporary files.
constexpr const char* kWritingCalls[] = {
    "openat", "open",  "creat",    "pwrite64", "writev", "pwritev", "ftruncate", "fallocate",
    "unlink", "mkdir", "unlinkat", "mkdirat",  "rmdir",  "fsync",   "fdatasync", "flock",
};

// Returns the rights that create, write, change or remove files. Rights that an older kernel does not know are left
// out, as the Landlock documentation requires.
uint64_t landlock_writes(long abi) {
  uint64_t rights = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                    LANDLOCK_ACCESS_FS_MAKE_SYM;
  if (abi >= 3) rights |= uint64_t{1} << 14;  // LANDLOCK_ACCESS_FS_TRUNCATE
  return rights;
}

bool allow_all(scmp_filter_ctx filter, const char* name) {
  int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR || number < 0) return true;
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
}

}  // namespace

bool write_only_below(const std::string& directory) {
  long abi = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  landlock_ruleset_attr handled = {};
  handled.handled_access_fs = landlock_writes(abi);
  int rules = static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) return false;
  landlock_path_beneath_attr beneath = {};
  beneath.allowed_access = handled.handled_access_fs;
  beneath.parent_fd = open(directory.c_str(), O_PATH | O_CLOEXEC);
  bool held = beneath.parent_fd >= 0 &&
              syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0 &&
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
  close(beneath.parent_fd);
  close(rules);
  return held;
}

bool allow_only_queries(Writes writes) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return false;
  bool done = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;
  for (const char* name : kAllowedCalls) done = done && allow_all(filter, name);
  if (writes == Writes::BelowDirectory) {
    for (const char* name : kWritingCalls) done = done && allow_all(filter, name);
  } else {  // files may be opened only for reading
    constexpr uint64_t kForbidden = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    auto only_to_read = SCMP_A2(SCMP_CMP_MASKED_EQ, kForbidden, 0),
         open_only = SCMP_A1(SCMP_CMP_MASKED_EQ, kForbidden, 0);
    done = done && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, only_to_read) == 0;
    done = done && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, open_only) == 0;
  }
  done = done && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return done;
}

void set_process_limits(const SqlLimits& limits) {
  auto limit = [](auto resource, uint64_t value) {
    rlimit both{value, value};
    setrlimit(resource, &both);
  };
  unsigned long long pages = 0;
  if (FILE* statm = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(statm, "%llu", &pages) != 1) pages = 0;
    std::fclose(statm);
  }
  if (pages < (uint64_t{1} << 28))
    limit(RLIMIT_AS,
          pages * 4096 + kAddressSpace + limits.memory_bytes);  // under ASan the whole address space is mapped
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_FSIZE, limits.spill_bytes);
  limit(RLIMIT_CPU, static_cast<uint64_t>(limits.timeout_ms) / 1000 * 2 + 2);
}

}  // namespace culprit
