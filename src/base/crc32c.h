// CRC-32C (Castagnoli, RFC 3720 appendix B.4): detects accidental damage of frames and segments, but not manipulation.
#pragma once

#include <cstdint>
#include <string_view>

namespace culprit {

// Returns the checksum of `bytes`. `seed` is the checksum of the preceding bytes.
uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace culprit
