#include "analysis/trace/critical_path.h"

#include <algorithm>
#include <array>

#include "analysis/trace/call.h"
#include "analysis/trace/clock_skew.h"
#include "base/saturated.h"

namespace culprit::analysis {

namespace {

constexpr int kSectionKinds = static_cast<int>(SectionKind::Unexplained) + 1;

// A child ends together with its parent if it ends at most 1/20 of its duration later: the parent's end was recorded
// first.
constexpr int64_t kEndsTogether = 20;

// Returns whether `parent` can have waited for `child`. The sender of a message does not wait for its consumer.
// Internal work or an outgoing call of the same program that continues after its parent's end was started without
// waiting. The other end of a call counts even if it continues: the caller may have given up. If kinds are missing, a
// child counts up to its parent's end.
bool waited_for(const Span& parent, const Span& child) {
  if (child.kind == SpanKind::Consumer) return false;
  bool own = child.kind == SpanKind::Internal || child.kind == SpanKind::Client;
  bool same = child.service == parent.service && child.host == parent.host;
  if (!own || !same || parent.kind == SpanKind::Client || (parent.flags & kUnfinished)) return true;
  // Hostile times may overflow: the sums are saturated.
  int64_t parent_end_ns = saturated_sum(parent.start_ns, parent.duration_ns);
  return saturated_sum(child.start_ns, child.duration_ns) <=
         saturated_sum(parent_end_ns, child.duration_ns / kEndsTogether);
}

// A period in which `span` itself, and none of its children, is on the path.
struct Stretch {
  SpanIndex span;
  int64_t start_ns, end_ns;
};

// A child, clipped to its parent's part of the path.
struct Candidate {
  SpanIndex span;
  int64_t start_ns, end_ns;
};

// The state of the walk in one span: the time from cursor_ns on is already assigned.
struct Visit {
  SpanIndex span;
  int64_t low_ns, cursor_ns;
  size_t first, next;  // its candidates are candidates_[first … first of the next visit)
};

// The backward walk. It uses its own stack, as a trace may be a million spans deep.
class Walk {
 public:
  Walk(const Trace& trace, SpanIndex root) : trace_(trace), shifts_(clock_shifts(trace, root)) {
    const Span& span = trace.spans[root];
    enter(root, span.start_ns, saturated_sum(span.start_ns, span.duration_ns));
    while (!visits_.empty()) step();
    std::reverse(stretches_.begin(), stretches_.end());
  }

  std::vector<Stretch> take() { return std::move(stretches_); }

 private:
  void enter(SpanIndex span, int64_t low_ns, int64_t high_ns) {
    size_t first = candidates_.size();
    for (SpanIndex child : trace_.children[span]) {
      const Span& s = trace_.spans[child];
      if (s.duration_ns <= 0) continue;  // takes no time, or has wrong times
      if (!waited_for(trace_.spans[span], s)) continue;
      int64_t begin = shifts_.empty() ? s.start_ns : saturated_sum(s.start_ns, shifts_[child]);
      int64_t start = std::max(begin, low_ns), end = std::min(saturated_sum(begin, s.duration_ns), high_ns);
      if (start < end) candidates_.push_back({child, start, end});
    }
    // Sorted by end, the latest first; of two that end together, the longer one comes first.
    std::sort(candidates_.begin() + static_cast<ptrdiff_t>(first), candidates_.end(),
              [](const Candidate& a, const Candidate& b) {
                if (a.end_ns != b.end_ns) return a.end_ns > b.end_ns;
                if (a.start_ns != b.start_ns) return a.start_ns < b.start_ns;
                return a.span < b.span;
              });
    visits_.push_back({span, low_ns, high_ns, first, first});
  }

  // The last child that ended before the cursor is on the path. If there is none, the span itself was on the path.
  void step() {
    Visit& visit = visits_.back();
    while (visit.next < candidates_.size() && candidates_[visit.next].end_ns > visit.cursor_ns) ++visit.next;
    if (visit.next == candidates_.size()) {
      give(visit.span, visit.low_ns, visit.cursor_ns);
      candidates_.resize(visit.first);
      visits_.pop_back();
      return;
    }
    Candidate child = candidates_[visit.next++];
    give(visit.span, child.end_ns, visit.cursor_ns);
    visit.cursor_ns = child.start_ns;
    enter(child.span, child.start_ns, child.end_ns);
  }

  void give(SpanIndex span, int64_t start_ns, int64_t end_ns) {
    if (start_ns < end_ns) stretches_.push_back({span, start_ns, end_ns});
  }

  const Trace& trace_;
  std::vector<int64_t> shifts_;  // to the root's clock; empty: no shifts
  std::vector<Candidate> candidates_;
  std::vector<Visit> visits_;
  std::vector<Stretch> stretches_;
};

SectionKind kind_of(Wait wait) {
  static constexpr SectionKind kKinds[] = {SectionKind::Own,   SectionKind::Runnable,   SectionKind::Lock,
                                           SectionKind::Disk,  SectionKind::Network,    SectionKind::Peer,
                                           SectionKind::Sleep, SectionKind::Unexplained};
  return kKinds[static_cast<int>(wait)];
}

using Shares = std::array<int64_t, kSectionKinds>;

// Subtracts up to `covered` from one kind of wait; returns the part that it could not subtract.
int64_t take_covered(Shares& shares, SectionKind kind, int64_t covered) {
  int64_t& share = shares[static_cast<int>(kind)];
  int64_t taken = std::min(share, covered);
  share -= taken;
  return covered - taken;
}

// Returns the kind of a span's own time if its waits were not recorded. If the callee's span of a call was recorded,
// the time is that of the network and of the queues at both ends. If not, the time belongs to the peer. The time of a
// span that is not a call is its own.
SectionKind unwatched_kind(const Trace& trace, SpanIndex index) {
  const Span& span = trace.spans[index];
  const auto& children = trace.children[index];
  if (callee_view(trace, index) != kNoSpan) return SectionKind::Callee;
  if (span.kind == SpanKind::Client) {
    bool seen = std::any_of(children.begin(), children.end(),
                            [&](SpanIndex child) { return trace.spans[child].kind == SpanKind::Server; });
    return seen ? SectionKind::Callee : SectionKind::Peer;
  }
  // Without a kind, a span is a call if it belongs to the same service as its parent and names a peer.
  SpanIndex parent = trace.parent[index];
  bool own = parent != kNoSpan && trace.spans[parent].service == span.service;
  bool call =
      span.kind == SpanKind::Unspecified && own && children.empty() && (is_database(span) || !peer_of(span).empty());
  return call ? SectionKind::Peer : SectionKind::Own;
}

// Divides a span's own time on the path into kinds. Its children explain its waits for peers first, then other waits
// that may have the same cause: an event loop's poll is Other or Network, a thread pool's hand-over is Lock.
Shares shares_of(const Trace& trace, SpanIndex index, int64_t own_ns, int64_t covered_ns) {
  const Span& span = trace.spans[index];
  Shares shares = {};
  auto set = [&](SectionKind kind, int64_t ns) { shares[static_cast<int>(kind)] += std::max<int64_t>(ns, 0); };
  bool same_call = callee_view(trace, index) != kNoSpan;
  if (!span.waits.known) {
    set(unwatched_kind(trace, index), own_ns);
    return shares;
  }
  if (same_call) {  // the caller's waits show only how long it waited for a CPU after the answer arrived
    int64_t runnable = std::clamp<int64_t>(span.waits[Wait::Runnable], 0, own_ns);
    set(SectionKind::Runnable, runnable);
    set(SectionKind::Callee, own_ns - runnable);
    return shares;
  }
  __int128 unknown_ns = span.duration_ns;
  for (int wait = 0; wait < kWaits; ++wait) {
    int64_t ns = std::clamp<int64_t>(span.waits.ns[wait], 0, span.duration_ns);
    set(kind_of(static_cast<Wait>(wait)), ns);
    unknown_ns -= ns;
  }
  if (unknown_ns > 0) set(SectionKind::Unexplained, static_cast<int64_t>(unknown_ns));
  for (SectionKind kind :
       {SectionKind::Peer, SectionKind::Unexplained, SectionKind::Network, SectionKind::Sleep, SectionKind::Lock})
    covered_ns = take_covered(shares, kind, covered_ns);
  return shares;
}

// Appends the sections of one period: the kinds in order, in proportion, with an exact sum.
void append_sections(std::vector<Section>& sections, const Stretch& stretch, const Shares& shares) {
  __int128 total = 0;
  for (int64_t share : shares) total += share;
  if (total == 0) {
    sections.push_back({stretch.span, stretch.start_ns, stretch.end_ns, SectionKind::Own});
    return;
  }
  __int128 length = static_cast<__int128>(stretch.end_ns) - stretch.start_ns, before = 0;
  int64_t from_ns = stretch.start_ns;
  for (int kind = 0; kind < kSectionKinds; ++kind) {
    before += shares[kind];
    int64_t to_ns = static_cast<int64_t>(stretch.start_ns + length * before / total);
    if (from_ns < to_ns) sections.push_back({stretch.span, from_ns, to_ns, static_cast<SectionKind>(kind)});
    from_ns = to_ns;
  }
}

}  // namespace

std::vector<Section> critical_path(const Trace& trace, SpanIndex root) {
  if (root >= trace.spans.size() || trace.spans[root].duration_ns < 0) return {};
  std::vector<Stretch> stretches = Walk(trace, root).take();

  std::vector<int64_t> own_ns(trace.spans.size(), 0);
  for (const Stretch& stretch : stretches) own_ns[stretch.span] += stretch.end_ns - stretch.start_ns;
  std::vector<Section> sections;
  sections.reserve(stretches.size());
  for (const Stretch& stretch : stretches) {
    int64_t own = own_ns[stretch.span];
    int64_t covered = std::max<int64_t>(trace.spans[stretch.span].duration_ns - own, 0);
    append_sections(sections, stretch, shares_of(trace, stretch.span, own, covered));
  }
  return sections;
}

}  // namespace culprit::analysis
