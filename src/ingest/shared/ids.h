// Ids in the forms that other programs print.
//
//   0af7651916cd43dd8448eb211c80319c             hexadecimal, upper or lower case
//   0x0af7…  0af76519-16cd-43dd-8448-eb211c80319c    Python's consoles, UUIDs
//   CvdlGRbNQ92ESOshHIAxnA==                     bytes in proto3 JSON: base64
//   req-2024/17, 4711                            not hexadecimal: replaced by a hash of the text, always the same one
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/span.h"

namespace culprit {

enum class IdLength : uint8_t {
  Whole,    // exactly 16 or 8 bytes (OTLP); shorter hexadecimal text is not an id
  Trimmed,  // leading zeros may be missing (Jaeger, Zipkin)
};

template <class Id>
struct ReadId {
  std::optional<Id> id;  // none: hexadecimal of the wrong length. Zero: the text is empty, or all digits are zero
  bool hashed = false;
};
ReadId<TraceId> read_trace_id(std::string_view text, IdLength length);
ReadId<uint64_t> read_span_id(std::string_view text, IdLength length);

}  // namespace culprit
