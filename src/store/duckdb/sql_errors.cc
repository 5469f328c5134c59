#include "store/duckdb/sql_errors.h"

#include <algorithm>

#include "base/text.h"
#include "model/schema.h"

namespace culprit {

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The phrases with which DuckDB begins its advice. The advice names settings and statements that culprit refuses.
constexpr std::string_view kAdvice[] = {"Possible solutions",
                                        "possible solutions",
                                        "You can ",
                                        "You might ",
                                        "Please ",
                                        "Consider ",
                                        "Try ",
                                        "HINT",
                                        "Hint:",
                                        "If you ",
                                        "To ",
                                        "(SET ",
                                        "SET ",
                                        "PRAGMA ",
                                        "INSTALL ",
                                        "LOAD ",
                                        "Set the ",
                                        "Use ",
                                        "For more",
                                        "See https",
                                        "https://",
                                        "This error signals",
                                        "Stack Trace",
                                        "Explicitly ",
                                        "Either "};

// Removes the advice. Keeps "LINE 1: …", which shows the position of the error.
std::string without_advice(const std::string& message) {
  size_t begin = std::string::npos;
  for (std::string_view advice : kAdvice)
    for (size_t at = message.find(advice); at != std::string::npos; at = message.find(advice, at + 1)) {
      bool starts = at > 0 && (message[at - 1] == '\n' ||
                               (message[at - 1] == ' ' && at > 1 &&
                                std::string_view(".!?;:*").find(message[at - 2]) != std::string_view::npos));
      if (!starts) continue;
      begin = std::min(begin, at);
      break;
    }
  if (begin == std::string::npos) return message;
  size_t line = message.find("LINE ");
  if (line < begin) return message;  // the phrase is part of the user's statement
  std::string what = message.substr(0, begin);
  while (!what.empty() && (what.back() == ' ' || what.back() == '\n' || what.back() == '*')) what.pop_back();
  return line == std::string::npos ? what : what + "\n\n" + message.substr(line);
}

std::string table_names() {
  std::string names;
  for (const TableDoc& table : schema()) names += (names.empty() ? "" : ", ") + std::string(table.name);
  return names;
}

}  // namespace

Error in_our_words(Error error, const SqlLimits& limits) {
  const std::string said = error.message;
  bool memory = has(said, "Out of Memory") || has(said, "failed to allocate") || has(said, "could not allocate") ||
                has(said, "bad_alloc");
  if (memory) {
    std::string used = format_bytes(limits.memory_bytes) + " of memory";
    if (limits.spill_bytes > 0) used += " and " + format_bytes(limits.spill_bytes) + " of disk";
    return {Error::Kind::Full, "the query needs more than " + used,
            "ask for less at a time, or raise its memory limit"};
  }
  error.message = without_advice(said);
  if (has(said, "Table with name")) {
    size_t end = error.message.find("\nDid you mean"), line = error.message.find("LINE ");
    if (end != std::string::npos)
      error.message =
          error.message.substr(0, end) + (line == std::string::npos ? "" : "\n\n" + error.message.substr(line));
    if (error.fix.empty()) error.fix = "tables: " + table_names();
  }
  return error;
}

}  // namespace culprit
