#include "requests/scheduling/process_table.h"

#include <gtest/gtest.h>

#include "requests/scheduling/texts.h"

namespace culprit::requests {
namespace {

class Host : public HostFacts {
 public:
  ProcessInfo process(int32_t pid) override {
    return {.pid = pid, .parent_pid = 1, .known = true, .executable = "/bin/p" + std::to_string(pid), .service = "p"};
  }
  std::vector<uint16_t> listening_ports() override { return {}; }
};

TEST(ProcessTable, OfMoreThanTheLimitThoseThatEndedGoFirst) {
  Host host;
  ProcessTable table(host, 64);
  table.at(1).running_ns = 17;
  for (int32_t pid = 100; pid < 10'000; ++pid) {
    table.forked(pid, 1, pid);
    table.exited(pid, pid + 1);
    EXPECT_LE(table.size(), 65u);
  }
  EXPECT_EQ(table.at(1).running_ns, 17);
  EXPECT_NE(table.find(9'999), nullptr);
  EXPECT_EQ(table.find(100), nullptr);
}

TEST(ProcessTable, OfMoreThatLiveThoseThatNothingHappenedOfGo) {
  Host host;
  ProcessTable table(host, 64);
  table.at(5).running_ns = 17;
  for (int32_t pid = 100; pid < 10'000; ++pid) {
    table.at(pid);
    EXPECT_EQ(table.at(5).running_ns, 17);
    EXPECT_LE(table.size(), 65u);
  }
}

// The full table removes the parent of a new process. Its entry must not be read after that.
TEST(ProcessTable, AForkMayMakeRoomForItself) {
  Host host;
  ProcessTable table(host, 8);
  for (int32_t pid = 100; pid < 1'000; ++pid) {
    table.forked(pid, pid - 1, pid);
    EXPECT_EQ(table.at(pid).info.parent_pid, pid - 1);
  }
  EXPECT_TRUE(table.siblings(999, 997));
}

TEST(Texts, HoldNoMoreBytesThanTheirLimitHoweverLongEachIs) {
  Texts texts;
  TextId first = TextId::None, last = TextId::None;
  for (int i = 0; i < 400; ++i) {
    last = texts.intern(std::to_string(i) + std::string(1u << 20, 'x'));
    if (i == 0) first = last;
    EXPECT_LE(texts.bytes(), Texts::kMostBytes);
  }
  EXPECT_EQ(texts.text(first), "");
  EXPECT_EQ(texts.text(last).size(), 3 + (1u << 20));
}

TEST(Texts, GiveUpTheOldestOfMoreThanTheirNumber) {
  Texts texts;
  const TextId first = texts.intern("first");
  for (size_t i = 0; i < Texts::kMost; ++i) texts.intern(std::to_string(i));
  EXPECT_EQ(texts.size(), Texts::kMost);
  EXPECT_EQ(texts.text(first), "");
  EXPECT_NE(texts.intern("first"), first);
}

}  // namespace
}  // namespace culprit::requests
