// CallConcurrency: how many calls a service has under way at once to each of its peers, and how long its requests are in hand
// without a call before one begins. What a pool of connections or workers of fixed size is told from.
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

// A service's calls to one peer.
struct CallEdge {
  std::vector<Stretch> calls;
  std::vector<Stretch> gaps;  // from the begin of a request's handling, or the end of its last call, to a call
};

// The fixed number of calls that an edge has at most, and how the gaps lie to it.
struct Plateau {
  int64_t size = 0;           // k; 0: none
  double at_size = 0;         // share of the gaps' time during which k calls are under way
  int64_t gaps = 0;           // that are long
  int64_t gap_ns = 0;         // of those, mean
  int64_t longest_queue = 0;  // gaps at once
  double mean_calls = 0;      // under way on average, from the first to the last: arrivals × duration (Little's law)
};

class CallConcurrency {
 public:
  // The edge of a service and the peer as the caller knows it: a server's address, or a name.
  using Key = std::pair<TextId, TextId>;

  void observe(const Trace& trace, const SpanNodes& nodes, const Interner& names);
  const std::map<Key, CallEdge>& edges() const { return edges_; }

 private:
  std::map<Key, CallEdge> edges_;
};

// Of gaps from `least_gap_ns` on.
Plateau find_plateau(const CallEdge& edge, int64_t least_gap_ns);

}  // namespace culprit::analysis
