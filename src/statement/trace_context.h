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

// "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", strictly: lower-case hex, version not ff, no zero id; a later
// version may append "-…" (§3.2.2, §4.3). Anything else is no context at all.
std::optional<TraceContext> parse_traceparent(std::string_view text);

// As sqlcommenter puts it into a comment: key='percent-encoded value',… . Only the two keys of the trace context are read.
std::optional<TraceContext> trace_context_of_comment(std::string_view comment);

// The longest tracestate that is kept: §3.3.1.5 asks for at least 512 characters to be passed on.
constexpr size_t kMaxTraceState = 512;
// Whether `text` is printable ASCII of at most kMaxTraceState bytes, hence fit to be kept.
bool acceptable_trace_state(std::string_view text);

}  // namespace culprit
