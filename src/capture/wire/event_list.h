// The list of events.inc for C++: number of types, names, sizes.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

#include "capture/wire/event.h"

namespace culprit::capture {

// The length of event_gap's lost_by_type. Numbers without an event type have no name and no size.
constexpr size_t kEventTypes = std::extent_v<decltype(event_gap::lost_by_type)>;

struct EventKind {
  std::string_view name;
  size_t size_bytes = 0;  // without payload
};

constexpr std::array<EventKind, kEventTypes> kEventKinds = [] {
  std::array<EventKind, kEventTypes> kinds{};
#define EVENT(number, TYPE, body) kinds[number] = {#body, sizeof(struct event_##body)};
#include "capture/wire/events.inc"
  return kinds;
}();

constexpr std::string_view event_name(size_t type) {
  return type < kEventTypes ? kEventKinds[type].name : std::string_view();
}

}  // namespace culprit::capture
