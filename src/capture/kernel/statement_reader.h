// StatementReader: reads the text of a long statement from the server's memory, where no probe reports it.
//
// PostgreSQL's `const char* debug_query_string` is the text of the statement that a backend runs, and NULL while it is
// idle. Debian's, PGDG's and the embedded builds export it. It is read once for each message that no other message
// follows within 200 ms.
//
// Nothing that is read is trusted: addresses come from the program's file and its mappings, and lengths are bounded.
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
    uint64_t time_ns = 0;  // when the text was read
    std::string text;
    bool cut = false;
  };

  // Adds or removes a server program whose backends' statements are to be read.
  void watch(const ServerProgram& server) { servers_.insert_or_assign(server.key, server.variable); }
  void unwatch(const ServerProgram& server);
  bool watching() const { return !servers_.empty(); }

  // A process received or sent bytes.
  void on_data(int32_t pid, bool sent, uint64_t time_ns);
  // The process ended, or executed another program.
  void forget(int32_t pid) { backends_.erase(pid); }
  // Reads the texts that are due. Returns those that were read before `horizon_ns` and whose statement was still
  // running then, as far as known.
  std::vector<Statement> take(uint64_t now_ns, uint64_t horizon_ns);

 private:
  struct Backend {
    bool server = false;    // the process runs a watched program
    uint64_t pointer = 0;   // address of the variable
    uint64_t since_ns = 0;  // time of the last message
    bool read = false;
  };
  Backend& at(int32_t pid);

  std::unordered_map<uint64_t, ElfVariable> servers_;  // by ServerProgram::key
  std::unordered_map<int32_t, Backend> backends_;
  std::unordered_map<int32_t, uint64_t> due_;  // by process: time of the message that may start a long statement
  struct Read {
    Statement statement;
    uint64_t since_ns = 0;
  };
  std::vector<Read> reads_;
};

}  // namespace culprit::capture
