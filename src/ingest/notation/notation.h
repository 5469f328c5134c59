// Reader for the trace notation (docs/formats/notation.md): plain text that a person writes in a bug report or a test.
//
// Ids are derived from positions, and times start at kEpoch, so that the same text always gives the same rows. A
// damaged line costs only itself: it is counted, and lines indented below it keep it as their parent, as children of a
// lost span do.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ingest/interface/format.h"
#include "ingest/notation/line.h"
#include "ingest/shared/intake.h"

namespace culprit::notation {

// The time of +0s: 2026-01-01T00:00:00Z.
constexpr int64_t kEpoch_ns = 1'767'225'600'000'000'000;

bool is_notation_file(std::string_view front);
Result<void> decode_file(Framing& framing, Intake& intake);
inline constexpr StreamFormat kNotation{"notation", is_notation_file, decode_file};

class Reader {
 public:
  explicit Reader(Intake& intake) : intake_(intake) {}

  Result<void> line(std::string_view text, int64_t number);
  Result<void> end() { return end_block(); }

 private:
  struct Row {
    SpanLine span;
    size_t indent = 0;
    int64_t number = 0;     // line number in the file
    size_t parent = kNone;  // index of the row in this block
    bool there = true;      // false: a damaged line
  };
  static constexpr size_t kNone = ~size_t{0};

  void place(Row row);
  Result<void> end_block();
  Result<void> write_copy(int64_t copy);
  void write_row(size_t index, int64_t copy, TraceId trace_id);
  uint64_t span_id(size_t index, int64_t copy) const;
  TraceId trace_id(int64_t copy) const;
  int64_t clock_of(const SpanLine& span) const;

  Intake& intake_;
  std::vector<Row> rows_;
  std::vector<size_t> open_;  // rows that can be the parent of the next line
  RepeatLine repeat_;
  std::map<std::string, int64_t, std::less<>> clocks_;
  std::string trace_label_;
  int64_t block_ = 0;
  int64_t spans_written_ = 0;
};

}  // namespace culprit::notation
