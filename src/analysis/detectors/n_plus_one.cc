// n_plus_one: one caller sends the same query to the same peer many times, where one query would be enough.
//
//   GET /orders          ├──────────────────────────────┤
//     SELECT … orders    ├───┤                               returns N rows
//     SELECT … items         ├─┤                             ┐
//     SELECT … items            ├─┤                          │ N times, one after the other, alike except for a value
//     SELECT … items               ├─┤ …                     ┘
//
// The number of calls follows the rows of an earlier query. If no rows were recorded, all other explanations must be
// excluded: pauses between the calls, attempts at a lock, pages of one result, several peers. Calls that overlap are a
// fan-out. A loop of writes is reported only if the rows of an earlier query determine its length.
#include <algorithm>

#include "analysis/detectors/repeated_calls.h"
#include "analysis/profile/database.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// The cost of a batch: one call, and a part of a call for each further row. The server's work stays, and the round trip
// goes. For lookups by key, between a fiftieth and a third of a call was measured; a tenth is in the middle.
constexpr int64_t kBatchShare = 10, kBatchShareMost = 3;

Saved saved_by_batch(const Interner& names, const Request& request, const std::set<NodeId>& nodes) {
  const LoopTimes times = times_of(names, request, nodes);
  if (times.calls == 0) return {};
  int64_t rest = times.ns - times.ns / times.calls, around = times.around_ns;
  // The caller still handles every row: half of its own work around the calls is assumed to go.
  return {rest + around, rest - rest / kBatchShare + around / 2, rest - rest / kBatchShareMost};
}

// Returns whether the baseline has the loop with about the same length: then the loop is no change, even if its calls
// cost more now.
bool is_in_baseline(const LoopsByCaller& before, const LoopsByCaller::key_type& key, const Loop& loop) {
  auto was = before.find(key);
  return was != before.end() && median(was->second.calls) * 5 >= median(loop.calls) * 4;
}

bool is_n_plus_one(const Loop& loop) {
  StatementSort sort = loop.statement == StatementId::None ? StatementSort::Other : sort_of(loop.label);
  if (sort == StatementSort::Commit || sort == StatementSort::Control) return false;
  // Nothing shows whether calls with unknown texts are alike.
  if (loop.statement != StatementId::None && loop.label == kUnknownStatement) return false;
  if (tries_a_lock(loop) || loop.failing * 2 > loop.requests || reads_page_by_page(loop)) return false;
  const Growth growth = loop.growth();
  if (growth == Growth::Rows) return only_reads(loop) || loop.varies();
  return growth == Growth::Unknown && only_reads(loop) && asks_for_another_each_time(loop) && !loop.is_paused();
}

void describe(Cause& cause, const Loop& loop) {
  const int64_t typical = median(loop.calls);
  const std::string times = format_count(typical), call = loop.statement == StatementId::None ? "call" : "statement";
  cause.phrase = "one " + call + " is sent " + times + " times per request: {share} of it, with the work around each";
  cause.what = times + " calls per request (median), one after the other, alike but for a literal";
  cause.evidence.push_back(observed(cause.what, static_cast<double>(typical), "1/request"));
  if (loop.growth() == Growth::Rows) {
    cause.evidence.push_back(observed("as many as an earlier query returned rows, in " +
                                      format_share(loop.follow_share()) + " of the requests"));
  } else {
    if (loop.varies()) {
      auto [least, most] = std::minmax_element(loop.calls.begin(), loop.calls.end());
      cause.evidence.push_back(inferred("their number grows with a list that was not recorded: from " +
                                        format_count(*least) + " to " + format_count(*most) + " per request"));
    }
    cause.against.push_back("whether their number follows the rows of the query before was not recorded");
  }
  cause.assuming = "one call fetches what the loop fetches, and each further row costs a tenth of a call";
  const Database* database = find_database(cause.entity.system);
  const std::string how =
      database == nullptr || database->batch.empty() ? "" : " (" + std::string(database->batch) + ")";
  cause.advice = "fetch all rows with one " + call + how + " instead of one per row";
  cause.would_tell = "requests that return more rows: whether the calls grow with them";
}

}  // namespace

std::vector<Cause> find_n_plus_one(const DetectorInput& input) {
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  LoopsByCaller before;
  if (input.before != nullptr) before = find_loops(*input.before);
  for (const auto& [key, loop] : find_loops(input.now)) {
    if (is_in_baseline(before, key, loop) || !is_n_plus_one(loop)) continue;
    Cause cause;
    cause.cause = FindingClass::NPlusOne;
    cause.pathological = true;
    cause.quality = loop.growth() == Growth::Rows ? kObserved : kInferred;
    name_calls(cause, input.now, loop);
    describe(cause, loop);
    cause.blamed = blame_calls(names, loop);
    cause.saved = [&names, nodes = loop.nodes](const Request& request) {
      return saved_by_batch(names, request, nodes);
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
