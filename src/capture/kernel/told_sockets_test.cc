#include "capture/kernel/told_sockets.h"

#include <gtest/gtest.h>

#include <memory>

namespace culprit::capture {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

// Returns the bits that the kernel's program writes if these sockets exist.
std::unique_ptr<live_sockets> bits_of(const std::vector<uint64_t>& sockets, uint64_t multiplier) {
  auto bits = std::make_unique<live_sockets>();
  for (uint64_t socket : sockets) {
    const uint64_t bit = socket * multiplier >> (64 - LIVE_BITS_LOG);
    bits->words[bit / 64] |= 1ull << bit % 64;
  }
  return bits;
}

std::vector<uint64_t> ids(const std::vector<ToldSockets::Ended>& ended) {
  std::vector<uint64_t> all;
  for (const auto& one : ended) all.push_back(one.socket);
  return all;
}

TEST(ToldSockets, FindsThoseThatHaveGone) {
  ToldSockets told;
  for (uint64_t socket = 1; socket <= 1000; ++socket) told.add(socket, 7);
  ASSERT_TRUE(told.due(kSecond));
  const uint64_t multiplier = told.next_multiplier();
  std::vector<uint64_t> living, gone;
  for (uint64_t socket = 1; socket <= 1000; ++socket) (socket % 3 ? living : gone).push_back(socket);
  auto bits = bits_of(living, multiplier);
  told.compare(LiveSockets(*bits, multiplier), kSecond + 10, 10);
  EXPECT_TRUE(told.take_ended(kSecond).empty());  // their last events may not be passed on yet
  const auto found = told.take_ended(kSecond + 10);
  // One in 2^21 / 667 of the ended sockets may share its bit with an existing one.
  EXPECT_GE(found.size() + 2, gone.size());
  for (uint64_t socket : ids(found)) EXPECT_EQ(socket % 3, 0u);
  EXPECT_EQ(found[0].pid, 7u);
}

TEST(ToldSockets, DoesNotSayTwiceWhatTheKernelSaidMeanwhile) {
  ToldSockets told;
  told.add(1, 7);
  told.add(2, 7);
  const uint64_t multiplier = told.next_multiplier();
  auto none = bits_of({}, multiplier);
  told.compare(LiveSockets(*none, multiplier), 1, 1);
  told.remove(1);
  EXPECT_EQ(ids(told.take_ended(kSecond)), std::vector<uint64_t>{2});
}

TEST(ToldSockets, SocketsThatShareABitArePartedByTheNextLook) {
  ToldSockets told;
  uint64_t multiplier = told.next_multiplier(), other = 2;
  while ((other * multiplier ^ multiplier) >> (64 - LIVE_BITS_LOG)) ++other;  // shares the bit of socket 1
  told.add(other, 7);
  auto bits = bits_of({1}, multiplier);
  told.compare(LiveSockets(*bits, multiplier), 1, 1);
  EXPECT_TRUE(told.take_ended(kSecond).empty());
  multiplier = told.next_multiplier();
  bits = bits_of({1}, multiplier);
  told.compare(LiveSockets(*bits, multiplier), kSecond, 0);
  EXPECT_EQ(ids(told.take_ended(2 * kSecond)), std::vector<uint64_t>{other});
}

TEST(ToldSockets, LooksAsOftenAsAThousandthOfACpuAllows) {
  ToldSockets told;
  EXPECT_FALSE(told.due(kSecond));  // there is no socket to look for
  told.add(1, 7);
  const uint64_t multiplier = told.next_multiplier();
  auto bits = bits_of({1}, multiplier);
  told.compare(LiveSockets(*bits, multiplier), kSecond + 20'000'000, 20'000'000);
  EXPECT_FALSE(told.due(20 * kSecond));
  EXPECT_TRUE(told.due(21 * kSecond + 20'000'000));
  told.compare(std::nullopt, 30 * kSecond + 1000, 1000);
  EXPECT_FALSE(told.due(30 * kSecond + 500'000'000));
  EXPECT_TRUE(told.due(31 * kSecond + 1000));
}

TEST(ToldSockets, RemembersAMillion) {
  ToldSockets told;
  for (uint64_t socket = 1; socket <= 1u << 20; ++socket) ASSERT_TRUE(told.add(socket, 7));
  EXPECT_FALSE(told.add(0xffffffffu, 7));
  EXPECT_TRUE(told.add(5, 7));  // a second process uses the socket
  told.remove(5);
  EXPECT_TRUE(told.add(0xffffffffu, 7));
}

}  // namespace
}  // namespace culprit::capture
