// Who waits for whom, from a server's pg_stat_activity and pg_locks.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "ask/session.h"
#include "model/database_inspector.h"

namespace culprit::ask {

// Those at the end of the chain: who blocks `waiter`, or blocks who blocks it, and waits for nobody. `blockers` has for each
// process that waits those it waits for. Of a cycle (a deadlock not yet found) all members count.
std::set<int> root_holders(const std::map<int, std::set<int>>& blockers, int waiter);

struct LocksReply {
  std::optional<Failure> failure;
  std::vector<LockWait> waits;
};
// Waits of sessions of the session's own database.
LocksReply ask_locks(Session& session, const std::string& instance, int64_t now_ns);

}  // namespace culprit::ask
