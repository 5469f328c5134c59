// Parser for one line of the trace notation (docs/formats/notation.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/record.h"
#include "model/span.h"

namespace culprit::notation {

struct EmptyLine {};    // ends a block
struct CommentLine {};  // does not end a block

// Example: x40 at +60s every 250ms
struct RepeatLine {
  int64_t count = 1;
  int64_t offset_ns = 0;
  int64_t every_ns = 1'000'000'000;
};

// Example: service name from..to key=value …
struct SpanLine {
  std::string service, name;
  int64_t from_ns = 0, to_ns = 0;  // relative to the start of the trace
  std::string id, parent, trace;   // labels; empty: not given
  SpanStatus status = SpanStatus::Unset;
  std::string error_text;
  SpanKind kind = SpanKind::Unspecified;
  std::string host;
  std::optional<int64_t> clock_ns;  // the error of the host's clock
  bool lost = false;
  std::vector<std::string> logs;
  int32_t pid = 0;
  WaitSums waits;
  std::vector<Blocker> blockers;  // at most kMaxBlockers
  std::vector<SpanEvent> events;  // their time is the span's end
  Attributes attributes;
};

struct DamagedLine {
  std::string reason;
};

struct Line {
  size_t indent = 0;
  std::variant<EmptyLine, CommentLine, RepeatLine, SpanLine, HostInfo, Process, DamagedLine> content;
};

// Never fails: text that does not follow the notation is a DamagedLine with the reason.
Line parse_line(std::string_view text);
// Returns whether `text` can only be a line of the notation; this distinguishes its files from other formats.
bool is_notation(std::string_view text);

// Parses "+60s", "250ms", "-1.5s" to nanoseconds; units ns us µs ms s m h. The limit is about 30 years.
std::optional<int64_t> parse_duration(std::string_view text);

}  // namespace culprit::notation
