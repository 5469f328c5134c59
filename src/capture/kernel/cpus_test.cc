#include "capture/kernel/cpus.h"

#include <gtest/gtest.h>

#include <numeric>

namespace culprit::capture {
namespace {

using List = std::vector<bool>;

TEST(Cpus, TheKernelsListIsRead) {
  EXPECT_EQ(parse_cpu_list("0-1\n", 4), (List{true, true, false, false}));
  EXPECT_EQ(parse_cpu_list("0,2-3\n", 4), (List{true, false, true, true}));
  EXPECT_EQ(parse_cpu_list("0-255", 3), (List{true, true, true}));
  EXPECT_EQ(parse_cpu_list("1", 2), (List{false, true}));
}

TEST(Cpus, OfAListThatMakesNoSenseAllAreTaken) {
  for (const char* text : {"", "\n", "x", "3-1", "0-", "0;1", "7", "99999999999999999999"})
    EXPECT_EQ(parse_cpu_list(text, 2), (List{true, true})) << text;
}

TEST(Cpus, RingsOf256CpusStayWithinTheirBudget) {
  const auto sizes = ring_sizes(List(256, true), 8u << 20, 512u << 20);
  EXPECT_EQ(sizes.size(), 256u);
  EXPECT_EQ(sizes[0], 2u << 20);
  EXPECT_LE(std::accumulate(sizes.begin(), sizes.end(), uint64_t{0}), 512u << 20);
}

TEST(Cpus, ThoseThatMayComeGetTheLeast) {
  List online(240, false);
  online[0] = online[1] = true;
  const auto sizes = ring_sizes(online, 8u << 20, 512u << 20);
  EXPECT_EQ(sizes[0], 8u << 20);
  EXPECT_EQ(sizes[2], kLeastRingBytes);
}

TEST(Cpus, SizesArePowersOfTwoAndNeverBelowTheLeast) {
  EXPECT_EQ(ring_sizes({true}, 3u << 20, 512u << 20)[0], 4u << 20);
  EXPECT_EQ(ring_sizes({true}, 1, 512u << 20)[0], kLeastRingBytes);
  EXPECT_EQ(ring_sizes(List(4096, true), 8u << 20, 1u << 20)[0], kLeastRingBytes);
}

}  // namespace
}  // namespace culprit::capture
