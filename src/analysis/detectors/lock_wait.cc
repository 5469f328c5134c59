// lock_wait: requests are blocked by the holder of a lock.
//
// The holder is known from the wakers (each of them released the lock), or from the database's own lock table if the
// database was asked. In a queue for a row the second session waits for the first: the chain is followed to its end
// (lock_chain.h). A holder that slept during the whole recording has no event: the finding then says so, and how to ask
// the database.
#include <algorithm>
#include <map>

#include "analysis/detectors/detector.h"
#include "analysis/detectors/lock_chain.h"
#include "analysis/profile/database.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Shorter waits are normal on a busy table; PostgreSQL itself checks for deadlocks only after 1 s.
constexpr int64_t kLongWait = 5'000'000;

// A transaction that is idle for this long was left open by mistake; a short one is idle between two statements.
constexpr int64_t kForgotten = 1'000'000'000;

struct Group {
  std::string table, mode, relation;  // mode: the type of lock that was asked for
  TextId instance = TextId::Empty, system = TextId::Empty;
  std::set<StatementId> statements;  // ids
  StatementId dominant = StatementId::None;
  int64_t dominant_ns = 0, lock_ns = 0, waiting_calls = 0;
  std::map<int32_t, BlockedTime> blockers;  // key: pid
  WaitSums inside;
};

int64_t waiting_calls(const Statement& statement) {
  int64_t waiting = 0;
  for (const CallSample& sample : statement.samples) waiting += sample.waits[Wait::Lock] >= kLongWait;
  return waiting;
}

// Sessions that wait on the same table of one server wait for the same lock, as far as can be seen from outside.
std::map<std::pair<TextId, std::string>, Group> group_waiters(const WorkloadProfile& now) {
  std::map<std::pair<TextId, std::string>, Group> groups;
  for (const auto& [id, statement] : now.statements()) {
    const std::string& text = now.names().text(statement.text);
    int64_t lock_ns = statement.waits[Wait::Lock];
    // A COMMIT that waits for a lock waits for the write-ahead log. fsync_storm counts that time as a flush.
    if (lock_ns <= 0 || sort_of(text) == StatementSort::Commit) continue;
    Group& group = groups[{statement.instance, table_of(text)}];
    group.table = table_of(text);
    group.instance = statement.instance, group.system = statement.system;
    group.statements.insert(id);
    group.lock_ns += lock_ns;
    group.waiting_calls += waiting_calls(statement);
    for (int wait = 0; wait < kWaits; ++wait) group.inside.ns[wait] += statement.waits.ns[wait];
    group.inside.known = true;
    if (lock_ns > group.dominant_ns) group.dominant_ns = lock_ns, group.dominant = id;
    for (const auto& [key, blame] : statement.blockers) {
      if (key.first != static_cast<int>(Wait::Lock)) continue;
      BlockedTime& sum = group.blockers[key.second];
      sum.ns += blame.ns, sum.count += blame.count;
      for (const auto& [said, ns] : blame.statements) sum.statements[said] += ns;
    }
  }
  return groups;
}

// Returns the waits that the database reported, by waiter and holder.
LockWaits said_waits(const WorkloadProfile& now) {
  LockWaits waits;
  for (const LockWait& wait : now.facts().lock_waits)
    waits[wait.waiter_pid][wait.holder_pid] += std::max<int64_t>(wait.waited_ns, 1);
  return waits;
}

// Returns the last statement of a backend when it released a lock, from all observers.
std::string last_statement_of(const WorkloadProfile& now, int32_t pid) {
  std::map<std::string, int64_t> all;
  for (const auto& [id, statement] : now.statements()) {
    auto blame = statement.blockers.find({static_cast<int>(Wait::Lock), pid});
    if (blame == statement.blockers.end()) continue;
    for (const auto& [text, ns] : blame->second.statements) all[text] += ns;
  }
  std::string best;
  for (const auto& [text, ns] : all)
    if (best.empty() || ns > all[best]) best = text;
  return best;
}

struct LockHolder {
  int32_t pid = 0;
  std::vector<int32_t> chain;  // from the session that is waited for directly to this session
  double share = 0;            // share of the waits that end at this session
  int64_t waited_ns = 0;       // sum over all waiters
  size_t holders = 0;          // number of sessions that are waited for directly
  std::string statement, program, state, how;
  int64_t held_ns = 0;
  std::string relation, lock;
};

const Process* process_of(const WorkloadProfile& now, int32_t pid) {
  for (const Process& process : now.facts().processes)
    if (process.pid == pid) return &process;
  return nullptr;
}

// Returns the usual name of a program: its script, not "python3".
const std::string& called(const Process& process) { return process.service.empty() ? process.name : process.service; }

// Returns the program at the other end of a backend's connection, or an empty text.
std::string client_of(const WorkloadProfile& now, int32_t pid) {
  for (const Connection& connection : now.facts().connections) {
    if (!connection.server || connection.pid != pid || connection.peer_pid == 0) continue;
    if (const Process* client = process_of(now, connection.peer_pid)) return called(*client);
  }
  return {};
}

// Returns the program of a backend's client, or else of the process itself.
std::string program_of(const WorkloadProfile& now, int32_t pid) {
  if (std::string client = client_of(now, pid); !client.empty()) return client;
  const Process* process = process_of(now, pid);
  return process == nullptr ? "" : called(*process);
}

std::string most_of(const std::map<std::string, int64_t>& by_text) {
  std::string best;
  int64_t most = -1;
  for (const auto& [text, ns] : by_text)
    if (ns > most) most = ns, best = text;
  return best;
}

// Adds what the database reported about `pid` as a holder.
void add_said(const WorkloadProfile& now, LockHolder& held) {
  for (const LockWait& wait : now.facts().lock_waits) {
    if (wait.holder_pid != held.pid) continue;
    held.how = "confirmed by the database";
    if (!wait.holder_statement.empty()) held.statement = wait.holder_statement;
    if (!wait.holder_program.empty()) held.program = wait.holder_program;
    // If the client gave no name to the database, the database reports its address.
    const bool nameless =
        held.program == "local" || held.program.find_first_not_of("0123456789abcdef.:") == std::string::npos;
    if (std::string client = client_of(now, held.pid); nameless && !client.empty()) held.program = client;
    held.state = wait.holder_state;
    held.held_ns = std::max(held.held_ns, wait.held_ns);
    if (!wait.relation.empty()) held.relation = wait.relation;
    held.lock = wait.lock;
  }
}

// Returns whether a wait reported by the database belongs to the group.
bool is_of(const WorkloadProfile& now, const Group& group, const LockWait& wait) {
  return std::any_of(group.statements.begin(), group.statements.end(), [&](StatementId id) {
    const Statement& statement = now.statements().at(id);
    return statement.lock_waiters.contains(wait.waiter_pid) ||
           without_literals(wait.waiter_statement, now.names().text(statement.system)) ==
               now.names().text(statement.text);
  });
}

LockHolder at_the_end(const LockWaits& waits, const std::map<int32_t, int64_t>& waited) {
  LockHolder held;
  HolderChain chain = chain_of(waits, waited);
  if (chain.pids.empty()) return held;
  held.pid = chain.pids.back(), held.share = chain.share, held.chain = std::move(chain.pids);
  for (auto [pid, ns] : waited) held.waited_ns += ns, held.holders += pid != 0;
  return held;
}

// The database's report is used first, matched by the waiters' statement or pid; then the wakers.
LockHolder holder_of(const WorkloadProfile& now, const Group& group) {
  std::map<int32_t, int64_t> said, seen;
  for (const LockWait& wait : now.facts().lock_waits)
    if (is_of(now, group, wait)) said[wait.holder_pid] += std::max<int64_t>(wait.waited_ns, 1);
  LockHolder held = at_the_end(said_waits(now), said);
  if (held.pid != 0) {
    add_said(now, held);
    return held;
  }
  for (const auto& [pid, blame] : group.blockers) seen[pid] += blame.ns;
  held = at_the_end(now.lock_chain(), seen);
  if (held.pid == 0) return held;  // most of the waits were for a session that never ran
  held.how = "observed";
  auto direct = group.blockers.find(held.pid);
  held.statement =
      direct != group.blockers.end() ? most_of(direct->second.statements) : last_statement_of(now, held.pid);
  held.program = program_of(now, held.pid);
  return held;
}

// Waits for one holder are one wait, even for different tables. If a statement was sent before the recording, its
// server's address is unknown.
bool same_lock(const Interner& names, const std::pair<Group, LockHolder>& a, const std::pair<Group, LockHolder>& b) {
  if (a.first.system != b.first.system) return false;
  if (a.second.pid != 0 && b.second.pid != 0) return a.second.pid == b.second.pid;
  bool known = !names.text(a.first.instance).empty() && !names.text(b.first.instance).empty();
  return !known && a.first.table == b.first.table;
}

void join(std::pair<Group, LockHolder>& all, const std::pair<Group, LockHolder>& other) {
  Group& group = all.first;
  const Group& more = other.first;
  group.statements.insert(more.statements.begin(), more.statements.end());
  group.lock_ns += more.lock_ns, group.waiting_calls += more.waiting_calls;
  for (int wait = 0; wait < kWaits; ++wait) group.inside.ns[wait] += more.inside.ns[wait];
  if (all.second.pid == 0) all.second = other.second;
}

std::vector<std::pair<Group, LockHolder>> join_groups(const WorkloadProfile& now) {
  const Interner& names = now.names();
  std::vector<std::pair<Group, LockHolder>> all, joined;
  for (auto& [key, group] : group_waiters(now)) all.emplace_back(group, holder_of(now, group));
  // The names of the result come from the first group: groups with a known server first, then the longest waits.
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    bool ka = !names.text(a.first.instance).empty(), kb = !names.text(b.first.instance).empty();
    return ka != kb ? ka : a.first.lock_ns > b.first.lock_ns;
  });
  for (const auto& one : all) {
    auto same =
        std::find_if(joined.begin(), joined.end(), [&](const auto& other) { return same_lock(names, one, other); });
    if (same == joined.end())
      joined.push_back(one);
    else
      join(*same, one);
  }
  return joined;
}

Mechanism mechanism_of(const LockHolder& held, std::string_view text) {
  if (held.lock == "relation") return Mechanism::TableDdl;
  if (held.lock == "advisory" || text.find("pg_advisory") != std::string_view::npos) return Mechanism::Advisory;
  if (changes_tables(held.statement)) return Mechanism::TableDdl;
  if (!held.lock.empty()) return Mechanism::Row;
  // A session that only reads holds no row lock: it released a lock inside the server, on a page or a table in its
  // memory.
  if (!held.statement.empty() && !locks_rows(held.statement) && held.how == "observed") return Mechanism::Lwlock;
  return locks_rows(text) ? Mechanism::Row
                          : Mechanism::TableDdl;  // a plain SELECT waits only for a change of the table itself
}

std::string session_text(const std::string& program, int32_t pid) {
  return program.empty() ? "pid " + std::to_string(pid) : program + " (pid " + std::to_string(pid) + ")";
}

// Example: "transfer (pid 12), which waits for night-job (pid 9)".
std::string chain_text(const WorkloadProfile& now, const LockHolder& held) {
  std::string text;
  for (int32_t pid : held.chain) {
    const std::string& last = held.program;
    text +=
        (text.empty() ? "" : ", which waits for ") + session_text(pid == held.pid ? last : program_of(now, pid), pid);
  }
  return text;
}

void describe(Cause& cause, const WorkloadProfile& now, const Group& group, const LockHolder& held) {
  const Database* database = find_database(cause.entity.system);
  std::string mean = format_duration(group.lock_ns / std::max<int64_t>(group.waiting_calls, 1));
  cause.evidence.push_back(observed(format_count(group.waiting_calls) + " calls waited for a lock, " + mean + " each",
                                    static_cast<double>(group.lock_ns), "ns"));
  cause.assuming = "the lock is free when it is asked for";
  if (held.pid == 0) {
    cause.quality = kInferred;
    cause.what = mean + " per wait for a lock on " + (group.table.empty() ? "the table" : group.table) +
                 "; its holder never ran during the recording";
    cause.against.push_back("the holder is not known: it slept all along and left no event");
    if (database == nullptr) return;
    cause.would_tell = now.facts().asked ? database->lock_table : database->lock_holder;
    cause.advice = cause.would_tell;
    return;
  }
  cause.holder_idle = held.state.find("idle") != std::string::npos;
  cause.holder = Entity{"process", held.program, cause.entity.instance, cause.entity.system, held.statement, held.pid};
  std::string session = session_text(held.program, held.pid);
  std::string since = held.held_ns > 0 ? " for " + format_duration(held.held_ns) : "";
  // If many sessions hold the lock in turn, no single session is the cause, but their common work is.
  bool in_turn = held.holders > 2 && held.share < 0.5;
  std::string turns =
      in_turn ? format_count(static_cast<int64_t>(held.holders)) + " sessions in turn, most often by " : "";
  cause.what = "held by " + turns + session + (held.state.empty() ? "" : ", " + held.state) + since +
               (held.statement.empty() ? "" : "; its last statement: " + held.statement);
  EvidenceLine line = observed(cause.what, static_cast<double>(held.waited_ns) * held.share, "ns");
  line.how = held.how;
  cause.evidence.push_back(line);
  if (held.chain.size() > 1) {
    EvidenceLine chain = observed("the chain: its waiters wait for " + chain_text(now, held));
    chain.how = held.how;
    cause.evidence.push_back(chain);
  }
  if (held.how != "observed") cause.quality = kConfirmed;
  bool idle = !in_turn && held.state.find("idle") != std::string::npos && held.held_ns >= kForgotten;
  if (idle && database != nullptr && !database->idle_holder.empty()) {
    cause.advice = with_pid(database->idle_holder, held.pid);
  } else {
    cause.advice = "shorten the transaction that runs this statement: take the lock last, commit at once";
    if (in_turn && database != nullptr && !database->job_queue.empty())
      cause.advice += "; of a queue of jobs: " + std::string(database->job_queue);
  }
  if (database != nullptr) cause.would_tell = database->lock_holder;
}

Cause make_cause(const WorkloadProfile& now, const Group& group, const LockHolder& held) {
  const Interner& names = now.names();
  const std::string& text =
      names.text(group.dominant == StatementId::None ? TextId::Empty : now.statements().at(group.dominant).text);
  Cause cause;
  cause.cause = FindingClass::LockWait;
  cause.mechanism = mechanism_of(held, text);
  std::string what = held.relation.empty() ? group.table : held.relation;
  std::string kind = cause.mechanism == Mechanism::Row        ? "row lock"
                     : cause.mechanism == Mechanism::Lwlock   ? "lock inside the server"
                     : cause.mechanism == Mechanism::Advisory ? "advisory lock"
                                                              : "table lock";
  cause.entity = {"lock", what.empty() ? kind : what, names.instance(group.instance), names.text(group.system), text,
                  0};
  cause.quality = kObserved;
  cause.phrase = "it waits for a " + kind + (what.empty() ? "" : " on " + what) + " for {share} of its time";
  cause.inside = group.inside;
  cause.statement = group.dominant;
  cause.pathological =
      group.lock_ns >= kLongWait * std::max<int64_t>(group.waiting_calls, 1) && group.waiting_calls > 0;
  describe(cause, now, group, held);
  std::set<StatementId> ids = group.statements;
  auto ours = [&names, ids](const CallNode& node) {
    return node.role == Role::Served && std::any_of(ids.begin(), ids.end(), [&](StatementId id) {
             return same_statement(names, node.statement, id);
           });
  };
  cause.blamed = ours;
  cause.blamed_kinds = {SectionKind::Lock};
  if (held.how == "confirmed by the database")
    cause.blamed_kinds.insert(cause.blamed_kinds.end(), {SectionKind::Sleep, SectionKind::Unexplained});
  // A backend does not sleep by itself while it handles a statement. If the database reported a lock wait, other waits
  // of it without a known reason are the same wait, at times when the database was not asked.
  bool said = held.how == "confirmed by the database";
  cause.saved = [&names, ours, said](const Request& request) {
    int64_t lock = sum_parts(names, request, [&](const CallNode& node, const Part& part) {
      if (!ours(node)) return int64_t{0};
      int64_t silent = of(part.ns, SectionKind::Sleep) + of(part.ns, SectionKind::Unexplained);
      return of(part.ns, SectionKind::Lock) + (said ? silent : 0);
    });
    // The conservative estimate keeps the normal waits of a busy lock.
    return Saved{lock, lock, std::max(lock - kLongWait, lock / 2)};
  };
  return cause;
}

// Returns whether a lock wait in this node is for a lock of the service itself. A thread that made a call and sleeps on
// a futex waits for the answer.
bool waits_inside(const CallNode& node) { return node.statement == StatementId::None && node.role != Role::Call; }

// Finds locks inside a program that is no database: its threads wait for one another.
void add_mutexes(const WorkloadProfile& now, std::vector<Cause>& causes) {
  const Interner& names = now.names();
  std::set<TextId> services;
  for (const Operation& operation : now.operations())
    for (const Request& request : operation.kept)
      for (const Part& part : request.parts) {
        const CallNode& node = names.node(part.node);
        if (waits_inside(node) && of(part.ns, SectionKind::Lock) >= kLongWait) services.insert(node.service);
      }
  for (TextId service : services) {
    Cause cause;
    cause.cause = FindingClass::LockWait;
    cause.mechanism = Mechanism::Mutex;
    cause.entity = {"lock", "a lock in " + names.text(service), "", "", "", 0};
    cause.caller = cause.queued_in = names.text(service);
    cause.quality = kInferred;  // what a futex protects, and what its holder does, is not recorded
    cause.pathological = true;
    cause.phrase = "it waits for a lock inside " + names.text(service) + " for {share} of its time";
    cause.what = "threads of " + names.text(service) + " wait for one another";
    auto blame = now.mutex_blockers().find(service);
    if (blame != now.mutex_blockers().end())
      cause.evidence.push_back(
          observed(format_count(blame->second.count) + " waits, " + format_duration(blame->second.ns) + " in all",
                   static_cast<double>(blame->second.ns), "ns"));
    cause.assuming = "the lock is free when asked for";
    cause.advice = "hold the lock for less, or split it: culprit show TRACE names the waits";
    cause.would_tell = "stacks of the waiting threads";
    cause.blamed = [service](const CallNode& node) { return node.service == service && waits_inside(node); };
    cause.blamed_kinds = {SectionKind::Lock};
    cause.saved = [&names, service](const Request& request) {
      int64_t lock = sum_parts(names, request, [&](const CallNode& node, const Part& part) {
        return node.service == service && waits_inside(node) ? of(part.ns, SectionKind::Lock) : 0;
      });
      return Saved{lock, lock, std::max(lock - kLongWait, lock / 2)};
    };
    causes.push_back(std::move(cause));
  }
}

}  // namespace

std::vector<Cause> find_lock_waits(const DetectorInput& input) {
  std::vector<Cause> causes;
  for (const auto& [group, held] : join_groups(input.now)) {
    Cause cause = make_cause(input.now, group, held);
    if (!cause.pathological && input.before == nullptr) continue;
    causes.push_back(std::move(cause));
  }
  add_mutexes(input.now, causes);
  return causes;
}

}  // namespace culprit::analysis
