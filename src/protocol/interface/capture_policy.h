// CapturePolicy: which bytes of each message in one direction of a connection are copied out of the program.
//
//   message  ┌──────────────────────┬───────────────────────────┬─ … ─┬─────────────────────┐
//            │ head_bytes           │ to the first blank line   │     │ the last tail_bytes │
//            └──────────────────────┴───────────────────────────┴─ … ─┴─────────────────────┘
//
// A message is the bytes of one send or receive call. The bytes between the copied parts are a gap of known length.
#pragma once

#include <cstdint>

namespace culprit {

struct CapturePolicy {
  static constexpr uint32_t kMaxHeadBytes = 65536;
  static constexpr uint32_t kMaxTailBytes = 1024;

  uint32_t head_bytes = 0;
  uint32_t tail_bytes = 0;
  // True: copying continues after head_bytes until CR LF CR LF or kMaxHeadBytes have been copied.
  bool to_blank_line = false;

  bool operator==(const CapturePolicy&) const = default;
};

}  // namespace culprit
