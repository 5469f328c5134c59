#include "capture/kernel/uprobe.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/hash.h"

// Sample functions that begin like others. The kernel emulates `push` and `nop`. It cannot emulate `sub` on the stack
// pointer and single-steps it, which is expensive (arch/x86/kernel/uprobes.c).
#if defined(__x86_64__)
extern "C" {
void culprit_sample_push();
void culprit_sample_step();
}
asm(R"(
  .text
  .p2align 4
  .globl culprit_sample_push
  .type culprit_sample_push, @function
culprit_sample_push:
  push %rbp
  pop %rbp
  ret
  .size culprit_sample_push, .-culprit_sample_push
  .p2align 4
  .globl culprit_sample_step
  .type culprit_sample_step, @function
culprit_sample_step:
  sub $8, %rsp
  add $8, %rsp
  ret
  .size culprit_sample_step, .-culprit_sample_step
)");
#endif

namespace culprit::capture {
namespace {

constexpr std::string_view kReport = "pgstat_report_activity", kText = "debug_query_string";
constexpr off_t kFileLimit = 2ll << 30;  // larger programs are not examined
// the most programs remembered; a machine that runs more examines each of them again
constexpr size_t kMostPrograms = 65'536;

// A file mapped for reading; empty if it cannot be mapped.
class MappedFile {
 public:
  explicit MappedFile(int fd, size_t size_bytes) : size_bytes_(size_bytes) {
    void* mapped = size_bytes == 0 ? MAP_FAILED : mmap(nullptr, size_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    bytes_ = mapped == MAP_FAILED ? nullptr : static_cast<const char*>(mapped);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() {
    if (bytes_ != nullptr) munmap(const_cast<char*>(bytes_), size_bytes_);
  }
  std::string_view bytes() const {
    return bytes_ == nullptr ? std::string_view() : std::string_view(bytes_, size_bytes_);
  }

 private:
  const char* bytes_;
  size_t size_bytes_;
};

// Returns whether the kernel emulates the instruction (arch/x86/kernel/uprobes.c): push of a register (with or without
// REX.B), nop, relative jmp and call, conditional jumps.
bool emulated(std::string_view first) {
  auto byte = [&](size_t i) { return i < first.size() ? static_cast<uint8_t>(first[i]) : uint8_t{0}; };
  if (byte(0) == 0x41) return byte(1) >= 0x50 && byte(1) <= 0x57;
  if (byte(0) >= 0x50 && byte(0) <= 0x57) return true;
  if (byte(0) == 0x90 || byte(0) == 0xe8 || byte(0) == 0xe9 || byte(0) == 0xeb) return true;
  if (byte(0) >= 0x70 && byte(0) <= 0x7f) return true;
  return byte(0) == 0x0f && (byte(1) == 0x1f || (byte(1) >= 0x80 && byte(1) <= 0x8f));
}

// Returns the position of one of culprit's functions in the file that it was mapped from.
uint64_t own_offset(const void* function) {
  auto address = reinterpret_cast<uint64_t>(function);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    uint64_t from = 0, to = 0, offset = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64, &from, &to, &offset) != 3) continue;
    if (address >= from && address < to) return address - from + offset;
  }
  return 0;
}

uint64_t cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);  // CPU time of the thread: other work on the machine does not count
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000ull + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

uint64_t ProbeSample::measure_ns() const {
  if (function == nullptr) return 0;
  // 4 ms at 10 µs a call; the median of rounds excludes rounds disturbed by other work
  constexpr int kCalls = 20, kRounds = 21;
  std::array<uint64_t, kRounds> rounds{};
  for (uint64_t& round : rounds) {
    uint64_t begin = cpu_ns();
    for (int i = 0; i < kCalls; ++i) function();
    round = (cpu_ns() - begin) / kCalls;
  }
  std::nth_element(rounds.begin(), rounds.begin() + kRounds / 2, rounds.end());
  return rounds[kRounds / 2];
}

ProgramFile::~ProgramFile() {
  if (fd_ >= 0) close(fd_);
}

uint64_t program_key(int32_t pid) {
  struct stat status {};
  if (stat(("/proc/" + std::to_string(pid) + "/exe").c_str(), &status) != 0) return 0;
  return hash64(status.st_dev, status.st_ino);
}

uint64_t mapped_address(std::string_view maps, uint64_t inode, const ElfVariable& variable) {
  std::istringstream lines{std::string(maps)};
  for (std::string line; std::getline(lines, line);) {
    uint64_t from = 0, offset = 0, mapped = 0;
    if (std::sscanf(line.c_str(), "%" SCNx64 "-%*x %*s %" SCNx64 " %*s %" SCNu64, &from, &offset, &mapped) != 3)
      continue;
    if (offset == 0 && mapped == inode) return from + (variable.address - variable.base);
  }
  return 0;
}

uint64_t address_in(int32_t pid, const ElfVariable& variable) {
  const std::string directory = "/proc/" + std::to_string(pid);
  struct stat status {};
  if (stat((directory + "/exe").c_str(), &status) != 0) return 0;
  std::ifstream maps(directory + "/maps");
  std::stringstream text;
  text << maps.rdbuf();
  return mapped_address(text.view(), status.st_ino, variable);
}

ProbeSample ReportServers::sample_for(std::string_view first_bytes) {
  ProbeSample sample{.path = "/proc/self/exe"};
#if defined(__x86_64__)
  sample.function = emulated(first_bytes) ? culprit_sample_push : culprit_sample_step;
  sample.offset = own_offset(reinterpret_cast<const void*>(sample.function));
#endif
  return sample;
}

std::optional<ServerProgram> ReportServers::look_at(int32_t pid) {
  std::string path = "/proc/" + std::to_string(pid) + "/exe";
  struct stat status {};
  // This check is cheap, and most processes share a program with another one.
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > kFileLimit) return std::nullopt;
  if (seen_.size() >= kMostPrograms) seen_.clear();
  if (!seen_.insert({status.st_dev, status.st_ino}).second) return std::nullopt;
  auto opened = std::make_shared<const ProgramFile>(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened->fd() < 0) return std::nullopt;
  MappedFile file(opened->fd(), static_cast<size_t>(status.st_size));
  auto offset = function_offset(file.bytes(), kReport);
  if (!offset) return std::nullopt;
  char name[4096];
  ssize_t length = readlink(path.c_str(), name, sizeof name);
  return ServerProgram{.file = std::move(opened),
                       .key = program_key(pid),
                       .variable = exported_variable(file.bytes(), kText),
                       .name = length > 0 ? std::string(name, static_cast<size_t>(length)) : path,
                       .offset = *offset,
                       .first_bytes = std::string(file.bytes().substr(*offset, 16))};
}

}  // namespace culprit::capture
