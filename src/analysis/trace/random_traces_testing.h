// Traces for tests of the critical path: hostile ones, random, reproducible by a seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "model/trace.h"

namespace culprit::analysis {

inline Span tree_span(uint64_t id, uint64_t parent, int64_t from, int64_t to, SpanKind kind = SpanKind::Internal) {
  Span s;
  s.trace_id = {1, 2};
  s.span_id = id, s.parent_span_id = parent;
  s.start_ns = from, s.duration_ns = to - from;
  s.kind = kind;
  s.link = parent == 0 ? LinkHow::None : LinkHow::Reported;
  return s;
}

// Generates trees with unusual features: parents that come later, are missing or circular; children that leave their
// parent's time, overlap, or have no or negative duration; repeated ids, some of them for the two ends of a call;
// several roots; links; unfinished spans. Times lie between 0 and about `length`; clocks of hosts differ by up to that.
class HostileTrees {
 public:
  explicit HostileTrees(uint64_t seed) : random_(seed) {}

  std::vector<Span> next(int64_t most_spans, int64_t length) {
    std::vector<Span> spans;
    int64_t n = 1 + below(most_spans);
    bool chain = one_in(6), kinds = one_in(2);
    for (int64_t i = 0; i < n; ++i) {
      uint64_t parent = i == 0 ? 0 : static_cast<uint64_t>(chain ? i : 1 + below(one_in(8) ? n + 3 : i));
      int64_t from = below(length), duration = one_in(10) ? 0 : below(length * 2 / 3) - length / 50;
      if (i == 0) from = below(length / 10 + 1), duration = length - from;
      // Spans often follow each other or begin together, as in real programs.
      if (i > 1 && one_in(4)) from = spans.back().end_ns();
      if (i > 1 && one_in(6)) from = spans.back().start_ns;
      Span s = tree_span(static_cast<uint64_t>(i + 1), parent, from, from + duration);
      if (i > 0 && one_in(40)) s.span_id = 1 + static_cast<uint64_t>(below(i));
      s.kind = kinds ? static_cast<SpanKind>(below(6)) : SpanKind::Unspecified;
      s.service = "s" + std::to_string(below(3));
      s.host = "h";
      if (one_in(30)) s.links.push_back({s.trace_id, static_cast<uint64_t>(1 + below(n)), {}, {}, 0, 0});
      if (one_in(30)) s.flags |= kUnfinished;
      s.waits.known = one_in(3);
      for (int64_t& ns : s.waits.ns) ns = one_in(3) ? below(length) : 0;
      spans.push_back(std::move(s));
    }
    return spans;
  }

  // The same, with calls whose two ends have the same id, on hosts whose clocks differ.
  std::vector<Span> next_shared(int64_t most_spans, int64_t length) {
    std::vector<Span> spans = next(most_spans, length);
    int64_t clocks[3] = {0, one_in(2) ? 0 : below(2 * length) - length, one_in(2) ? 0 : below(2 * length) - length};
    for (size_t i = spans.size(); i-- > 0;) {
      if (i > 0 && one_in(12)) spans[i].parent_span_id = 0;
      if (i == 0 || !one_in(3)) continue;
      spans[i].kind = SpanKind::Client;
      Span server = spans[i];
      server.kind = one_in(10) ? SpanKind::Client : SpanKind::Server;
      server.service = "s" + std::to_string(below(3));
      if (one_in(8)) server.parent_span_id = one_in(2) ? 0 : server.span_id;
      int64_t shorter = server.duration_ns > 2 ? below(server.duration_ns / 2) : 0;
      server.start_ns += shorter / 2, server.duration_ns -= shorter;
      spans.push_back(std::move(server));
    }
    bool hosts = one_in(2);
    for (Span& span : spans) {
      auto machine = static_cast<size_t>(span.service.back() - '0');
      span.host = hosts ? "h" + std::to_string(machine) : "";
      span.start_ns += clocks[machine];
    }
    return spans;
  }

  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  bool one_in(int64_t n) { return below(n) == 0; }
  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
};

}  // namespace culprit::analysis
