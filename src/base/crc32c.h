// CRC-32C (Castagnoli, RFC 3720 appendix B.4): guards our frames and segments against damage, not against malice.
#pragma once

#include <cstdint>
#include <string_view>

namespace culprit {

// Of `bytes`; `seed` is the checksum of what came before them.
uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace culprit
