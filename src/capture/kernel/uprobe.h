// Finds PostgreSQL servers among the processes, and what a probe on their pgstat_report_activity() would cost.
//
// A server is told by its program exporting that function, never by its name. Programs are told apart by inode: two
// installations need two probes. They are opened through /proc/PID/exe, so containers' are found as well.
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

// Where a function lies in an ELF file: its offset in the file. `file` is foreign: nothing in it is believed.
// Nothing where the file is no 64-bit little-endian ELF file, or exports no such function.
std::optional<uint64_t> function_offset(std::string_view file, std::string_view function);

// A variable of an ELF program: its address, and that of the file's first byte, as the file has them.
struct ElfVariable {
  uint64_t address = 0;  // 0: there is none of this name
  uint64_t base = 0;
};
ElfVariable exported_variable(std::string_view file, std::string_view variable);

// Tells programs apart by the file that a process runs; 0: it can't be told.
uint64_t program_key(int32_t pid);
// Where a variable of its program lies in a process; 0: not found.
uint64_t address_in(int32_t pid, const ElfVariable& variable);
// The same, of /proc/PID/maps: the first byte of the file with this inode is mapped there.
uint64_t mapped_address(std::string_view maps, uint64_t inode, const ElfVariable& variable);

// A file that stays open, so that it can be probed again when the process that showed it has gone.
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
  std::string name;           // the program's path as its process sees it
  uint64_t offset = 0;        // of the function in the file
  std::string first_bytes;    // of the function
};

// A function of our own that begins like another one: what a probe on that one costs can be measured on this.
struct ProbeSample {
  std::string path;
  uint64_t offset = 0;
  void (*function)() = nullptr;
  // Nanoseconds that a call takes longer than without a probe, the median of some; call it with the probe attached.
  uint64_t measure_ns() const;
};

class ReportServers {
 public:
  // The process' program, where it is a server's that was not seen before.
  std::optional<ServerProgram> look_at(int32_t pid);
  // Whether the kernel emulates the first instruction (0.5 µs a hit) or must single-step it (10 µs where measured).
  static ProbeSample sample_for(std::string_view first_bytes);

 private:
  std::set<std::pair<uint64_t, uint64_t>> seen_;  // device, inode
};

}  // namespace culprit::capture
