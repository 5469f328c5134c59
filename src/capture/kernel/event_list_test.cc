#include "capture/wire/event_list.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace culprit::capture {
namespace {

TEST(EventList, NamesAndSizesComeFromIt) {
  EXPECT_EQ(event_name(EVENT_DATA), "data");
  EXPECT_EQ(event_name(EVENT_SOCKET_END), "socket_end");
  EXPECT_EQ(kEventKinds[EVENT_SWITCH].size_bytes, sizeof(event_switch));
  EXPECT_EQ(event_name(0), "");
  EXPECT_EQ(event_name(kEventTypes), "");
}

TEST(EventList, NoNumberAndNoHookStandsTwice) {
  std::set<int> numbers;
  std::set<std::string> hooks;
#define EVENT(number, TYPE, body)                      \
  EXPECT_TRUE(numbers.insert(number).second) << #TYPE; \
  EXPECT_LT(static_cast<size_t>(number), kEventTypes) << #TYPE;
#define HOOK(program, part, needed) EXPECT_TRUE(hooks.insert(#program).second) << #program;
#include "capture/wire/events.inc"
  EXPECT_FALSE(numbers.empty());
  EXPECT_FALSE(hooks.empty());
}

// Events are copied into the kernel's rings, which align records to eight bytes.
TEST(EventList, EveryEventIsAMultipleOfEightBytesWithItsHeaderFirst) {
#define EVENT(number, TYPE, body)                          \
  EXPECT_EQ(sizeof(struct event_##body) % 8, 0u) << #body; \
  EXPECT_EQ(offsetof(struct event_##body, header), 0u) << #body;
#include "capture/wire/events.inc"
}

}  // namespace
}  // namespace culprit::capture
