// Decides which of two causes wins, and when.
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

// A repeated statement that is slow itself counts as slow_statement.
bool is_slow_itself(const DetectorInput& input, const Cause& slow, const Cause& loop) {
  return is(slow, FindingClass::SlowStatement) && is(loop, FindingClass::NPlusOne) && slow.pathological &&
         slow.statement != StatementId::None && loop.statement != StatementId::None &&
         text_of(input, slow) == text_of(input, loop);
}

// The holder of a lock was executing a statement that is slow itself.
bool holds_by_working(const DetectorInput& input, const Cause& slow, const Cause& lock) {
  if (!is(slow, FindingClass::SlowStatement) || !is(lock, FindingClass::LockWait) || !slow.pathological) return false;
  if (!lock.holder || lock.holder->statement.empty() || lock.holder_idle) return false;
  return lock.mechanism != Mechanism::Lwlock &&
         text_of(input, slow) == without_literals(lock.holder->statement, lock.holder->system);
}

// If a program's threads wait for one another, and a pool was found, the lock is the pool's.
bool is_the_pools_lock(const DetectorInput&, const Cause& pool, const Cause& lock) {
  return is(pool, FindingClass::PoolWait) && is(lock, FindingClass::LockWait) && lock.mechanism == Mechanism::Mutex &&
         pool.queued_in == lock.queued_in;
}

// A service whose requests wait for a pool, or pause between its calls, has a known reason for being late.
bool waits_as_told(const DetectorInput&, const Cause& wait, const Cause& slow) {
  const bool told = is(wait, FindingClass::PoolWait) || is(wait, FindingClass::PollWait);
  return told && wait.pathological && is(slow, FindingClass::DependencySlow) && wait.caller == slow.entity.name &&
         slow.mechanism != Mechanism::Unseen;
}

// A loop over a statement that waits for the disk each time belongs to the storm, as do the writes between its commits.
bool writes_between_flushes(const DetectorInput&, const Cause& storm, const Cause& loop) {
  return is(storm, FindingClass::FsyncStorm) && is(loop, FindingClass::NPlusOne) &&
         sort_of(loop.entity.statement) == StatementSort::Write && loop.entity.instance == storm.entity.instance;
}

// Statements with an unknown text, beside a named slow statement of the same server: they are most likely its calls,
// sent before its text was recorded.
bool is_text_unknown(const DetectorInput& input, const Cause& cause) {
  return cause.statement != StatementId::None && text_of(input, cause) == kUnknownStatement;
}

bool is_likely_the_named(const DetectorInput& input, const Cause& named, const Cause& unknown) {
  return is_text_unknown(input, unknown) && !is_text_unknown(input, named) &&
         named.entity.instance == unknown.entity.instance;
}

// The services with connections of a protocol, or encrypted ones, to servers; each with its peers ("": unknown).
using Clients = std::map<std::string, std::set<std::string>>;

Clients clients_of(const RecordingFacts& facts, const std::string& protocol) {
  std::unordered_map<int32_t, std::string> services;
  for (const Process& process : facts.processes) services[process.pid] = process.service;
  Clients clients;
  for (const Connection& connection : facts.connections) {
    if (connection.server || (connection.protocol != protocol && !connection.encrypted)) continue;
    auto peer = services.find(connection.peer_pid);
    clients[services[connection.pid]].insert(peer == services.end() ? "" : peer->second);
  }
  return clients;
}

// Returns whether calls of `service` are made for `caller`: it is the same service, or relays its calls (a connection
// pooler).
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
  const Clients clients = clients_of(input.now.facts(), input.now.names().text(statement.system));
  // The sender of a statement that ran during the whole recording was not recorded. Any client of such servers may be
  // the sender; if all of their connections were silent, any service.
  if (statement.callers.empty()) return clients.empty() || clients.contains(service);
  return std::any_of(statement.callers.begin(), statement.callers.end(), [&](const auto& caller) {
    return relays(clients, service, input.now.names().text(caller.first));
  });
}

bool keeps_others(const Cause& stuck) {
  return detector_of(stuck.cause).holds_others_up && !stuck.fails && stuck.queued_in.empty();
}

// A user notices a tenth of a second: a shorter call is normal, unless comparable work shows otherwise.
constexpr int64_t kNoticedCallNs = 100'000'000;

// Returns whether a statement is slow by its duration only, and short: a queue for it may then be the reason for its
// duration.
bool is_weak_guess(const DetectorInput& input, const Cause& cause) {
  if (!is(cause, FindingClass::SlowStatement) || cause.comparable || cause.quality > kGuessed) return false;
  auto found = input.now.statements().find(cause.statement);
  if (found == input.now.statements().end()) return false;
  std::vector<int64_t> durations;
  for (const CallSample& sample : found->second.samples) durations.push_back(sample.duration_ns);
  return median(std::move(durations)) < kNoticedCallNs;
}

// Requests that wait inside a service whose calls are stuck elsewhere wait for those calls: they queue for a pool of
// connections or workers.
bool queues_in_the_caller(const DetectorInput& input, const Cause& stuck, const Cause& queue) {
  if (is(queue, FindingClass::PoolWait) && is_weak_guess(input, stuck)) return false;
  return !queue.queued_in.empty() && keeps_others(stuck) && called_by(input, stuck, queue.queued_in);
}

// A sleep alone may be intended. The only known reason for a runtime to put a request to sleep is a connection or
// worker that other requests hold while they wait for a lock.
bool sleeps_for_a_lock(const DetectorInput& input, const Cause& stuck, const Cause& queue) {
  return queue.mechanism == Mechanism::Sleeps && is(stuck, FindingClass::LockWait) && keeps_others(stuck) &&
         called_by(input, stuck, queue.entity.name);
}

// Behind a Unix socket without any recorded bytes is a program of this machine, as silent as the sender of the stuck
// statement.
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
    {"a wait with a known reason beside one without", Stage::Finding, Outcome::Demote, waits_as_told},
    {"writes between the flushes of an fsync storm", Stage::SameOperation, Outcome::Demote, writes_between_flushes},
    {"an unknown text beside a named statement", Stage::Finding, Outcome::Drop, is_likely_the_named},
    {"requests queue in the caller of stuck calls", Stage::Stuck, Outcome::Take, queues_in_the_caller},
    {"requests sleep for what a lock's waiters hold", Stage::Stuck, Outcome::Take, sleeps_for_a_lock},
    {"requests wait at a silent socket", Stage::Stuck, Outcome::Take, waits_at_a_silent_socket},
};

}  // namespace

std::span<const Precedence> precedences() { return kPrecedences; }

}  // namespace culprit::analysis
