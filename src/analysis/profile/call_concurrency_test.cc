#include "analysis/profile/call_concurrency.h"

#include <gtest/gtest.h>

namespace culprit::analysis {
namespace {

constexpr int64_t kMs = 1'000'000;

// `clients` concurrent requests, repeatedly, that share `members` connections for calls of 10 ms.
CallEdge pool(int clients, int members, int rounds) {
  CallEdge edge;
  std::vector<int64_t> free(static_cast<size_t>(members), 0), ready(static_cast<size_t>(clients), 0);
  for (int i = 0; i < rounds * clients; ++i) {
    auto client = std::min_element(ready.begin(), ready.end());
    auto member = std::min_element(free.begin(), free.end());
    const int64_t from = *client, begin = std::max(from, *member);
    edge.gaps.push_back({from, begin});
    edge.calls.push_back({begin, begin + 10 * kMs});
    *client = *member = begin + 10 * kMs;
  }
  return edge;
}

TEST(CallConcurrency, APoolIsAPlateauAtItsSize) {
  for (int members : {1, 2, 5}) {
    Plateau plateau = find_plateau(pool(4 * members, members, 50), 5 * kMs);
    EXPECT_EQ(plateau.size, members);
    EXPECT_GT(plateau.at_size, 0.95);
    EXPECT_GT(plateau.gaps, 10);
    EXPECT_NEAR(plateau.mean_calls, members, 0.2);
  }
}

TEST(CallConcurrency, RequestsThatWorkBeforeTheirCallHaveNone) {
  CallEdge edge;
  for (int i = 0; i < 100; ++i) {
    const int64_t begin = i * 7 * kMs;  // each request works for 20 ms, then calls for 5 ms
    edge.gaps.push_back({begin, begin + 20 * kMs});
    edge.calls.push_back({begin + 20 * kMs, begin + 25 * kMs});
  }
  EXPECT_LT(find_plateau(edge, 5 * kMs).at_size, 0.8);
}

TEST(CallConcurrency, NothingIsNoPlateau) {
  EXPECT_EQ(find_plateau({}, 5 * kMs).size, 0);
  CallEdge edge;
  edge.calls.push_back({0, 10 * kMs});
  EXPECT_EQ(find_plateau(edge, 5 * kMs).gaps, 0);
}

}  // namespace
}  // namespace culprit::analysis
