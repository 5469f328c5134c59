// Calls that one caller repeats within a request, over all requests: what they ask, whether their number follows the
// rows of an earlier query, and whether the caller pauses between them. Used by n_plus_one, poll_wait and chatty_calls.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

// What determines the number of calls.
enum class Growth : uint8_t {
  Rows,      // the number of rows that an earlier query of the same caller returned
  Unknown,   // the rows of earlier queries are unknown
  NotByRows  // the rows of earlier queries are known, and none has the same number
};

struct Loop {
  TextId service = TextId::Empty;
  std::string caller, label, peer;
  StatementId statement = StatementId::None;
  std::set<NodeId> nodes;  // nodes of the calls in the call tree
  int64_t requests = 0;
  std::vector<int64_t> calls;   // for each request
  std::vector<int64_t> pauses;  // for each request: the median pause between two calls
  int64_t total_ns = 0, all_calls = 0, pauses_ns = 0;
  // requests whose pauses are longer than the calls; and of these, requests with steady pauses
  int64_t paused = 0, steady = 0;
  int64_t failing = 0;             // requests in which most of the calls failed
  std::vector<int64_t> most_rows;  // for each request with known rows: the most rows of one call
  struct Followed {
    int64_t follows = 0, differs = 0;
    std::set<int64_t> rows;
  };
  std::map<NodeId, Followed> earlier;  // key: node of the earlier query

  Growth growth() const;
  double follow_share() const;  // share of requests whose number of calls equals the rows of the best earlier query
  bool varies() const;          // the number of calls differs between requests
  // Whether the caller pauses between the calls in most requests: it waits for an event, or does other work.
  bool is_paused() const { return paused * 2 > requests; }
  bool is_steady() const { return steady * 2 > requests; }
  int64_t mean_call_ns() const { return total_ns / (all_calls > 0 ? all_calls : 1); }
};

// Loops of one caller over one statement (or one operation of a peer), anywhere in its code. The key is the service,
// and the label with the peer.
using LoopsByCaller = std::map<std::pair<TextId, std::string>, Loop>;
LoopsByCaller find_loops(const WorkloadProfile& now);

// Properties of the loop's calls.
bool only_reads(const Loop& loop);             // no call is known to write
bool asks_for_another_each_time(const Loop&);  // the query has a value, which may differ between calls
bool reads_page_by_page(const Loop& loop);
bool tries_a_lock(const Loop& loop);

// Sets the entity and the statement of the repeated call.
void name_calls(Cause& cause, const WorkloadProfile& now, const Loop& loop);
std::function<bool(const CallNode&)> blame_calls(const Interner& names, const Loop& loop);

// The calls of a request's loops in the given nodes.
struct LoopTimes {
  int64_t calls = 0, pauses_ns = 0;
  int64_t ns = 0;         // on the path, without the time of other classes: waits for locks, disks, timers
  int64_t around_ns = 0;  // the caller's work around the calls for their sake: at most as long as the calls
};
LoopTimes times_of(const Interner& names, const Request& request, const std::set<NodeId>& nodes);

}  // namespace culprit::analysis
