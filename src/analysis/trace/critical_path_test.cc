#include "analysis/trace/critical_path.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "analysis/trace/random_traces_testing.h"

namespace culprit::analysis {
namespace {

Span span(uint64_t id, uint64_t parent, int64_t from, int64_t to, SpanKind kind = SpanKind::Internal) {
  return tree_span(id, parent, from, to, kind);
}

// Returns "id@from-to kind" for each section.
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
  auto plain = [](uint64_t id, uint64_t parent, int64_t from, int64_t to) {
    return span(id, parent, from, to, SpanKind::Unspecified);
  };
  EXPECT_EQ(told({plain(1, 0, 0, 100), plain(2, 1, 50, 300)}), (Told{"1@0-50 own", "2@50-100 own"}));
  EXPECT_EQ(told({plain(1, 0, 100, 200), plain(2, 1, 0, 150)}), (Told{"2@100-150 own", "1@150-200 own"}));
  EXPECT_EQ(told({plain(1, 0, 100, 200), plain(2, 1, 300, 400)}), (Told{"1@100-200 own"}));
  EXPECT_EQ(told({plain(1, 0, 0, 100), plain(2, 1, 50, 300), plain(3, 2, 60, 290)}),
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

TEST(CriticalPath, SaysTheWireByOneNameAtBothEndsWhereKindsAreNotSaid) {
  std::vector<Span> spans;
  for (uint64_t id : {1, 2, 3}) {
    auto at = static_cast<int64_t>(id) * 10;
    spans.push_back(span(id, id - 1, at, 100 - at, SpanKind::Unspecified));
    spans.back().service = id < 3 ? "shop" : "price";
    spans.back().name = id == 3 ? "/x.Impact/Get" : id == 2 ? "x.Impact/Get" : "GET /";
  }
  EXPECT_EQ(told(spans), (Told{"1@10-20 own", "2@20-30 callee", "3@30-70 own", "2@70-80 callee", "1@80-90 own"}));
  spans[1].name = "compute";
  EXPECT_EQ(told(spans), (Told{"1@10-20 own", "2@20-30 own", "3@30-70 own", "2@70-80 own", "1@80-90 own"}));
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

TEST(CriticalPath, LeavesUnexplainedWhatWasNotSeen) {
  Span root = span(1, 0, 0, 100);
  root.waits.known = true;
  root.waits[Wait::Running] = 25;
  EXPECT_EQ(told({root}), (Told{"1@0-25 own", "1@25-100 unexplained"}));
}

TEST(CriticalPath, GoesThroughBothEndsOfACallUnderOneId) {
  auto part = [](uint64_t id, uint64_t parent, int64_t from, int64_t to, SpanKind kind, const char* service) {
    Span s = span(id, parent, from, to, kind);
    s.service = service;
    return s;
  };
  std::vector<Span> spans = {part(1, 0, 0, 100, SpanKind::Server, "web"), part(2, 1, 10, 90, SpanKind::Client, "web"),
                             part(2, 1, 15, 85, SpanKind::Server, "cart"),
                             part(3, 2, 20, 70, SpanKind::Client, "cart")};
  Told path = {"1@0-10 own",  "2@10-15 callee", "2@15-20 own", "3@20-70 peer",
               "2@70-85 own", "2@85-90 callee", "1@90-100 own"};
  EXPECT_EQ(told(spans), path);
  std::swap(spans[1], spans[2]);
  EXPECT_EQ(told(spans), path);
  // The callee's machine has a clock that is one second ahead.
  for (Span& s : spans) {
    s.start_ns *= 1'000'000, s.duration_ns *= 1'000'000;
    if (s.service == "cart") s.start_ns += 1'000'000'000;
  }
  for (std::string& section : path) {
    size_t at = section.find('@') + 1, dash = section.find('-'), end = section.find(' ');
    auto ns = [](const std::string& ms) { return ms == "0" ? ms : ms + "000000"; };
    section = section.substr(0, at) + ns(section.substr(at, dash - at)) + "-" +
              ns(section.substr(dash + 1, end - dash - 1)) + section.substr(end);
  }
  EXPECT_EQ(told(spans), path);
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

// Computes the same in another way: backwards from the end, for each nanosecond, which span is on the path.
class Sweep {
 public:
  Sweep(const Trace& trace, SpanIndex root) : trace_(trace) {
    const Span& span = trace.spans[root];
    begin_ = span.start_ns;
    owner_.assign(static_cast<size_t>(std::max<int64_t>(span.duration_ns, 0)), kNoSpan);
    give(root, span.start_ns, span.end_ns());
  }
  SpanIndex owner(int64_t at_ns) const { return owner_[static_cast<size_t>(at_ns - begin_)]; }

 private:
  void give(SpanIndex index, int64_t low, int64_t high) {
    SpanIndex active = kNoSpan;
    int64_t until = 0;
    for (int64_t at = high - 1; at >= low; --at) {
      if (active == kNoSpan && (active = ends_at(index, at + 1, low, high)) != kNoSpan) until = at + 1;
      if (active == kNoSpan) owner_[static_cast<size_t>(at - begin_)] = index;
      if (active == kNoSpan || at > std::max(trace_.spans[active].start_ns, low)) continue;
      give(active, at, until);
      active = kNoSpan;
    }
  }
  // Returns the longest of the children of `index` that end, or are cut off, at this moment.
  SpanIndex ends_at(SpanIndex index, int64_t at, int64_t low, int64_t high) const {
    SpanIndex found = kNoSpan;
    int64_t earliest = at;
    for (SpanIndex child : trace_.children[index]) {
      const Span& s = trace_.spans[child];
      if (s.duration_ns <= 0 || left_alone(trace_.spans[index], s)) continue;
      bool ends = s.end_ns() == at || (at == high && s.end_ns() > high);
      int64_t start = std::max(s.start_ns, low);
      if (ends && start < earliest) earliest = start, found = child;
    }
    return found;
  }
  static bool left_alone(const Span& parent, const Span& child) {
    if (child.kind == SpanKind::Consumer) return true;
    if (child.kind != SpanKind::Internal && child.kind != SpanKind::Client) return false;
    if (parent.kind == SpanKind::Client || (parent.flags & kUnfinished)) return false;
    return parent.service == child.service &&
           (child.end_ns() - parent.end_ns()) * 20 >= child.duration_ns + 20 - child.duration_ns % 20 &&
           child.end_ns() > parent.end_ns();
  }

  const Trace& trace_;
  int64_t begin_ = 0;
  std::vector<SpanIndex> owner_;
};

TEST(CriticalPath, IsThatOfASweepNanosecondByNanosecondInHostileTrees) {
  constexpr uint64_t kSeed = 20261125;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  HostileTrees trees(kSeed);
  for (int round = 0; round < 20'000; ++round) {
    Trace trace = make_trace(trees.next(12, round % 2 == 0 ? 30 : 100));
    SpanIndex root = trace.root();
    Sweep sweep(trace, root);
    for (const Section& section : critical_path(trace, root))
      for (int64_t at = section.start_ns; at < section.end_ns; ++at)
        ASSERT_EQ(section.span, sweep.owner(at)) << "round " << round << ", at " << at;
  }
}

TEST(CriticalPath, SumsToTheRootInAnyTreeAndInAnyOrder) {
  constexpr uint64_t kSeed = 20261124;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  HostileTrees trees(kSeed);
  for (int round = 0; round < 5000; ++round) {
    std::vector<Span> spans = trees.next(40, 1000);
    // Each span gets an id of its own. With equal ids and equal times, the parent of a child would depend on the order
    // of the input.
    for (size_t i = 0; i < spans.size(); ++i) spans[i].span_id = i + 1;
    Trace trace = make_trace(spans);
    SpanIndex root = trace.root();
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

    std::shuffle(spans.begin(), spans.end(), trees.random());
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

TEST(CriticalPath, SumsToTheRootWhateverIdsAreSharedAndClocksAreWrong) {
  constexpr uint64_t kSeed = 20261130;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  HostileTrees trees(kSeed);
  int shared = 0;
  for (int round = 0; round < 5000; ++round) {
    std::vector<Span> spans = trees.next_shared(30, round % 2 == 0 ? 40 : 50'000'000);
    Trace trace = make_trace(spans);
    std::shuffle(spans.begin(), spans.end(), trees.random());
    Trace again = make_trace(spans);
    for (const Span& s : trace.spans) shared += (s.flags & kSharedId) != 0;
    for (SpanIndex root : trace.roots) {
      const Span& top = trace.spans[root];
      int64_t at = top.start_ns;
      std::vector<Section> path = critical_path(trace, root);
      for (const Section& section : path) {
        ASSERT_EQ(section.start_ns, at) << round;
        ASSERT_LT(section.start_ns, section.end_ns) << round;
        at = section.end_ns;
      }
      ASSERT_EQ(at - top.start_ns, std::max<int64_t>(top.duration_ns, 0)) << round;
      ASSERT_EQ(path.size(), critical_path(again, root).size()) << round;
    }
    ASSERT_EQ(trace.parent, again.parent) << round;
  }
  EXPECT_GE(shared, 5000);
}

// The part of one program, on a machine of its own.
Span at_host(Span s, const std::string& host) {
  s.host = s.service = host;
  return s;
}

TEST(CriticalPath, DoesNotWaitForTheConsumerOfAMessage) {
  EXPECT_EQ(told({span(1, 0, 0, 100), span(2, 1, 10, 20, SpanKind::Producer), span(3, 2, 15, 90, SpanKind::Consumer),
                  span(4, 1, 30, 95, SpanKind::Consumer)}),
            (Told{"1@0-10 own", "2@10-20 own", "1@20-100 own"}));
}

TEST(CriticalPath, DoesNotWaitForWorkOfItsOwnThatOutlivesIt) {
  EXPECT_EQ(told({span(1, 0, 0, 100, SpanKind::Server), span(2, 1, 10, 50), span(3, 1, 20, 300, SpanKind::Client)}),
            (Told{"1@0-10 own", "2@10-50 own", "1@50-100 own"}));
}

TEST(CriticalPath, WaitsForWorkThatEndsTogetherWithIt) {
  EXPECT_EQ(told({span(1, 0, 0, 100, SpanKind::Server), span(2, 1, 10, 101)}), (Told{"1@0-10 own", "2@10-100 own"}));
}

TEST(CriticalPath, WaitsForAnAnswerUntilTheCallerGaveUp) {
  EXPECT_EQ(told({span(1, 0, 0, 100, SpanKind::Client), at_host(span(2, 1, 10, 400, SpanKind::Server), "b")}),
            (Told{"1@0-10 callee", "2@10-100 own"}));
}

TEST(CriticalPath, WaitsForTheLastOfAFanOutAlone) {
  std::vector<Span> spans = {span(1, 0, 0, 100)};
  for (uint64_t i = 0; i < 8; ++i) spans.push_back(span(2 + i, 1, 10, 20 + static_cast<int64_t>(i) * 10));
  EXPECT_EQ(told(spans), (Told{"1@0-10 own", "9@10-90 own", "1@90-100 own"}));
}

TEST(CriticalPath, TakesRetriesOneAfterTheOtherWithThePausesBetween) {
  EXPECT_EQ(
      told({span(1, 0, 0, 100), span(2, 1, 10, 30), span(3, 1, 40, 60), span(4, 1, 80, 95)}),
      (Told{"1@0-10 own", "2@10-30 own", "1@30-40 own", "3@40-60 own", "1@60-80 own", "4@80-95 own", "1@95-100 own"}));
}

TEST(CriticalPath, PutsAServerOnItsCallersClock) {
  // The clock of b is 200 ms behind, or ahead: the call still lasted from 10 to 90.
  for (int64_t wrong : {-200'000'000, 200'000'000}) {
    auto ms = [](int64_t t) { return t * 1'000'000; };
    Told path = told({at_host(span(1, 0, 0, ms(100), SpanKind::Server), "a"),
                      at_host(span(2, 1, ms(10), ms(90), SpanKind::Client), "a"),
                      at_host(span(3, 2, ms(20) + wrong, ms(80) + wrong, SpanKind::Server), "b"),
                      at_host(span(4, 3, ms(30) + wrong, ms(60) + wrong), "b")});
    EXPECT_EQ(path, (Told{"1@0-10000000 own", "2@10000000-20000000 callee", "3@20000000-30000000 own",
                          "4@30000000-60000000 own", "3@60000000-80000000 own", "2@80000000-90000000 callee",
                          "1@90000000-100000000 own"}))
        << wrong;
  }
}

TEST(CriticalPath, LeavesClocksOfOneMachineAlone) {
  auto root = at_host(span(1, 0, 0, 100'000'000, SpanKind::Client), "a");
  auto server = at_host(span(2, 1, 300'000'000, 350'000'000, SpanKind::Server), "a");
  EXPECT_EQ(told({root, server}), (Told{"1@0-100000000 callee"}));
}

TEST(CriticalPath, LeavesClocksAloneWhereCallsContradictEachOther) {
  std::vector<Span> spans = {at_host(span(1, 0, 0, 100'000'000), "a")};
  spans.push_back(at_host(span(2, 1, 10'000'000, 20'000'000, SpanKind::Client), "a"));
  spans.push_back(at_host(span(3, 2, 110'000'000, 118'000'000, SpanKind::Server), "b"));
  spans.push_back(at_host(span(4, 1, 30'000'000, 40'000'000, SpanKind::Client), "a"));
  spans.push_back(at_host(span(5, 4, 32'000'000, 38'000'000, SpanKind::Server), "b"));
  EXPECT_EQ(told(spans), (Told{"1@0-10000000 own", "2@10000000-20000000 callee", "1@20000000-30000000 own",
                               "4@30000000-32000000 callee", "5@32000000-38000000 own", "4@38000000-40000000 callee",
                               "1@40000000-100000000 own"}));
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
