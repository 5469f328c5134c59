#include "analysis/ranking/ranking.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "analysis/detectors/detector.h"
#include "analysis/ranking/plan_advice.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// The database is asked for the plans of so many statements: each question has a time limit of its own.
constexpr int kMaxPlans = 3;

Ranked priced(const DetectorInput& scene, Cause cause) {
  Ranked ranked;
  double saved = 0, best = -1;
  for (size_t i = 0; i < scene.now.operations().size(); ++i) {
    const Operation* before =
        scene.before == nullptr ? nullptr : same_operation(*scene.before, scene.now.operations()[i]);
    Impact price = analysis::price(cause, scene.now, i, before);
    if (price.material) saved += price.saved_ns;
    // An operation where it is material goes before any where it is not; one that somebody waits for before a statement that
    // nobody's request sent.
    int rank = price.material ? (scene.now.operations()[i].statement ? 1 : 2) : 0;
    double worth = price.saved_ns + rank * static_cast<double>(scene.now.path_ns());
    if (worth <= best) continue;
    best = worth;
    ranked.price = price;
  }
  ranked.finding = saved > 0;
  if (ranked.price.changed) cause.quality = std::min(std::max(cause.quality, kObserved), cause.best_quality);
  double all = static_cast<double>(std::max<int64_t>(scene.now.path_ns(), 1));
  double counted = ranked.finding ? saved : std::max(ranked.price.saved_ns, 0.0);
  ranked.score = std::clamp(counted / all, 0.0, 1.0) * cause.quality;
  ranked.cause = std::move(cause);
  return ranked;
}

void sort_ranked(std::vector<Ranked>& ranked) {
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    bool ua = a.cause.cause == "unexplained", ub = b.cause.cause == "unexplained";
    if (ua != ub) return ub;
    if (a.finding != b.finding) return a.finding;
    if (a.score != b.score) return a.score > b.score;
    if (a.cause.cause != b.cause.cause) return a.cause.cause < b.cause.cause;
    return a.cause.entity.name < b.cause.entity.name;
  });
}

void confirm(const DetectorInput& scene, std::vector<Ranked>& ranked, DatabaseInspector& inquiry) {
  int asked = 0;
  for (Ranked& entry : ranked) {
    if (!entry.finding || entry.cause.cause != "slow_statement" || asked++ >= kMaxPlans) continue;
    Cause cause = entry.cause;
    Result<Plan> plan = inquiry.plan(cause.entity.statement, cause.entity.instance);
    if (!plan.has_value())
      cause.against.push_back("the plan could not be asked for: " + plan.error().message);
    else if (!plan.value().known)
      cause.against.push_back("the planner did not tell: " + plan.value().unknown_why);
    else
      judge_plan(cause, plan.value());
    entry = priced(scene, std::move(cause));
  }
}

double share_of_slow(const DetectorInput& scene, const CpuUsage& cpu, const std::vector<Cause>& slow) {
  double share = 0;
  for (const Cause& cause : slow)
    if (cause.pathological && cause.statement != kNone)
      share += cpu.share_of(scene.now.statements().at(cause.statement).running_ns);
  return std::min(share, 1.0);
}

void append(std::vector<Cause>& all, std::vector<Cause> some) {
  for (Cause& cause : some) all.push_back(std::move(cause));
}

std::vector<Cause> detect(const DetectorInput& scene) {
  CpuUsage cpu = measure_cpu_usage(scene.now);
  std::vector<Cause> causes = find_slow_statements(scene, cpu);
  std::vector<Cause> locks = find_lock_waits(scene, causes);
  Claimed slow;
  for (const Cause& cause : causes)
    if (cause.pathological && cause.statement != kNone) slow.insert(scene.now.names().statement(cause.statement).text);
  double slow_share = share_of_slow(scene, cpu, causes);
  append(causes, std::move(locks));
  append(causes, find_fsync_storms(scene));
  append(causes, find_n_plus_one(scene, slow));
  append(causes, find_cpu_saturation(scene, cpu, slow_share));
  append(causes, find_cpu_throttled(scene, cpu));
  append(causes, find_slow_dependencies(scene));
  append(causes, find_cpu_bound(scene));
  append(causes, find_bad_instances(scene));
  append(causes, find_network_delays(scene));
  append(causes, find_retry_storms(scene));
  append(causes, find_request_errors(scene));
  append(causes, find_serial_calls(scene));
  return causes;
}

// What no finding has claimed.
Ranked rest_of(const DetectorInput& scene, const std::vector<Ranked>& ranked) {
  Cause cause = find_unexplained(scene).front();
  std::vector<std::function<Saved(const Request&)>> claimed;
  for (const Ranked& entry : ranked) {
    const auto& kinds = entry.cause.blamed_kinds;
    bool all = kinds.empty() || std::find(kinds.begin(), kinds.end(), SectionKind::Unexplained) != kinds.end();
    if (entry.finding && all) claimed.push_back(entry.cause.saved);
  }
  cause.saved = [own = cause.saved, claimed](const Request& request) {
    Saved rest = own(request);
    int64_t left = request.duration_ns;
    for (const auto& saved : claimed) left -= saved(request).most_ns;
    int64_t ns = std::clamp<int64_t>(left, 0, rest.most_ns);
    return Saved{ns, ns, 0};
  };
  return priced(scene, std::move(cause));
}

// A loop over a statement that waits for the disk each time is a storm's loop: what writes between its commits goes with it.
void drop_loops_of_storms(std::vector<Ranked>& ranked) {
  for (const Ranked& storm : ranked) {
    if (storm.cause.cause != "fsync_storm" || !storm.finding) continue;
    for (Ranked& loop : ranked) {
      if (loop.cause.cause != "n_plus_one" || loop.price.operation != storm.price.operation) continue;
      bool writes = sort_of(loop.cause.entity.statement) == StatementSort::Write;
      if (writes && loop.cause.entity.instance == storm.cause.entity.instance) loop.finding = false;
    }
  }
}

// The services that have connections of a protocol, or encrypted ones, to servers: each with whom it reaches so ("": somebody).
using Clients = std::map<std::string, std::set<std::string>>;

Clients clients_of(const Surroundings& around, const std::string& protocol) {
  std::unordered_map<int32_t, std::string> services;
  for (const Process& process : around.processes) services[process.pid] = process.service;
  Clients clients;
  for (const Connection& connection : around.connections) {
    if (connection.server || (connection.protocol != protocol && !connection.encrypted)) continue;
    auto peer = services.find(connection.peer_pid);
    clients[services[connection.pid]].insert(peer == services.end() ? "" : peer->second);
  }
  return clients;
}

// Whether the calls of `service` are those of `caller`: it is the same, or one behind it that relays them (a pooler).
bool relays(const Clients& clients, const std::string& service, const std::string& caller) {
  std::set<std::string> seen{service};
  for (std::vector<std::string> next{service}; !next.empty();) {
    std::string at = std::move(next.back());
    next.pop_back();
    if (at == caller) return true;
    auto found = clients.find(at);
    if (found == clients.end()) continue;
    for (const std::string& peer : found->second)
      if (seen.insert(peer).second) next.push_back(peer);
  }
  return false;
}

bool sent_by_nobody(const DetectorInput& scene, const Cause& cause) {
  auto found = scene.now.statements().find(cause.statement);
  return found != scene.now.statements().end() && found->second.callers.empty();
}

bool called_by(const DetectorInput& scene, const Cause& cause, const std::string& service) {
  auto found = scene.now.statements().find(cause.statement);
  if (found == scene.now.statements().end())
    return cause.caller == service || (cause.cause == "cpu_bound" && cause.entity.name == service);
  const Statement& statement = found->second;
  const Clients clients = clients_of(scene.now.around(), scene.now.names().text(statement.system));
  // Of one that was under way all the time nobody saw who sent it: any client of such servers may have; where all of their
  // connections were silent, anybody.
  if (statement.callers.empty()) return clients.empty() || clients.contains(service);
  return std::any_of(statement.callers.begin(), statement.callers.end(), [&](const auto& caller) {
    return relays(clients, service, scene.now.names().text(caller.first));
  });
}

// Whether its calls hold a connection or a worker while they are stuck: pauses between attempts, or an order of calls, hold none.
bool holds_others_up(const Cause& cause) {
  return cause.cause != "retry_storm" && cause.cause != "serial_calls" && !cause.fails;
}

// A few calls that are stuck for most of the recording are nothing by themselves, but may be all the connections there are.
bool is_stuck(const DetectorInput& scene, const Ranked& entry) {
  if (entry.finding) return true;
  const auto window = static_cast<double>(scene.now.end_ns() - scene.now.begin_ns());
  return entry.cause.pathological && entry.price.affected >= kAFew &&
         entry.price.saved_ns * 2 >= static_cast<double>(entry.price.affected) * window;
}

// Whether what waits in `queue` may wait for what `stuck` holds. Who only sleeps may do so on purpose: a connection or a worker
// that others hold for a lock is the one thing that it is known to be put to sleep for by a runtime.
bool may_queue_for(const DetectorInput& scene, const Cause& queue, const Ranked& stuck) {
  const bool sleeps = queue.mechanism == "sleeps" && stuck.cause.cause == "lock_wait";
  // Behind a Unix socket of which nobody reads sits a program of this machine, as silent as who sent what is stuck all along.
  const bool silent = queue.mechanism == "unseen" && queue.queued_in.empty() && queue.entity.name.starts_with("/");
  const std::string& service = sleeps || silent ? queue.entity.name : queue.queued_in;
  if (service.empty() || !stuck.cause.queued_in.empty() || !is_stuck(scene, stuck)) return false;
  if (!holds_others_up(stuck.cause)) return false;
  return silent ? sent_by_nobody(scene, stuck.cause) : called_by(scene, stuck.cause, service);
}

Saved plus(const Saved& a, const Saved& b) {
  return {a.most_ns + b.most_ns, a.likely_ns + b.likely_ns, a.least_ns + b.least_ns};
}

// Who waits inside a service whose calls are stuck elsewhere waits for those: it queues for a pool of connections or workers.
// Its time goes to what the calls are stuck in.
void explain_queues(const DetectorInput& scene, std::vector<Ranked>& ranked) {
  for (Ranked& queue : ranked) {
    if (!queue.finding) continue;
    const std::string service = queue.cause.queued_in.empty() ? queue.cause.entity.name : queue.cause.queued_in;
    for (Ranked& stuck : ranked) {
      if (!may_queue_for(scene, queue.cause, stuck)) continue;
      Cause cause = stuck.cause;
      cause.evidence.push_back(
          inferred("requests queue inside " + service + " meanwhile, for what its stuck calls hold"));
      cause.saved = [own = cause.saved, waits = queue.cause.saved](const Request& request) {
        return plus(own(request), waits(request));
      };
      // Its price grows; what is told of it stays about the operation that is stuck, not the one that queues.
      const size_t operation = stuck.price.operation;
      stuck = priced(scene, std::move(cause));
      const Operation* before =
          scene.before == nullptr ? nullptr : same_operation(*scene.before, scene.now.operations()[operation]);
      stuck.price = price(stuck.cause, scene.now, operation, before);
      queue.finding = false;
      break;
    }
  }
}

// Requests that fail after most of their time went to another cause fail of that: somebody's patience ended. What fails at once
// stays a failure of its own.
void explain_failures(const DetectorInput& scene, std::vector<Ranked>& ranked) {
  std::vector<std::function<Saved(const Request&)>> stuck;
  for (const Ranked& entry : ranked)
    if (entry.finding && holds_others_up(entry.cause)) stuck.push_back(entry.cause.saved);
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
    entry = priced(scene, std::move(cause));
  }
}

// Statements whose text was never seen stand beside one that is named and slow at the same server: they are most likely its
// calls, sent before it was heard of.
void drop_unknown_texts(std::vector<Ranked>& ranked) {
  auto unknown = [](const Ranked& entry) { return entry.cause.entity.statement == kUnknownStatement; };
  std::set<std::string> named;  // the servers of
  for (const Ranked& entry : ranked)
    if (entry.finding && !unknown(entry)) named.insert(entry.cause.entity.instance);
  std::erase_if(ranked,
                [&](const Ranked& entry) { return unknown(entry) && named.contains(entry.cause.entity.instance); });
}

// What of a cause is left once those ranked above it are gone: is that still worth saying?
void explain_away(const DetectorInput& scene, std::vector<Ranked>& ranked) {
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
      entry.finding = priced(scene, std::move(cause)).finding;
    }
    if (entry.finding) above.push_back(entry.cause.saved);
  }
}

}  // namespace

const Operation* same_operation(const WorkloadProfile& population, const Operation& operation) {
  for (const Operation& other : population.operations())
    if (other.name == operation.name && other.service == operation.service) return &other;
  return nullptr;
}

std::vector<Ranked> rank_causes(const DetectorInput& scene, DatabaseInspector* inquiry) {
  std::vector<Ranked> ranked;
  for (const auto& statement : scene.now.statements()) scene.now.names().tell_apart(statement.first);
  for (Cause& cause : detect(scene)) ranked.push_back(priced(scene, std::move(cause)));
  sort_ranked(ranked);
  if (inquiry != nullptr) confirm(scene, ranked, *inquiry);
  drop_loops_of_storms(ranked);
  drop_unknown_texts(ranked);
  explain_queues(scene, ranked);
  explain_failures(scene, ranked);
  sort_ranked(ranked);
  explain_away(scene, ranked);
  sort_ranked(ranked);
  Ranked rest = rest_of(scene, ranked);
  if (rest.finding || rest.score > 0) ranked.push_back(std::move(rest));
  return ranked;
}

}  // namespace culprit::analysis
