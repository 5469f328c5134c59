#include "capture/kernel/cpus.h"

#include <algorithm>
#include <bit>
#include <charconv>

namespace culprit::capture {
namespace {

// Reads a number at the start of the text and removes it from the text; returns false if there is none.
bool take_number(std::string_view& text, uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

}  // namespace

std::vector<bool> parse_cpu_list(std::string_view text, uint32_t n) {
  const std::vector<bool> all(n, true);
  std::vector<bool> listed(n, false);
  while (text.ends_with('\n')) text.remove_suffix(1);
  while (!text.empty()) {
    uint32_t first = 0, last = 0;
    if (!take_number(text, first)) return all;
    last = first;
    if (text.starts_with('-')) {
      text.remove_prefix(1);
      if (!take_number(text, last) || last < first) return all;
    }
    for (uint32_t cpu = first; cpu <= last && cpu < n; ++cpu) listed[cpu] = true;
    if (text.empty()) break;
    if (!text.starts_with(',')) return all;
    text.remove_prefix(1);
  }
  return std::find(listed.begin(), listed.end(), true) == listed.end() ? all : listed;
}

std::vector<uint32_t> ring_sizes(const std::vector<bool>& online, uint32_t wanted_bytes, uint64_t most_bytes) {
  const auto n_online = static_cast<uint64_t>(std::count(online.begin(), online.end(), true));
  const uint32_t wanted = std::bit_ceil(std::clamp(wanted_bytes, kLeastRingBytes, 1u << 30));
  const uint64_t share =
      std::bit_floor(std::max<uint64_t>(most_bytes / std::max<uint64_t>(n_online, 1), kLeastRingBytes));
  std::vector<uint32_t> sizes;
  for (bool on : online)
    sizes.push_back(on ? static_cast<uint32_t>(std::min<uint64_t>(wanted, share)) : kLeastRingBytes);
  return sizes;
}

}  // namespace culprit::capture
