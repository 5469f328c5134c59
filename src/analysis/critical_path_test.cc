#include "analysis/critical_path.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace culprit::analysis {
namespace {

Span span(uint64_t id, uint64_t parent, int64_t from, int64_t to, SpanKind kind = SpanKind::Internal) {
  Span s;
  s.trace_id = {1, 2};
  s.span_id = id, s.parent_span_id = parent;
  s.start_ns = from, s.duration_ns = to - from;
  s.kind = kind;
  s.link = parent == 0 ? LinkHow::None : LinkHow::Reported;
  return s;
}

// "id@from-to kind" of each section.
std::vector<std::string> told(std::vector<Span> spans) {
  Trace trace = make_trace(std::move(spans));
  std::vector<std::string> out;
  for (const Section& section : critical_path(trace, trace.root()))
    out.push_back(std::to_string(trace.spans[section.span].span_id) + "@" + std::to_string(section.start_ns) + "-" +
                  std::to_string(section.end_ns) + " " + std::string(to_string(section.kind)));
  return out;
}

using Told = std::vector<std::string>;

TEST(CriticalPath, OfALoneSpanIsItself) { EXPECT_EQ(told({span(1, 0, 0, 10)}), (Told{"1@0-10 own"})); }

TEST(CriticalPath, GoesThroughTheChildThatEndedLast) {
  EXPECT_EQ(told({span(1, 0, 0, 100), span(2, 1, 10, 50), span(3, 1, 20, 90)}),
            (Told{"1@0-20 own", "3@20-90 own", "1@90-100 own"}));
}

TEST(CriticalPath, TakesSerialChildrenOneAfterTheOther) {
  EXPECT_EQ(told({span(1, 0, 0, 100), span(2, 1, 10, 40), span(3, 1, 50, 90)}),
            (Told{"1@0-10 own", "2@10-40 own", "1@40-50 own", "3@50-90 own", "1@90-100 own"}));
}

TEST(CriticalPath, ClipsAChildThatLeavesItsParent) {
  EXPECT_EQ(told({span(1, 0, 0, 100), span(2, 1, 50, 300)}), (Told{"1@0-50 own", "2@50-100 own"}));
  EXPECT_EQ(told({span(1, 0, 100, 200), span(2, 1, 0, 150)}), (Told{"2@100-150 own", "1@150-200 own"}));
  EXPECT_EQ(told({span(1, 0, 100, 200), span(2, 1, 300, 400)}), (Told{"1@100-200 own"}));
}

TEST(CriticalPath, ClipsAGrandchildToItsGrandparent) {
  EXPECT_EQ(told({span(1, 0, 0, 100), span(2, 1, 50, 300), span(3, 2, 60, 290)}),
            (Told{"1@0-50 own", "2@50-60 own", "3@60-100 own"}));
}

TEST(CriticalPath, SkipsWhatTookNoTimeOrNegative) {
  EXPECT_EQ(told({span(1, 0, 0, 10), span(2, 1, 5, 5), span(3, 1, 8, 3)}), (Told{"1@0-10 own"}));
  EXPECT_TRUE(told({span(1, 0, 5, 5)}).empty());
  EXPECT_TRUE(told({span(1, 0, 5, 1)}).empty());
}

TEST(CriticalPath, SaysTheWireBetweenTheTwoEndsOfACall) {
  auto server = span(2, 1, 10, 90, SpanKind::Server);
  server.link = LinkHow::Connection;
  EXPECT_EQ(told({span(1, 0, 0, 100, SpanKind::Client), server}),
            (Told{"1@0-10 callee", "2@10-90 own", "1@90-100 callee"}));
}

TEST(CriticalPath, SaysPeerWhereTheCalleeWasNotSeen) {
  EXPECT_EQ(told({span(1, 0, 0, 100, SpanKind::Client)}), (Told{"1@0-100 peer"}));
}

TEST(CriticalPath, SplitsOwnTimeByWhatTheThreadDid) {
  Span root = span(1, 0, 0, 100);
  root.waits.known = true;
  root.waits[Wait::Running] = 30, root.waits[Wait::Disk] = 20, root.waits[Wait::Peer] = 50;
  EXPECT_EQ(told({root, span(2, 1, 40, 90)}),
            (Told{"1@0-24 own", "1@24-40 disk", "2@40-90 own", "1@90-96 own", "1@96-100 disk"}));
}

TEST(CriticalPath, LeavesUnexplainedWhatNobodySaw) {
  Span root = span(1, 0, 0, 100);
  root.waits.known = true;
  root.waits[Wait::Running] = 25;
  EXPECT_EQ(told({root}), (Told{"1@0-25 own", "1@25-100 unexplained"}));
}

TEST(CriticalPath, SurvivesCirclesAndOrphans) {
  Trace trace = make_trace({span(1, 2, 0, 10), span(2, 1, 0, 10), span(3, 99, 0, 20), span(4, 3, 5, 10)});
  int64_t total = 0;
  for (const Section& section : critical_path(trace, trace.root())) total += section.end_ns - section.start_ns;
  EXPECT_EQ(total, 20);
}

TEST(CriticalPath, SurvivesTimesThatDoNotFit) {
  Span root = span(1, 0, 0, 10);
  root.start_ns = INT64_MAX - 5, root.duration_ns = 5;
  EXPECT_EQ(told({root}).size(), 1u);
}

std::vector<Span> random_tree(std::mt19937_64& random) {
  std::vector<Span> spans;
  auto pick = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  int64_t n = 1 + pick(40);
  for (int64_t i = 0; i < n; ++i) {
    // Parents may come later, be missing, or be circular; children may escape.
    uint64_t parent = i == 0 ? 0 : static_cast<uint64_t>(1 + pick(pick(8) == 0 ? n + 3 : i));
    int64_t from = pick(1000), length = pick(10) == 0 ? 0 : pick(600) - 20;
    Span s = span(static_cast<uint64_t>(i + 1), parent, from, from + length, static_cast<SpanKind>(pick(6)));
    s.waits.known = pick(2) == 0;
    for (int64_t& ns : s.waits.ns) ns = pick(3) == 0 ? pick(700) : 0;
    spans.push_back(s);
  }
  return spans;
}

TEST(CriticalPath, SumsToTheRootInAnyTreeAndInAnyOrder) {
  uint64_t seed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 5000; ++round) {
    std::vector<Span> spans = random_tree(random);
    Trace trace = make_trace(spans);
    SpanIndex root = trace.root();
    if (root == kNoSpan) continue;
    std::vector<Section> path = critical_path(trace, root);
    const Span& top = trace.spans[root];
    int64_t at = top.start_ns;
    for (const Section& section : path) {
      ASSERT_EQ(section.start_ns, at) << round;
      ASSERT_LT(section.start_ns, section.end_ns) << round;
      const Span& s = trace.spans[section.span];
      ASSERT_GE(section.start_ns, s.start_ns) << round;
      ASSERT_LE(section.end_ns, s.end_ns()) << round;
      at = section.end_ns;
    }
    ASSERT_EQ(at - top.start_ns, std::max<int64_t>(top.duration_ns, 0)) << round;

    std::shuffle(spans.begin(), spans.end(), random);
    Trace again = make_trace(spans);
    std::vector<Section> other = critical_path(again, again.root());
    ASSERT_EQ(path.size(), other.size()) << round;
    for (size_t i = 0; i < path.size(); ++i) {
      ASSERT_EQ(trace.spans[path[i].span].span_id, again.spans[other[i].span].span_id) << round;
      ASSERT_EQ(path[i].end_ns, other[i].end_ns) << round;
      ASSERT_EQ(path[i].kind, other[i].kind) << round;
    }
  }
}

TEST(CriticalPath, TakesHundredsOfThousandsOfSpansDeepOrWide) {
  for (bool deep : {true, false}) {
    std::vector<Span> spans;
    constexpr int64_t kSpans = 250'000;
    for (int64_t i = 0; i < kSpans; ++i) {
      if (deep)
        spans.push_back(span(static_cast<uint64_t>(i + 1), static_cast<uint64_t>(i), i, 2 * kSpans - i));
      else
        spans.push_back(i == 0 ? span(1, 0, 0, 10 * kSpans)
                               : span(static_cast<uint64_t>(i + 1), 1, i * 10, i * 10 + 5));
    }
    Trace trace = make_trace(std::move(spans));
    int64_t total = 0;
    for (const Section& section : critical_path(trace, trace.root())) total += section.end_ns - section.start_ns;
    EXPECT_EQ(total, trace.spans[trace.root()].duration_ns);
  }
}

}  // namespace
}  // namespace culprit::analysis
