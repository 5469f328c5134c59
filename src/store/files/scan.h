// Reads the frames of one journal file, whole or cut off or damaged: what is whole is given, what is not is counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "model/frame.h"

namespace culprit {

struct ScanDamage {
  int64_t frames = 0;      // damaged ones with a whole one after them
  int64_t tail_bytes = 0;  // after the last whole frame: one that was never finished
};

// Calls `visit` with every whole frame's header and content, in order.
ScanDamage scan_frames(std::string_view file, const std::function<void(const FrameHeader&, std::string_view)>& visit);

}  // namespace culprit
