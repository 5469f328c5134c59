// Calls that one caller repeats within a request, over all requests: what they ask, whether their number follows the rows of an
// earlier query, and whether the caller pauses between them. n_plus_one, poll_wait and chatty_calls are told from these.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

// How the number of calls is known to come about.
enum class Growth : uint8_t {
  Rows,      // as many as an earlier query of the same caller returned rows
  Unknown,   // no earlier query told how many rows it returned
  NotByRows  // earlier queries told, and none of them returned as many
};

struct Loop {
  TextId service = TextId::Empty;
  std::string caller, label, peer;
  StatementId statement = StatementId::None;
  std::set<NodeId> nodes;  // of the calls, in the call tree
  int64_t requests = 0;
  std::vector<int64_t> calls;   // per request
  std::vector<int64_t> pauses;  // per request: the median between two calls
  int64_t total_ns = 0, all_calls = 0, pauses_ns = 0;
  int64_t paused = 0, steady = 0;  // requests in which the pauses are longer than the calls; and steady
  int64_t failing = 0;             // requests in which most of the calls failed
  std::vector<int64_t> most_rows;  // per request that tells: of one call
  struct Followed {
    int64_t follows = 0, differs = 0;
    std::set<int64_t> rows;
  };
  std::map<NodeId, Followed> earlier;  // by the earlier query's node

  Growth growth() const;
  double follow_share() const;  // of the requests in which the best earlier query tells its rows
  bool varies() const;          // not the same number in each request
  // The caller pauses between the calls in most of the requests: it waits for something to happen, or does other work.
  bool is_paused() const { return paused * 2 > requests; }
  bool is_steady() const { return steady * 2 > requests; }
  int64_t mean_call_ns() const { return total_ns / (all_calls > 0 ? all_calls : 1); }
};

// Loops of one caller over one statement (or one peer's operation), wherever in its code: by its service, the label and peer.
using LoopsByCaller = std::map<std::pair<TextId, std::string>, Loop>;
LoopsByCaller find_loops(const WorkloadProfile& now);

// What the loop's calls ask for.
bool only_reads(const Loop& loop);             // nothing is known to be written
bool asks_for_another_each_time(const Loop&);  // a question with a value in it, which may be another's each time
bool reads_page_by_page(const Loop& loop);
bool tries_a_lock(const Loop& loop);

// Entity and statement of the repeated call.
void name_calls(Cause& cause, const WorkloadProfile& now, const Loop& loop);
std::function<bool(const CallNode&)> blame_calls(const Interner& names, const Loop& loop);

// The calls of a request's loops in these nodes.
struct LoopTimes {
  int64_t calls = 0, pauses_ns = 0;
  int64_t ns = 0;         // on the path, but for what other classes own: waits for locks, disks, timers
  int64_t around_ns = 0;  // what the caller does around them for their sake: at most as long as they take
};
LoopTimes times_of(const Interner& names, const Request& request, const std::set<NodeId>& nodes);

}  // namespace culprit::analysis
