#include "requests/scheduling/timeline.h"

#include <gtest/gtest.h>

namespace culprit::requests {
namespace {

Stretch stretch(int64_t off, int64_t wake, int64_t on, Wait wait) {
  Stretch stretch;
  stretch.off_ns = off;
  stretch.wake_ns = wake;
  stretch.on_ns = on;
  stretch.wait = wait;
  return stretch;
}

TEST(Timeline, CutsStretchesAtTheEdgesOfARequest) {
  Timeline timeline;
  timeline.add(stretch(100, 200, 250, Wait::Disk));
  timeline.add(stretch(300, 400, 400, Wait::Lock));
  const WaitSums sums = timeline.sums(150, 350);
  EXPECT_EQ(sums[Wait::Disk], 50);
  EXPECT_EQ(sums[Wait::Runnable], 50);
  EXPECT_EQ(sums[Wait::Lock], 50);
  EXPECT_EQ(sums[Wait::Running], 50);
}

TEST(Timeline, KeepsItsSumsWhenItForgetsStretches) {
  Timeline timeline;
  for (int64_t i = 0; i < 10'000; ++i) timeline.add(stretch(i * 100, i * 100 + 30, i * 100 + 40, Wait::Lock));
  EXPECT_LT(timeline.size(), 1000u);
  const WaitSums sums = timeline.sums(0, 1'000'000);
  EXPECT_EQ(sums[Wait::Lock], 300'000);
  EXPECT_EQ(sums[Wait::Runnable], 100'000);
  EXPECT_EQ(sums[Wait::Running], 600'000);
}

TEST(Timeline, GivesRowsThatFillTheRequestWithoutGaps) {
  Timeline timeline;
  timeline.add(stretch(100, 200, 250, Wait::Disk));
  timeline.add(stretch(300, 300, 350, Wait::Other));
  const auto rows = timeline.states(50, 400, 100);
  int64_t reached = 50;
  for (const ThreadState& row : rows) {
    EXPECT_EQ(row.start_ns, reached);
    reached += row.duration_ns;
  }
  EXPECT_EQ(reached, 400);
  EXPECT_EQ(rows.size(), 6u);
}

TEST(Timeline, ReclassifiesWhatASyncExplains) {
  Timeline timeline;
  timeline.add(stretch(100, 200, 200, Wait::Other));
  timeline.add(stretch(300, 400, 400, Wait::Other));
  timeline.reclassify(250, Wait::Other, Wait::Disk);
  const WaitSums sums = timeline.sums(0, 500);
  EXPECT_EQ(sums[Wait::Other], 100);
  EXPECT_EQ(sums[Wait::Disk], 100);
}

TEST(Timeline, ClipsBlame) {
  Timeline timeline;
  timeline.blame({100, 200, Wait::Lock, 7, 8, TextId{0}});
  timeline.blame({300, 400, Wait::Lock, 9, 9, TextId{0}});
  const auto blames = timeline.blames(150, 250);
  ASSERT_EQ(blames.size(), 1u);
  EXPECT_EQ(blames[0].pid, 7);
  EXPECT_EQ(blames[0].to_ns - blames[0].from_ns, 50);
}

}  // namespace
}  // namespace culprit::requests
