// Reads the frames of one journal file, which may be truncated or damaged. Complete frames are returned, damaged ones
// are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "model/frame.h"

namespace culprit {

struct ScanDamage {
  int64_t frames = 0;      // damaged frames that a complete frame follows
  int64_t tail_bytes = 0;  // bytes after the last complete frame: an incomplete frame
};

// Calls `visit` with the header and content of every complete frame, in order.
ScanDamage scan_frames(std::string_view file, const std::function<void(const FrameHeader&, std::string_view)>& visit);

}  // namespace culprit
