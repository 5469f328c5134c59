// StatementReader: the text of a long statement, read out of the server's own memory, where no probe tells it.
//
//   PostgreSQL's `const char* debug_query_string` holds what its backend runs, and NULL while it is idle. It is exported by
//   Debian's, PGDG's and the embedded builds. Read once for each message that has not been followed by another for 200 ms.
//
// Nothing that is read is believed: addresses come from the program's file and its mappings, lengths are bounded.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "capture/kernel/uprobe.h"

namespace culprit::capture {

class StatementReader {
 public:
  struct Statement {
    int32_t pid = 0;
    uint64_t time_ns = 0;  // when it was read
    std::string text;
    bool cut = false;
  };

  // Its backends' statements are to be read from now on, or no longer.
  void watch(const ServerProgram& server) { servers_.insert_or_assign(server.key, server.variable); }
  void unwatch(const ServerProgram& server);
  bool watching() const { return !servers_.empty(); }

  // A process received bytes, or sent some.
  void on_data(int32_t pid, bool sent, uint64_t time_ns);
  // It ended, or became another program.
  void forget(int32_t pid) { backends_.erase(pid); }
  // Reads what is due, and gives what was read by `horizon_ns` and still runs as far as is known by then.
  std::vector<Statement> take(uint64_t now_ns, uint64_t horizon_ns);

 private:
  struct Backend {
    bool server = false;    // of a watched program
    uint64_t pointer = 0;   // address of the variable
    uint64_t since_ns = 0;  // of the last message
    bool read = false;
  };
  Backend& at(int32_t pid);

  std::unordered_map<uint64_t, ElfVariable> servers_;  // by ServerProgram::key
  std::unordered_map<int32_t, Backend> backends_;
  std::unordered_map<int32_t, uint64_t> due_;  // the message that may become long, by process
  struct Read {
    Statement statement;
    uint64_t since_ns = 0;
  };
  std::vector<Read> reads_;
};

}  // namespace culprit::capture
