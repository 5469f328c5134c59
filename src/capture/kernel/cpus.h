// The CPUs of the machine and the size of each CPU's ring. A machine may have 2 CPUs and announce 240 that could be
// added.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace culprit::capture {

// Parses the kernel's list of CPUs ("0-3,8"), as in /sys/devices/system/cpu/online, for CPUs below `n`. A text that
// cannot be parsed means all.
std::vector<bool> parse_cpu_list(std::string_view text, uint32_t n);

// Returns the sizes of the rings, powers of two: `wanted_bytes` for each CPU that is online, or less if all rings
// together would exceed `most_bytes`. CPUs that are offline get the smallest size.
std::vector<uint32_t> ring_sizes(const std::vector<bool>& online, uint32_t wanted_bytes, uint64_t most_bytes);

constexpr uint32_t kLeastRingBytes = 64u << 10;

}  // namespace culprit::capture
