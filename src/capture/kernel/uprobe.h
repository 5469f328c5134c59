// Finds PostgreSQL servers among the processes and measures the cost of a probe on their pgstat_report_activity().
//
// A program is a server's if it exports that function; its name does not matter. Programs are distinguished by inode:
// two installations need two probes. They are opened through /proc/PID/exe, so servers in containers are found too.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace culprit::capture {

// Returns the position of a function in an ELF file. `file` is foreign data and not trusted. Returns nothing if the
// file is no 64-bit little-endian ELF file, or exports no such function.
std::optional<uint64_t> function_offset(std::string_view file, std::string_view function);

// A variable of an ELF program: its address, and the address of the file's first byte, both as stored in the file.
struct ElfVariable {
  uint64_t address = 0;  // 0: no such variable
  uint64_t base = 0;
};
ElfVariable exported_variable(std::string_view file, std::string_view variable);

// Returns the identity of the file that a process runs; 0: unknown.
uint64_t program_key(int32_t pid);
// Returns the address of the program's variable in a process; 0: not found.
uint64_t address_in(int32_t pid, const ElfVariable& variable);
// The same, from the text of /proc/PID/maps, where the first byte of the file with this inode is mapped.
uint64_t mapped_address(std::string_view maps, uint64_t inode, const ElfVariable& variable);

// A file that stays open, so that it can be probed again after the process that it was found by has ended.
class ProgramFile {
 public:
  explicit ProgramFile(int fd) : fd_(fd) {}
  ProgramFile(const ProgramFile&) = delete;
  ProgramFile& operator=(const ProgramFile&) = delete;
  ~ProgramFile();
  int fd() const { return fd_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

struct ServerProgram {
  std::shared_ptr<const ProgramFile> file = {};
  uint64_t key = 0;           // program_key() of its processes
  ElfVariable variable = {};  // debug_query_string
  std::string name;           // the program's path in its process's view
  uint64_t offset = 0;        // position of the function in the file
  std::string first_bytes;    // first bytes of the function
};

// A function of culprit that begins like the function to probe: the cost of a probe is measured on it.
struct ProbeSample {
  std::string path;
  uint64_t offset = 0;
  void (*function)() = nullptr;
  // Returns the additional time of a call in nanoseconds, compared with a call without the probe: the median of some
  // calls. The probe must be attached.
  uint64_t measure_ns() const;
};

class ReportServers {
 public:
  // Returns the process's program if it is a server program that was not seen before.
  std::optional<ServerProgram> look_at(int32_t pid);
  // Chooses the sample by whether the kernel emulates the first instruction (0.5 µs a hit) or single-steps it (10 µs,
  // measured).
  static ProbeSample sample_for(std::string_view first_bytes);

 private:
  std::set<std::pair<uint64_t, uint64_t>> seen_;  // device, inode
};

}  // namespace culprit::capture
