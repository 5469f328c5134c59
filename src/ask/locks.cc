#include "ask/locks.h"

#include <cstdlib>

#include "statement/normalise.h"

namespace culprit::ask {

namespace {

// One row for each pair of waiter and holder. The relation of a row lock: a session that waits for a transaction holds
// the row's own lock ("tuple") in the meantime, or waits for that lock (storage/lmgr/README.tuplock). For an idle
// holder, the time counts from when it became idle. to_jsonb is used because pg_locks has waitstart only since
// PostgreSQL 14.
constexpr const char* kPairs = R"(
SELECT w.pid, h.pid, w.query, h.query,
       (extract(epoch FROM clock_timestamp() - coalesce((to_jsonb(l)->>'waitstart')::timestamptz, w.query_start)) * 1e9)::bigint,
       coalesce((extract(epoch FROM clock_timestamp() - CASE WHEN h.state LIKE 'idle%' THEN h.state_change ELSE h.xact_start END)
                 * 1e9)::bigint, 0),
       coalesce(nullif(h.application_name, ''), host(h.client_addr), 'local'), coalesce(h.state, ''),
       coalesce(l.locktype, ''), coalesce(l.mode, ''),
       coalesce(l.relation, (SELECT t.relation FROM pg_locks t WHERE t.pid = w.pid AND t.locktype = 'tuple' LIMIT 1))::regclass::text
FROM pg_stat_activity w
CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS b(pid)
JOIN pg_stat_activity h ON h.pid = b.pid
LEFT JOIN LATERAL (SELECT * FROM pg_locks WHERE pid = w.pid AND NOT granted LIMIT 1) l ON true
WHERE w.wait_event_type = 'Lock' AND w.datname = current_database()
LIMIT 1000)";

// track_activity_query_size is 1024 by default: a text of this length may be cut.
constexpr size_t kCutAt = 1000;

std::string normalised(const std::string& query) {
  return normalise_sql(query, query.size() >= kCutAt ? SqlText::Cut : SqlText::Whole).text();
}

struct Pair {
  int waiter, holder;
  LockWait wait;  // with the session at the end of the chain as its holder
};

Pair pair_of(const std::vector<std::string>& row, const std::string& instance, int64_t now_ns) {
  LockWait wait;
  wait.time_ns = now_ns;
  wait.instance = instance;
  wait.waiter_pid = std::atoi(row[0].c_str());
  wait.holder_pid = std::atoi(row[1].c_str());
  wait.waiter_statement = normalised(row[2]);
  wait.holder_statement = normalised(row[3]);
  wait.waited_ns = std::atoll(row[4].c_str());
  wait.held_ns = std::atoll(row[5].c_str());
  wait.holder_program = row[6];
  wait.holder_state = row[7];
  wait.lock = row[8];
  wait.mode = row[9];
  wait.relation = row[10];
  return {wait.waiter_pid, wait.holder_pid, std::move(wait)};
}

// Returns the wait of a session with another holder, taken from the pair that describes that holder.
LockWait with_holder(LockWait wait, const LockWait& holder) {
  wait.holder_pid = holder.holder_pid;
  wait.holder_program = holder.holder_program;
  wait.holder_state = holder.holder_state;
  wait.holder_statement = holder.holder_statement;
  wait.held_ns = holder.held_ns;
  return wait;
}

}  // namespace

std::set<int> root_holders(const std::map<int, std::set<int>>& blockers, int waiter) {
  std::set<int> seen = {waiter}, roots;
  std::vector<int> open = {waiter};
  while (!open.empty()) {
    auto waits = blockers.find(open.back());
    open.pop_back();
    if (waits == blockers.end()) continue;
    for (int pid : waits->second) {
      if (!blockers.contains(pid)) roots.insert(pid);
      if (seen.insert(pid).second) open.push_back(pid);
    }
  }
  if (!roots.empty()) return roots;
  seen.erase(waiter);
  return seen;
}

LocksReply ask_locks(Session& session, const std::string& instance, int64_t now_ns) {
  Reply reply = session.run(kPairs, 11);
  if (reply.failure) return {reply.failure, {}};
  std::vector<Pair> pairs;
  for (const std::vector<std::string>& row : reply.rows) pairs.push_back(pair_of(row, instance, now_ns));
  std::map<int, std::set<int>> blockers;
  std::map<int, const LockWait*> about_holder, about_waiter;
  for (const Pair& pair : pairs) {
    blockers[pair.waiter].insert(pair.holder);
    about_holder.emplace(pair.holder, &pair.wait);
    about_waiter.emplace(pair.waiter, &pair.wait);
  }
  LocksReply locks;
  for (const auto& [waiter, wait] : about_waiter) {
    for (int holder : root_holders(blockers, waiter))
      locks.waits.push_back(with_holder(*wait, *about_holder.at(holder)));
  }
  return locks;
}

}  // namespace culprit::ask
