// CallConcurrency: how many concurrent calls a service makes to each of its peers, and how long its requests run
// without a call before a call begins. Used to detect a pool of connections or workers with a fixed size.
//
//   request   ├──────── gap ────────┤── call ──┤           the pool has k members: while requests are in their gaps,
//   others          ├── call ──┤├── call ──┤                k calls are under way, never more
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "analysis/profile/interner.h"
#include "model/trace.h"

namespace culprit::analysis {

struct SpanNodes;

struct Stretch {
  int64_t from_ns = 0, to_ns = 0;
};

// The calls of a service to one peer.
struct CallEdge {
  std::vector<Stretch> calls;
  // from the start of a request's handling, or from the end of its last call, to the next call
  std::vector<Stretch> gaps;
};

// The fixed upper limit of an edge's concurrent calls, and how gaps relate to it.
struct Plateau {
  int64_t size = 0;           // the limit k; 0: none
  double at_size = 0;         // share of the gaps' time in which k calls are active
  int64_t gaps = 0;           // number of long gaps
  int64_t gap_ns = 0;         // mean length of the long gaps
  int64_t longest_queue = 0;  // the most gaps at the same time
  // mean number of active calls, from the first call to the last: arrivals × duration (Little's law)
  double mean_calls = 0;
};

class CallConcurrency {
 public:
  // A service, and its peer as the caller names it: a server's address, or a name.
  using Key = std::pair<TextId, TextId>;

  void observe(const Trace& trace, const SpanNodes& nodes, const Interner& names);
  const std::map<Key, CallEdge>& edges() const { return edges_; }

 private:
  std::map<Key, CallEdge> edges_;
};

// Uses gaps of at least `least_gap_ns`.
Plateau find_plateau(const CallEdge& edge, int64_t least_gap_ns);

}  // namespace culprit::analysis
