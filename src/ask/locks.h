// Waiting and blocking sessions, from a server's pg_stat_activity and pg_locks.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "ask/session.h"
#include "model/database_inspector.h"

namespace culprit::ask {

// Returns the sessions at the end of the chain: they block `waiter` directly or through others, and wait for no
// session. `blockers` maps each waiting session to those it waits for. In a cycle (a deadlock not yet detected) all
// members count.
std::set<int> root_holders(const std::map<int, std::set<int>>& blockers, int waiter);

struct LocksReply {
  std::optional<Failure> failure;
  std::vector<LockWait> waits;
};
// Returns the waits of sessions in the session's own database.
LocksReply ask_locks(Session& session, const std::string& instance, int64_t now_ns);

}  // namespace culprit::ask
