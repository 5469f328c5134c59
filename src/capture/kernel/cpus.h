// Which CPUs there are, and how large a ring each gets: a machine may have 2 and announce 240 that could be plugged in.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace culprit::capture {

// The kernel's lists of CPUs ("0-3,8"), as of /sys/devices/system/cpu/online, for CPUs below `n`. What can't be read: all.
std::vector<bool> parse_cpu_list(std::string_view text, uint32_t n);

// Sizes of rings, powers of two: `wanted_bytes` for each CPU that is online, less where they would take more than `most_bytes`
// together; the least for those that may come.
std::vector<uint32_t> ring_sizes(const std::vector<bool>& online, uint32_t wanted_bytes, uint64_t most_bytes);

constexpr uint32_t kLeastRingBytes = 64u << 10;

}  // namespace culprit::capture
