#include "capture/kernel/event_source_testing.h"

#include <algorithm>
#include <cstring>

#include "capture/kernel/event_source.h"

namespace culprit::capture {
namespace {

const event_header& header_of(const std::vector<uint64_t>& event) {
  return *reinterpret_cast<const event_header*>(event.data());
}

}  // namespace

void FakeSource::add_bytes(std::string_view event, std::string_view payload) {
  size_t size_bytes = (event.size() + payload.size() + 7) / 8 * 8;
  std::vector<uint64_t> words(size_bytes / 8);
  std::memcpy(words.data(), event.data(), event.size());
  if (!payload.empty())
    std::memcpy(reinterpret_cast<char*>(words.data()) + event.size(), payload.data(), payload.size());
  reinterpret_cast<event_header*>(words.data())->size_bytes = static_cast<uint32_t>(size_bytes);
  events_.push_back(std::move(words));
}

Result<uint64_t> FakeSource::poll(int, const Handler& handle) {
  std::stable_sort(events_.begin(), events_.end(),
                   [](const auto& a, const auto& b) { return header_of(a).time_ns < header_of(b).time_ns; });
  std::vector<std::vector<uint64_t>> ready;
  ready.swap(events_);
  for (const auto& event : ready) {
    const event_header& header = header_of(event);
    if (header.type < kEventTypes) ++counts_.kept[header.type];
    counts_.bytes += header.size_bytes;
    handle(header);
  }
  return static_cast<uint64_t>(ready.size());
}

Result<void> FakeSource::stop(const Handler& handle) {
  TRY(poll(0, handle));
  return {};
}

}  // namespace culprit::capture
