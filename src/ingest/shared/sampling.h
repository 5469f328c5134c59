// The sampling weight in a span's tracestate (OpenTelemetry, "TraceState: Probability Sampling").
//
//   tracestate: ot=th:e666;rv:d29d6a7215ced0        th: rejection threshold T, rv: randomness R, both 56 bits
//   A span is kept if R >= T: the probability is (2^56 - T) / 2^56, and the weight is its inverse.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace culprit {

struct Sampling {
  std::optional<double> weight;  // none: not given, or not plausible
  bool inconsistent = false;     // R < T: by this rule the span would have been dropped
};

// `trace_id_low`: the trace id's last 8 bytes. Their lower 56 bits are R if `flags` declare them random.
Sampling sampling_of(std::string_view trace_state, uint64_t trace_id_low, uint32_t flags);

}  // namespace culprit
