#include "analysis/ranking/ranking.h"

#include <algorithm>
#include <set>

#include "analysis/detectors/registry.h"
#include "analysis/ranking/completeness.h"
#include "analysis/ranking/plan_advice.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// The database is asked for at most this many plans: each question has a time limit of its own.
constexpr int kMaxPlans = 3;

double error_in(const DetectorInput& input, size_t operation) {
  return operation < input.errors.size() ? input.errors[operation] : 0;
}

Ranked rank(const DetectorInput& input, Cause cause) {
  Ranked ranked;
  double saved = 0, best = -1;
  for (size_t i = 0; i < input.now.operations().size() && !input.cancelled(); ++i) {
    const Operation* before =
        input.before == nullptr ? nullptr : same_operation(*input.before, input.now.operations()[i]);
    Impact impact = measure_impact(cause, input.now, i, before, error_in(input, i));
    if (impact.material) saved += impact.saved_ns;
    // An operation in which the cause is material has precedence; a request has precedence over a statement outside any
    // request.
    int rank = impact.material ? (input.now.operations()[i].statement ? 1 : 2) : 0;
    double worth = impact.saved_ns + rank * static_cast<double>(input.now.path_ns());
    if (worth <= best) continue;
    best = worth;
    ranked.impact = impact;
  }
  ranked.finding = saved > 0;
  if (ranked.impact.changed) cause.quality = std::min(std::max(cause.quality, kObserved), cause.best_quality);
  double all = static_cast<double>(std::max<int64_t>(input.now.path_ns(), 1));
  double counted = ranked.finding ? saved : std::max(ranked.impact.saved_ns, 0.0);
  ranked.score = std::clamp(counted / all, 0.0, 1.0) * cause.quality * (ranked.impact.comparable ? 1 : kNoComparable);
  ranked.cause = std::move(cause);
  return ranked;
}

void sort_ranked(std::vector<Ranked>& ranked) {
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    bool ua = a.cause.cause == FindingClass::Unexplained, ub = b.cause.cause == FindingClass::Unexplained;
    if (ua != ub) return ub;
    if (a.finding != b.finding) return a.finding;
    if (a.score != b.score) return a.score > b.score;
    if (a.cause.cause != b.cause.cause) return to_string(a.cause.cause) < to_string(b.cause.cause);
    return a.cause.entity.name < b.cause.entity.name;
  });
}

void confirm(const DetectorInput& input, std::vector<Ranked>& ranked, DatabaseInspector& inspector) {
  int asked = 0;
  for (Ranked& entry : ranked) {
    const bool has_text = entry.cause.cause == FindingClass::SlowStatement && !entry.cause.entity.statement.empty();
    if (!entry.finding || !has_text || asked++ >= kMaxPlans) continue;
    Cause cause = entry.cause;
    Result<Plan> plan = inspector.plan(cause.entity.statement, cause.entity.instance);
    if (!plan.has_value())
      cause.against.push_back("the plan could not be asked for: " + plan.error().message);
    else if (!plan.value().known)
      cause.against.push_back("the planner did not tell: " + plan.value().unknown_why);
    else
      judge_plan(cause, plan.value());
    entry = rank(input, std::move(cause));
  }
}

// Returns the precedence of this stage by which the first cause explains the second, or null.
const Precedence* precedence_of(const DetectorInput& input, Stage stage, const Cause& winner, const Cause& loser) {
  for (const Precedence& rule : precedences())
    if (rule.stage == stage && rule.applies(input, winner, loser)) return &rule;
  return nullptr;
}

void settle(const DetectorInput& input, Stage stage, std::vector<Ranked>& ranked) {
  for (size_t loser = 0; loser < ranked.size(); ++loser)
    for (size_t winner = 0; winner < ranked.size(); ++winner) {
      bool apart = stage == Stage::SameOperation && ranked[winner].impact.operation != ranked[loser].impact.operation;
      if (winner == loser || !ranked[winner].finding || apart) continue;
      const Precedence* rule = precedence_of(input, stage, ranked[winner].cause, ranked[loser].cause);
      if (rule == nullptr) continue;
      if (rule->outcome == Outcome::Demote) {
        ranked[loser].finding = false;
        ranked[loser].explained = true;
        continue;
      }
      ranked.erase(ranked.begin() + static_cast<ptrdiff_t>(loser--));
      break;
    }
}

// A few calls that are stuck for most of the recording matter little by themselves, but may occupy all connections.
bool is_stuck(const DetectorInput& input, const Ranked& entry) {
  if (entry.finding) return true;
  const auto window = static_cast<double>(input.now.end_ns() - input.now.begin_ns());
  return entry.cause.pathological && entry.impact.affected >= kAFew &&
         entry.impact.saved_ns * 2 >= static_cast<double>(entry.impact.affected) * window;
}

// Requests that wait inside a service whose calls are stuck elsewhere wait for those calls: they queue for a pool of
// connections or workers. Their time is added to the cause of the stuck calls.
void explain_queues(const DetectorInput& input, std::vector<Ranked>& ranked) {
  for (Ranked& queue : ranked) {
    if (!queue.finding) continue;
    const std::string service = queue.cause.queued_in.empty() ? queue.cause.entity.name : queue.cause.queued_in;
    for (Ranked& stuck : ranked) {
      if (!is_stuck(input, stuck) || precedence_of(input, Stage::Stuck, stuck.cause, queue.cause) == nullptr) continue;
      Cause cause = stuck.cause;
      cause.evidence.push_back(
          inferred("requests queue inside " + service + " meanwhile, for what its stuck calls hold"));
      cause.saved = [own = cause.saved, waits = queue.cause.saved](const Request& request) {
        return own(request) + waits(request);
      };
      // Its impact grows; its texts stay about the operation that is stuck, not about the one that queues.
      const size_t operation = stuck.impact.operation;
      stuck = rank(input, std::move(cause));
      const Operation* before =
          input.before == nullptr ? nullptr : same_operation(*input.before, input.now.operations()[operation]);
      stuck.impact = measure_impact(stuck.cause, input.now, operation, before, error_in(input, operation));
      queue.finding = false, queue.explained = true;
      break;
    }
  }
}

// Requests that fail after most of their time went to another cause fail because of that cause: a time limit ended the
// wait. Requests that fail at once are a failure of their own.
void explain_failures(const DetectorInput& input, std::vector<Ranked>& ranked) {
  std::vector<std::function<Saved(const Request&)>> stuck;
  for (const Ranked& entry : ranked)
    if (entry.finding && detector_of(entry.cause.cause).holds_others_up && !entry.cause.fails)
      stuck.push_back(entry.cause.saved);
  for (Ranked& entry : ranked) {
    if (!entry.finding || !entry.cause.fails || stuck.empty()) continue;
    Cause cause = entry.cause;
    cause.fails = [own = cause.fails, stuck](const Request& request) {
      return own(request) && std::none_of(stuck.begin(), stuck.end(), [&](const auto& saved) {
               return saved(request).likely_ns * 2 >= request.duration_ns;
             });
    };
    cause.saved = [own = cause.saved, fails = cause.fails](const Request& request) {
      return fails(request) ? own(request) : Saved{};
    };
    entry = rank(input, std::move(cause));
  }
}

// Checks what remains of a cause without the causes ranked above it, and whether that is still material.
void explain_away(const DetectorInput& input, std::vector<Ranked>& ranked) {
  std::vector<std::function<Saved(const Request&)>> above;
  for (Ranked& entry : ranked) {
    if (!entry.finding) continue;
    if (!above.empty()) {
      Cause cause = entry.cause;
      cause.saved = [own = cause.saved, above](const Request& request) {
        Saved saved = own(request);
        int64_t left = request.duration_ns;
        for (const auto& gone : above) left -= gone(request).likely_ns;
        left = std::max<int64_t>(left, 0);
        return Saved{std::min(saved.most_ns, left), std::min(saved.likely_ns, left), std::min(saved.least_ns, left)};
      };
      entry.finding = rank(input, std::move(cause)).finding;
      entry.explained = !entry.finding;
    }
    if (entry.finding) above.push_back(entry.cause.saved);
  }
}

// Counts the comparisons with the baseline in one answer: each cause with each operation that contains its work.
size_t count_comparisons(const DetectorInput& input, const std::vector<Cause>& causes) {
  size_t comparisons = 0;
  const Interner& names = input.now.names();
  for (const Operation& operation : input.now.operations()) {
    if (same_operation(*input.before, operation) == nullptr) continue;
    std::set<NodeId> nodes;
    for (const Request& request : operation.kept)
      for (const Part& part : request.parts) nodes.insert(part.node);
    for (const Cause& cause : causes)
      comparisons += std::any_of(nodes.begin(), nodes.end(),
                                 [&](NodeId node) { return !cause.blamed || cause.blamed(names.node(node)); });
  }
  return comparisons;
}

// Returns the allowed error of each comparison in an operation, so that the whole answer has the stated error.
//
// Half of the error is divided equally among all comparisons (Bonferroni): a very clear change is reported wherever it
// is. A quarter is divided among the operations, each of which is first compared as a whole. The last quarter is for
// all operations together, for changes that affect a few requests of each. Causes are compared at the full level only
// if these are slower. If nothing has changed, one of the three reports a change at most as often as stated.
std::vector<double> share_error(const DetectorInput& input, size_t comparisons) {
  const double half = input.false_alarms / 2, quarter = half / 2;
  const std::vector<Operation>& operations = input.now.operations();
  std::vector<double> errors(operations.size(), half / static_cast<double>(std::max<size_t>(comparisons, 1)));
  const double each = quarter / static_cast<double>(std::max<size_t>(operations.size(), 1));
  const bool all = is_slower(*input.before, input.now, quarter);
  for (size_t i = 0; i < operations.size(); ++i) {
    const Operation* before = same_operation(*input.before, operations[i]);
    if (before != nullptr && (all || is_slower(*before, operations[i], each))) errors[i] = input.false_alarms;
  }
  return errors;
}

}  // namespace

std::vector<Ranked> rank_causes(const DetectorInput& given, DatabaseInspector* inspector) {
  std::vector<Ranked> ranked;
  for (const auto& statement : given.now.statements()) given.now.names().tell_apart(statement.first);
  std::vector<Cause> causes = detect(given);
  DetectorInput input = given;
  if (input.before != nullptr) input.errors = share_error(given, count_comparisons(given, causes));
  for (Cause& cause : causes) ranked.push_back(rank(input, std::move(cause)));
  sort_ranked(ranked);
  if (inspector != nullptr) confirm(input, ranked, *inspector);
  settle(input, Stage::SameOperation, ranked);
  settle(input, Stage::Finding, ranked);
  explain_queues(input, ranked);
  explain_failures(input, ranked);
  sort_ranked(ranked);
  explain_away(input, ranked);
  sort_ranked(ranked);
  complete(input, ranked);
  sort_ranked(ranked);
  return ranked;
}

}  // namespace culprit::analysis
