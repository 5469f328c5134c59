// The sampling weight that a span's tracestate tells (OpenTelemetry, "TraceState: Probability Sampling").
//
//   tracestate: ot=th:e666;rv:d29d6a7215ced0        th: rejection threshold T, rv: randomness R, both 56 bits
//   kept where R >= T, so the probability is (2^56 - T) / 2^56, and the span stands for its inverse
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace culprit {

struct Sampling {
  std::optional<double> weight;  // none: not told, or not to be believed
  bool inconsistent = false;     // R < T: its own rule would have dropped it
};

// `trace_id_low`: the trace id's last 8 bytes, whose lower 56 bits are R where `flags` say that they are random.
Sampling sampling_of(std::string_view trace_state, uint64_t trace_id_low, uint32_t flags);

}  // namespace culprit
