// The command line, parsed: one plain struct for all verbs, made from the one option table (options.cc).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace culprit::cli {

struct Options {
  std::string verb;
  std::vector<std::string> operands;

  std::string source;  // -s
  std::string output;  // -O; empty: stdout
  std::string format = "text";
  std::string color = "auto";  // auto always never

  std::string from, to;  // as typed
  std::string service, operation, statement;
  std::vector<std::string> fail_on;

  bool ask = false;
  std::string dsn;

  bool all = false;
  std::vector<int> pids;
  std::vector<std::string> command;
  std::string directory;  // -o
  std::string duration;   // --for
  std::string ring_size;
  std::string tier;

  std::string fault;  // demo
  std::string save;
  int64_t max_rows = 100'000;  // sql
};

// What to do: a verb with its options, or a text to print (help, version) and be done.
struct Parsed {
  Options options;
  std::optional<std::string> text;
};
Result<Parsed> parse(int argc, char** argv);

std::vector<std::string> verbs();

}  // namespace culprit::cli
