// Which of two causes wins, and when.
#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "analysis/detectors/registry.h"
#include "analysis/trace/call.h"

namespace culprit::analysis {

namespace {

bool is(const Cause& cause, FindingClass finding_class) { return cause.cause == finding_class; }

const std::string& text_of(const DetectorInput& input, const Cause& cause) {
  const Interner& names = input.now.names();
  return names.text(names.statement(cause.statement).text);
}

// A repeated statement that is slow itself is slow first of all.
bool is_slow_itself(const DetectorInput& input, const Cause& slow, const Cause& loop) {
  return is(slow, FindingClass::SlowStatement) && is(loop, FindingClass::NPlusOne) && slow.pathological &&
         slow.statement != StatementId::None && loop.statement != StatementId::None &&
         text_of(input, slow) == text_of(input, loop);
}

// The holder of a lock was at work on a statement that is slow itself.
bool holds_by_working(const DetectorInput& input, const Cause& slow, const Cause& lock) {
  if (!is(slow, FindingClass::SlowStatement) || !is(lock, FindingClass::LockWait) || !slow.pathological) return false;
  if (!lock.holder || lock.holder->statement.empty() || lock.holder_idle) return false;
  return lock.mechanism != Mechanism::Lwlock &&
         text_of(input, slow) == without_literals(lock.holder->statement, lock.holder->system);
}

// What a program's threads wait for one another for is the pool that they share.
bool is_the_pools_lock(const DetectorInput&, const Cause& pool, const Cause& lock) {
  return is(pool, FindingClass::PoolWait) && is(lock, FindingClass::LockWait) && lock.mechanism == Mechanism::Mutex &&
         pool.queued_in == lock.queued_in;
}

// A service whose requests wait for a pool of its own, or pause between its calls, is not slow by anything unseen.
bool waits_as_told(const DetectorInput&, const Cause& wait, const Cause& slow) {
  const bool told = is(wait, FindingClass::PoolWait) || is(wait, FindingClass::PollWait);
  return told && wait.pathological && is(slow, FindingClass::DependencySlow) && wait.caller == slow.entity.name &&
         slow.mechanism != Mechanism::Unseen;
}

// A loop over a statement that waits for the disk each time is a storm's loop: what writes between its commits goes with it.
bool writes_between_flushes(const DetectorInput&, const Cause& storm, const Cause& loop) {
  return is(storm, FindingClass::FsyncStorm) && is(loop, FindingClass::NPlusOne) &&
         sort_of(loop.entity.statement) == StatementSort::Write && loop.entity.instance == storm.entity.instance;
}

// Statements whose text was never seen stand beside one that is named and slow at the same server: they are most likely its
// calls, sent before its text was seen.
bool is_text_unknown(const DetectorInput& input, const Cause& cause) {
  return cause.statement != StatementId::None && text_of(input, cause) == kUnknownStatement;
}

bool is_likely_the_named(const DetectorInput& input, const Cause& named, const Cause& unknown) {
  return is_text_unknown(input, unknown) && !is_text_unknown(input, named) &&
         named.entity.instance == unknown.entity.instance;
}

// The services that have connections of a protocol, or encrypted ones, to servers: each with its peers ("": not known).
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

bool called_by(const DetectorInput& input, const Cause& cause, const std::string& service) {
  auto found = input.now.statements().find(cause.statement);
  if (found == input.now.statements().end())
    return cause.caller == service || (is(cause, FindingClass::CpuBound) && cause.entity.name == service);
  const Statement& statement = found->second;
  const Clients clients = clients_of(input.now.around(), input.now.names().text(statement.system));
  // The sender of one that was under way all the time was not seen: any client of such servers may be it; where all of their
  // connections were silent, any service.
  if (statement.callers.empty()) return clients.empty() || clients.contains(service);
  return std::any_of(statement.callers.begin(), statement.callers.end(), [&](const auto& caller) {
    return relays(clients, service, input.now.names().text(caller.first));
  });
}

bool keeps_others(const Cause& stuck) {
  return detector_of(stuck.cause).holds_others_up && !stuck.fails && stuck.queued_in.empty();
}

// What waits inside a service whose calls are stuck elsewhere waits for those: it queues for a pool of connections or workers.
bool queues_in_the_caller(const DetectorInput& input, const Cause& stuck, const Cause& queue) {
  return !queue.queued_in.empty() && keeps_others(stuck) && called_by(input, stuck, queue.queued_in);
}

// What only sleeps may do so on purpose: a connection or a worker that others hold for a lock is the one thing that it is known
// to be put to sleep for by a runtime.
bool sleeps_for_a_lock(const DetectorInput& input, const Cause& stuck, const Cause& queue) {
  return queue.mechanism == Mechanism::Sleeps && is(stuck, FindingClass::LockWait) && keeps_others(stuck) &&
         called_by(input, stuck, queue.entity.name);
}

// Behind a Unix socket of which nothing is read sits a program of this machine, as silent as the sender of what is stuck.
bool waits_at_a_silent_socket(const DetectorInput& input, const Cause& stuck, const Cause& queue) {
  const bool silent =
      queue.mechanism == Mechanism::Unseen && queue.queued_in.empty() && queue.entity.name.starts_with("/");
  if (!silent || !keeps_others(stuck)) return false;
  auto found = input.now.statements().find(stuck.statement);
  return found != input.now.statements().end() && found->second.callers.empty();
}

constexpr Precedence kPrecedences[] = {
    {"a repeated statement that is slow itself", Stage::Found, Outcome::Drop, is_slow_itself},
    {"the lock's holder works on a slow statement", Stage::Found, Outcome::Take, holds_by_working},
    {"the lock of a pool", Stage::Found, Outcome::Drop, is_the_pools_lock},
    {"a wait that is told beside one that is not", Stage::Finding, Outcome::Demote, waits_as_told},
    {"writes between the flushes of a storm", Stage::SameOperation, Outcome::Demote, writes_between_flushes},
    {"a text that was not seen beside a named one", Stage::Finding, Outcome::Drop, is_likely_the_named},
    {"requests queue in the caller of stuck calls", Stage::Stuck, Outcome::Take, queues_in_the_caller},
    {"requests sleep for what a lock's waiters hold", Stage::Stuck, Outcome::Take, sleeps_for_a_lock},
    {"requests wait at a silent socket", Stage::Stuck, Outcome::Take, waits_at_a_silent_socket},
};

}  // namespace

std::span<const Precedence> precedences() { return kPrecedences; }

}  // namespace culprit::analysis
