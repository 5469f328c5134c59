#include "model/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace culprit {
namespace {

Span span(uint64_t id, uint64_t parent, int64_t start_ns, int64_t end_ns, SpanKind kind = SpanKind::Internal) {
  Span span;
  span.trace_id = {0, 1};
  span.span_id = id;
  span.parent_span_id = parent;
  span.start_ns = start_ns;
  span.duration_ns = end_ns - start_ns;
  span.kind = kind;
  return span;
}

// Returns the defects by kind, each with the ids of its spans; 0 stands for the trace.
std::map<std::string, std::vector<uint64_t>> defects(const Trace& trace) {
  std::map<std::string, std::vector<uint64_t>> by_kind;
  for (const Trace::Defect& defect : trace.defects)
    by_kind[std::string(defect.kind)].push_back(defect.span == kNoSpan ? 0 : trace.spans[defect.span].span_id);
  for (auto& [kind, ids] : by_kind) std::sort(ids.begin(), ids.end());
  return by_kind;
}
using Defects = std::map<std::string, std::vector<uint64_t>>;

// Checks that every span occurs exactly once and is reachable from a root.
void expect_forest(const Trace& trace) {
  std::vector<int> reached(trace.spans.size(), 0);
  std::vector<SpanIndex> open = trace.roots;
  while (!open.empty()) {
    SpanIndex at = open.back();
    open.pop_back();
    ASSERT_EQ(++reached[at], 1);
    for (SpanIndex child : trace.children[at]) {
      EXPECT_EQ(trace.parent[child], at);
      open.push_back(child);
    }
  }
  EXPECT_EQ(std::count(reached.begin(), reached.end(), 1), static_cast<long>(trace.spans.size()));
}

TEST(Trace, OfASoundTreeHasNoDefect) {
  Trace trace = make_trace({span(3, 1, 5, 9), span(1, 0, 0, 10), span(2, 1, 1, 4)});
  EXPECT_EQ(defects(trace), Defects{});
  ASSERT_EQ(trace.roots.size(), 1u);
  EXPECT_EQ(trace.spans[trace.root()].span_id, 1u);
  ASSERT_EQ(trace.children[trace.root()].size(), 2u);
  EXPECT_EQ(trace.spans[trace.children[trace.root()][0]].span_id, 2u);
  expect_forest(trace);
}

TEST(Trace, IsNamedByWhatBeginsItNotByALongerOrphanOrWhatFollowsFromIt) {
  Span follower = span(3, 0, 20, 900);
  follower.links.push_back({follower.trace_id, 1, {}, {}, 0, 0});
  Trace trace = make_trace({span(1, 0, 0, 100), span(2, 77, 10, 500), follower});
  EXPECT_EQ(trace.spans[trace.root()].span_id, 1u);
  EXPECT_EQ(make_trace({span(2, 77, 10, 500), span(3, 78, 0, 20)}).root(), 1u);
}

TEST(Trace, OfNothingIsEmpty) {
  Trace trace = make_trace({});
  EXPECT_EQ(trace.root(), kNoSpan);
  EXPECT_TRUE(trace.defects.empty());
}

TEST(Trace, TellsOrphansOfThisProcessFromThoseOfAnother) {
  Trace trace = make_trace({span(1, 0, 0, 10), span(2, 99, 1, 2), span(3, 98, 3, 4, SpanKind::Server)});
  EXPECT_EQ(defects(trace), (Defects{{"orphan_local", {2}}, {"orphan_remote", {3}}}));
  EXPECT_EQ(trace.roots.size(), 3u);
  for (const Span& span : trace.spans) EXPECT_EQ((span.flags & kOrphan) != 0, span.span_id != 1);
  expect_forest(trace);
}

TEST(Trace, MakesASpanThatIsItsOwnParentARoot) {
  Trace trace = make_trace({span(1, 0, 0, 10), span(2, 2, 1, 2)});
  EXPECT_EQ(defects(trace), (Defects{{"self_parent", {2}}}));
  expect_forest(trace);
}

TEST(Trace, MakesEveryMemberOfACycleARootAndKeepsWhatHangsOnIt) {
  Trace trace = make_trace({span(1, 0, 0, 10), span(2, 4, 1, 9), span(3, 2, 2, 8), span(4, 3, 3, 7), span(5, 4, 4, 6)});
  EXPECT_EQ(defects(trace)["cycle"], (std::vector<uint64_t>{2, 3, 4}));
  EXPECT_EQ(trace.roots.size(), 4u);
  expect_forest(trace);
}

TEST(Trace, IsRootlessWhereEverySpanNamesAParent) {
  Trace trace = make_trace({span(1, 2, 0, 10), span(2, 1, 1, 9)});
  EXPECT_EQ(defects(trace)["rootless"], (std::vector<uint64_t>{0}));
  EXPECT_EQ(defects(trace)["cycle"], (std::vector<uint64_t>{1, 2}));
  expect_forest(trace);
}

TEST(Trace, IsNamedByItsLongestRoot) {
  Trace trace = make_trace({span(1, 0, 0, 3), span(2, 0, 5, 50)});
  EXPECT_EQ(defects(trace), (Defects{{"multi_root", {0}}}));
  EXPECT_EQ(trace.spans[trace.root()].span_id, 2u);
}

TEST(Trace, TellsTwoSpansOfOneId) {
  Trace trace = make_trace({span(1, 0, 0, 10), span(2, 1, 1, 2), span(2, 1, 3, 4)});
  EXPECT_EQ(defects(trace), (Defects{{"id_collision", {2}}}));
  EXPECT_EQ(trace.spans.size(), 3u);
  expect_forest(trace);
}

TEST(Trace, KeepsTimesAsTheyCameAndSaysWhatIsOdd) {
  Trace trace = make_trace({span(1, 0, 0, 10), span(2, 1, 8, 12), span(3, 1, 6, 5), span(4, 1, 7, 7)});
  EXPECT_EQ(defects(trace), (Defects{{"child_outside", {2}}, {"negative_duration", {3}}, {"zero_duration", {4}}}));
  for (const Span& span : trace.spans)
    if (span.span_id == 3) {
      EXPECT_EQ(span.duration_ns, -1);
      EXPECT_TRUE(span.flags & kNegativeDuration);
    }
}

TEST(Trace, NeedsNoStackHoweverDeepItIs) {
  std::vector<Span> spans;
  for (uint64_t id = 1; id <= 200'000; ++id) spans.push_back(span(id, id - 1, static_cast<int64_t>(id), 400'000));
  Trace trace = make_trace(std::move(spans));
  EXPECT_TRUE(trace.defects.empty());
  EXPECT_EQ(trace.roots.size(), 1u);
}

TEST(Trace, IsAForestForAnyParents) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    uint64_t n = 1 + random() % 12;
    std::vector<Span> spans;
    for (uint64_t id = 1; id <= n; ++id) {
      int64_t start = random() % 20;
      spans.push_back(span(id, random() % (n + 3), start, start + static_cast<int64_t>(random() % 10)));
    }
    std::vector<Span> shuffled = spans;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    Trace trace = make_trace(spans), other = make_trace(shuffled);
    expect_forest(trace);
    EXPECT_EQ(defects(trace), defects(other));
  }
}

}  // namespace
}  // namespace culprit
