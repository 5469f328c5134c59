// Reads variables of a child process in place of a server's.
#include "capture/kernel/statement_reader.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cinttypes>
#include <cstring>
#include <fstream>
#include <sstream>

namespace culprit::capture {
namespace {

const char* volatile query_string = nullptr;  // stands for the server's variable

constexpr uint64_t kMs = 1'000'000;

// Returns the test's own program as the search for servers would find it.
ServerProgram own_program() {
  struct stat status {};
  EXPECT_EQ(stat("/proc/self/exe", &status), 0);
  std::stringstream maps;
  maps << std::ifstream("/proc/self/maps").rdbuf();
  ServerProgram program;
  program.key = program_key(getpid());
  const uint64_t begin = mapped_address(maps.str(), status.st_ino, {});
  program.variable = {reinterpret_cast<uint64_t>(&query_string) - begin, 0};
  return program;
}

// A process that runs a statement until it is killed.
class Backend {
 public:
  explicit Backend(const char* statement) {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    pid_ = fork();
    if (pid_ == 0) {
      query_string = statement;
      if (write(ready[1], "r", 1) != 1) _exit(1);
      for (;;) pause();
    }
    char byte;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]), close(ready[1]);
  }
  ~Backend() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

TEST(StatementReader, ReadsAStatementThatRunsForLong) {
  Backend backend("SELECT pg_sleep(10)");
  StatementReader reader;
  reader.watch(own_program());
  reader.on_data(backend.pid(), false, 1'000 * kMs);
  EXPECT_TRUE(reader.take(1'199 * kMs, 1'198 * kMs).empty());
  EXPECT_TRUE(
      reader.take(1'200 * kMs, 1'199 * kMs).empty());  // read, but it may have ended within the last millisecond
  const auto statements = reader.take(1'250 * kMs, 1'249 * kMs);
  ASSERT_EQ(statements.size(), 1u);
  EXPECT_EQ(statements[0].pid, backend.pid());
  EXPECT_EQ(statements[0].text, "SELECT pg_sleep(10)");
  EXPECT_EQ(statements[0].time_ns, 1'200 * kMs);
  EXPECT_FALSE(statements[0].cut);
  EXPECT_TRUE(reader.take(9'000 * kMs, 8'999 * kMs).empty());  // each statement is read once
}

TEST(StatementReader, GivesNoTextWhereAnotherMessageCameMeanwhile) {
  Backend backend("SELECT 1");
  StatementReader reader;
  reader.watch(own_program());
  reader.on_data(backend.pid(), false, 1'000 * kMs);
  EXPECT_TRUE(reader.take(1'200 * kMs, 1'199 * kMs).empty());
  reader.on_data(backend.pid(), false, 1'200 * kMs);
  EXPECT_TRUE(reader.take(1'250 * kMs, 1'249 * kMs).empty());
}

TEST(StatementReader, ReadsNothingOfAnIdleBackendNorOfOneThatIsGone) {
  StatementReader reader;
  reader.watch(own_program());
  pid_t gone = 0;
  {
    Backend idle(nullptr), other("SELECT 1");
    gone = other.pid();
    reader.on_data(idle.pid(), false, 1'000 * kMs);
    reader.on_data(gone, false, 1'000 * kMs);
    EXPECT_TRUE(reader.take(1'000 * kMs, 999 * kMs).empty());
  }
  reader.take(1'300 * kMs, 1'299 * kMs);
  EXPECT_TRUE(reader.take(1'400 * kMs, 1'399 * kMs).empty());
}

TEST(StatementReader, CutsALongTextAndSurvivesAPointerToNowhere) {
  // The last bytes before a page that is not mapped.
  auto* pages = static_cast<char*>(mmap(nullptr, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_EQ(munmap(pages + 4096, 4096), 0);
  std::memcpy(pages + 4090, "SELECT", 6);
  const std::string long_text = "SELECT '" + std::string(10'000, 'x') + "'";
  Backend at_edge(pages + 4090), lost(reinterpret_cast<const char*>(0x10)), is_long(long_text.c_str());
  StatementReader reader;
  reader.watch(own_program());
  for (pid_t pid : {at_edge.pid(), lost.pid(), is_long.pid()}) reader.on_data(pid, false, 0);
  reader.take(200 * kMs, 199 * kMs);
  auto statements = reader.take(300 * kMs, 299 * kMs);
  ASSERT_EQ(statements.size(), 2u);
  for (const auto& statement : statements) {
    EXPECT_TRUE(statement.cut);
    EXPECT_EQ(statement.text, statement.pid == at_edge.pid() ? "SELECT" : long_text.substr(0, 4096));
  }
  munmap(pages, 4096);
}

TEST(StatementReader, LeavesOtherProgramsAlone) {
  StatementReader reader;
  EXPECT_FALSE(reader.watching());
  ServerProgram program = own_program();
  reader.watch(program);
  EXPECT_TRUE(reader.watching());
  reader.on_data(1, false, 0);  // init runs another program
  reader.take(200 * kMs, 199 * kMs);
  EXPECT_TRUE(reader.take(300 * kMs, 299 * kMs).empty());
  reader.unwatch(program);
  EXPECT_FALSE(reader.watching());
}

TEST(MappedAddress, IsWhereTheFilesFirstByteLies) {
  constexpr std::string_view kMaps =
      "55d000000000-55d000100000 r--p 00000000 08:01 77                         /usr/bin/postgres (deleted)\n"
      "55d000100000-55d000900000 r-xp 00100000 08:01 77                         /usr/bin/postgres (deleted)\n"
      "7f0000000000-7f0000100000 r--p 00000000 08:01 78                         /usr/lib/libc.so\n";
  EXPECT_EQ(mapped_address(kMaps, 77, {0x2345, 0}), 0x55d000002345u);
  // a program that is not position-independent
  EXPECT_EQ(mapped_address(kMaps, 77, {0x402345, 0x400000}), 0x55d000002345u);
  EXPECT_EQ(mapped_address(kMaps, 99, {0x2345, 0}), 0u);
  EXPECT_EQ(mapped_address("nonsense\n\n1-2", 77, {1, 0}), 0u);
}

}  // namespace
}  // namespace culprit::capture
