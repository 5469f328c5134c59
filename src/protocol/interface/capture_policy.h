// CapturePolicy: which bytes of each message in one direction of a connection are copied out of the program.
//
//   message  ┌──────────────────────┬───────────────────────────┬─ … ─┬─────────────────────┐
//            │ head_bytes           │ to the first blank line   │     │ the last tail_bytes │
//            └──────────────────────┴───────────────────────────┴─ … ─┴─────────────────────┘
//
// A message is what one send or receive call carried. What lies between is a gap whose length is known.
#pragma once

#include <cstdint>

namespace culprit {

struct CapturePolicy {
  static constexpr uint32_t kMaxHeadBytes = 65536;
  static constexpr uint32_t kMaxTailBytes = 1024;

  uint32_t head_bytes = 0;
  uint32_t tail_bytes = 0;
  // Copying goes on past head_bytes until the first CR LF CR LF of the message is copied, or kMaxHeadBytes are.
  bool to_blank_line = false;

  bool operator==(const CapturePolicy&) const = default;
};

}  // namespace culprit
