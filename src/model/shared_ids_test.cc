#include "model/shared_ids.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace culprit {
namespace {

Span end_of_call(uint64_t id, uint64_t parent, int64_t start_ns, int64_t end_ns, SpanKind kind, std::string service) {
  Span span;
  span.trace_id = {0, 1};
  span.span_id = id, span.parent_span_id = parent;
  span.start_ns = start_ns, span.duration_ns = end_ns - start_ns;
  span.kind = kind, span.service = span.name = std::move(service);
  return span;
}

Span client(uint64_t id, uint64_t parent, int64_t start_ns, int64_t end_ns, std::string service = "web") {
  return end_of_call(id, parent, start_ns, end_ns, SpanKind::Client, std::move(service));
}
Span server(uint64_t id, uint64_t parent, int64_t start_ns, int64_t end_ns, std::string service = "cart") {
  return end_of_call(id, parent, start_ns, end_ns, SpanKind::Server, std::move(service));
}

std::string label(const Trace& trace, SpanIndex index) {
  if (index == kNoSpan) return "-";
  const Span& span = trace.spans[index];
  return (span.kind == SpanKind::Client ? "c" : "s") + std::to_string(span.span_id) + span.service;
}

// Returns "parent > child" for every span in order of time, for the given and the reverse order of arrival, and then
// the kinds of defects.
std::vector<std::string> linked(std::vector<Span> spans) {
  std::vector<std::string> all;
  for (bool turned : {false, true}) {
    if (turned) std::reverse(spans.begin(), spans.end());
    Trace trace = make_trace(spans);
    std::vector<std::string> now;
    for (SpanIndex i = 0; i < trace.spans.size(); ++i)
      now.push_back(label(trace, trace.parent[i]) + " > " + label(trace, i));
    for (const Trace::Defect& defect : trace.defects) now.push_back(std::string(defect.kind));
    if (turned) {
      EXPECT_EQ(now, all) << "in the other order";
    }
    all = now;
  }
  return all;
}
using Linked = std::vector<std::string>;

const Span kRoot = server(1, 0, 0, 100, "web");

TEST(SharedIds, PutTheServersEndBelowTheClientsAndWhatItCallsBelowThat) {
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 90), server(2, 1, 15, 85), client(3, 2, 20, 70, "cart")}),
            (Linked{"- > s1web", "s1web > c2web", "c2web > s2cart", "s2cart > c3cart"}));
}

TEST(SharedIds, FlagTheServersEndAlone) {
  Trace trace = make_trace({kRoot, client(2, 1, 10, 90), server(2, 1, 15, 85)});
  for (const Span& span : trace.spans) EXPECT_EQ((span.flags & kSharedId) != 0, span.service == "cart");
}

TEST(SharedIds, LeaveTheCallersOwnWorkToTheCaller) {
  Linked tree =
      linked({kRoot, client(2, 1, 10, 90), server(2, 1, 15, 85), client(3, 2, 11, 14), server(4, 2, 20, 30, "web")});
  EXPECT_EQ(tree, (Linked{"- > s1web", "s1web > c2web", "c2web > c3web", "c2web > s2cart", "s2cart > s4web"}));
}

TEST(SharedIds, NeedNoParentOfTheServer) {
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 90), server(2, 0, 15, 85)}),
            (Linked{"- > s1web", "s1web > c2web", "c2web > s2cart"}));
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 90), server(2, 2, 15, 85)}),
            (Linked{"- > s1web", "s1web > c2web", "c2web > s2cart"}));
}

TEST(SharedIds, MayBeTheRoots) {
  EXPECT_EQ(linked({client(1, 0, 0, 100, "phone"), server(1, 0, 5, 95), client(2, 1, 10, 20, "cart")}),
            (Linked{"- > c1phone", "c1phone > s1cart", "s1cart > c2cart"}));
}

TEST(SharedIds, HoldWhereTheServersClockIsWrong) {
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 90), server(2, 1, 1015, 1085), client(3, 2, 1020, 1070, "cart")}),
            (Linked{"- > s1web", "s1web > c2web", "c2web > s2cart", "s2cart > c3cart", "child_outside"}));
}

TEST(SharedIds, OfTheServersEndAloneAreOrdinary) {
  EXPECT_EQ(linked({kRoot, server(2, 1, 15, 85), client(3, 2, 20, 70, "cart")}),
            (Linked{"- > s1web", "s1web > s2cart", "s2cart > c3cart"}));
}

TEST(SharedIds, OfOneKindAreACollision) {
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 30), client(2, 1, 40, 90)}),
            (Linked{"- > s1web", "s1web > c2web", "s1web > c2web", "id_collision"}));
  EXPECT_EQ(linked({kRoot, server(2, 1, 10, 30), server(2, 1, 40, 90)}),
            (Linked{"- > s1web", "s1web > s2cart", "s1web > s2cart", "id_collision"}));
}

TEST(SharedIds, TakenByAccidentAreACollision) {
  // The spans have different parents.
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 30), client(3, 1, 40, 90), server(2, 3, 45, 85)}),
            (Linked{"- > s1web", "s1web > c2web", "s1web > c3web", "c3web > s2cart", "id_collision"}));
  // The spans have the same clock and different times.
  std::vector<Span> spans = {kRoot, client(2, 1, 10, 30), server(2, 1, 45, 60)};
  for (Span& span : spans) span.host = "h";
  EXPECT_EQ(linked(spans), (Linked{"- > s1web", "s1web > c2web", "s1web > s2cart", "id_collision"}));
  // A call takes longer at its caller than at the server, because the caller waits for it. The difference of the clocks
  // does not matter.
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 30), server(2, 1, 45, 90)}),
            (Linked{"- > s1web", "s1web > c2web", "s1web > s2cart", "id_collision"}));
}

TEST(SharedIds, OfAProxyBesideTheCallerAreOneCall) {
  Trace trace = make_trace(
      {kRoot, client(2, 1, 10, 90), client(2, 1, 12, 88, "envoy"), server(2, 1, 15, 85), client(3, 2, 20, 70, "cart")});
  for (const Span& span : trace.spans) EXPECT_EQ((span.flags & kOtherObserver) != 0, span.service == "envoy");
  EXPECT_EQ(linked(trace.spans), (Linked{"- > s1web", "s1web > c2web", "c2web > c2envoy", "c2envoy > s2cart",
                                         "s2cart > c3cart", "id_collision"}));
}

TEST(SharedIds, OfAProxyBesideTheServerAreOneCall) {
  EXPECT_EQ(
      linked({kRoot, client(2, 1, 10, 90), server(2, 1, 12, 88, "envoy"), server(2, 1, 15, 85),
              client(3, 2, 20, 70, "cart")}),
      (Linked{"- > s1web", "s1web > c2web", "c2web > s2envoy", "s2envoy > s2cart", "s2cart > c3cart", "id_collision"}));
}

TEST(SharedIds, OfACallThatWasTriedAgainAreOneCall) {
  EXPECT_EQ(linked({kRoot, client(2, 1, 10, 90), server(2, 1, 15, 30), client(3, 2, 20, 25, "cart"),
                    server(2, 1, 50, 85), client(4, 2, 60, 65, "cart")}),
            (Linked{"- > s1web", "s1web > c2web", "c2web > s2cart", "s2cart > c3cart", "c2web > s2cart",
                    "s2cart > c4cart", "id_collision"}));
}

TEST(SharedIds, GoRoundInNoCircle) {
  EXPECT_EQ(linked({client(2, 3, 10, 90), server(2, 3, 15, 85), client(3, 2, 20, 70, "cart")}),
            (Linked{"- > c2web", "- > s2cart", "- > c3cart", "cycle", "cycle", "cycle", "rootless"}));
}

TEST(SharedIds, OfABrokenGeneratorTakeNoSquareOfTheirNumber) {
  std::vector<Span> spans = {kRoot};
  constexpr int64_t kSpans = 200'000;
  for (int64_t i = 0; i < kSpans; ++i) spans.push_back(i % 2 == 0 ? client(7, 1, i, i + 1) : server(7, 7, i, i + 1));
  Trace trace = make_trace(std::move(spans));
  size_t reached = 0;
  std::vector<SpanIndex> open = trace.roots;
  for (; !open.empty(); ++reached) {
    SpanIndex at = open.back();
    open.pop_back();
    open.insert(open.end(), trace.children[at].begin(), trace.children[at].end());
  }
  EXPECT_EQ(reached, trace.spans.size());
}

}  // namespace
}  // namespace culprit
