// W3C Trace Context (REC 2021-11-23): the traceparent and tracestate that a request carries.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/span.h"

namespace culprit {

struct TraceContext {
  TraceId trace_id;
  uint64_t span_id = 0;
  std::string trace_state;
};

// Parses "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01". The syntax is checked strictly: lower-case hex, a
// version other than ff, ids other than zero. A later version may append "-…" (§3.2.2, §4.3). Any other text gives no
// context.
std::optional<TraceContext> parse_traceparent(std::string_view text);

// Parses a comment in the format of sqlcommenter: key='percent-encoded value',… . Only the two keys of the trace
// context are read.
std::optional<TraceContext> trace_context_of_comment(std::string_view comment);

// The longest tracestate that is kept. §3.3.1.5 requires that at least 512 characters are passed on.
constexpr size_t kMaxTraceState = 512;
// Returns true if `text` is printable ASCII with at most kMaxTraceState bytes, so that it can be kept.
bool acceptable_trace_state(std::string_view text);

}  // namespace culprit
