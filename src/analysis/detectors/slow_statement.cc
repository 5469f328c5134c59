// slow_statement: a database works on one statement for longer than on comparable ones, without waiting.
//
// Examples are a scan for a few rows, a bad plan, a result larger than needed, or reads of data that is not in memory.
// A slow statement differs from an expensive one in two ways: comparable statements of the same server cost a tenth,
// and it returns few rows. A statement that aggregates a table by design (a report) is not slow for reading the table.
#include <algorithm>

#include "analysis/detectors/detector.h"
#include "analysis/profile/database.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// An index lookup costs PostgreSQL 0.05–0.3 ms of CPU; in 5 ms it reads about 50,000 rows. A statement cheaper than the
// cheapest lookup is not slow, whatever it cost before.
constexpr int64_t kSlowRunning = 5'000'000;
constexpr int64_t kCheapLookup = 50'000;
// Without the server's own span, the time includes the network and waits for a CPU: the threshold is higher.
constexpr int64_t kSlowUnwatched = 20'000'000;
// A user notices a tenth of a second, whatever other statements cost.
constexpr int64_t kSlowForAnyone = 100'000'000;
constexpr int64_t kTimesComparable = 10;
// The assumed cost if no comparable statement was recorded: a lookup with parse and plan.
constexpr int64_t kUsualLookup = 300'000;
// On one CPU, a server produces and sends about 200,000 to 1,000,000 rows a second.
constexpr int64_t kPerRow = 5'000;
// More rows than a user or a page can use in one request.
constexpr int64_t kManyRows = 10'000;
constexpr int64_t kFewCalls = 20;
// From this share of all CPU time on, waits for a CPU in this system are mainly due to this statement.
constexpr double kManyWaiters = 0.3;
// The conservative estimate if no comparable statement shows how much costs vary: three times the usual cost.
constexpr int64_t kCarefulTimes = 3;

struct Costs {
  bool served = false;  // the server was recorded
  int64_t of = 0;       // not 0: these are only the expensive calls, out of this number
  int64_t calls = 0;    // number of calls that were examined
  int64_t running_ns = 0, disk_ns = 0, duration_ns = 0, runnable_ns = 0, lock_ns = 0, rows = -1;  // medians
  int64_t asleep_ns = 0;                                                                          // median
  int64_t bad_ns = 0;                                                                             // p95 of the work
  int64_t work_ns() const { return served ? running_ns : duration_ns; }
};

// Returns the costs of the calls that cost at least `from_ns`.
Costs costs_of(const Statement& statement, int64_t from_ns = 0) {
  Costs costs;
  costs.served = statement.served * 2 >= statement.calls && statement.served > 0;
  std::vector<int64_t> works, running, disk, duration, runnable, lock, asleep, rows;
  for (const CallSample& sample : statement.samples) {
    if (costs.served && !sample.waits.known) continue;
    int64_t work = costs.served ? sample.waits[Wait::Running] + sample.waits[Wait::Disk] : sample.duration_ns;
    if (work < from_ns) continue;
    works.push_back(work);
    if (sample.rows >= 0) rows.push_back(sample.rows);
    duration.push_back(sample.duration_ns);
    running.push_back(sample.waits[Wait::Running]);
    disk.push_back(sample.waits[Wait::Disk]);
    runnable.push_back(sample.waits[Wait::Runnable]);
    lock.push_back(sample.waits[Wait::Lock]);
    asleep.push_back(sample.waits[Wait::Sleep] + sample.waits[Wait::Other]);
  }
  costs.running_ns = median(running), costs.disk_ns = median(disk), costs.duration_ns = median(duration);
  if (!works.empty()) costs.bad_ns = quantile(works, 0.95);
  costs.calls = static_cast<int64_t>(duration.size());
  costs.runnable_ns = median(runnable), costs.lock_ns = median(lock), costs.asleep_ns = median(asleep);
  if (!rows.empty()) costs.rows = median(rows);
  return costs;
}

// A statement may be cheap for most values and expensive for a few (data skew). Then the expensive calls are examined
// by themselves, if there are enough of them and they take most of the statement's time.
Costs expensive_costs(const Statement& statement, const Costs& all, int64_t expected_ns) {
  // If the server was not recorded, a tail of tens of milliseconds may come from the scheduler or the network.
  int64_t least = all.served ? kSlowRunning : kSlowForAnyone;
  Costs expensive = costs_of(statement, std::max(least, kTimesComparable * expected_ns));
  auto total = [](const Costs& costs) {
    return costs.calls * (costs.served ? costs.running_ns + costs.disk_ns : costs.duration_ns);
  };
  if (expensive.calls < kFewestAffected || expensive.calls == all.calls || total(expensive) < total(all)) return all;
  expensive.of = all.calls;
  return expensive;
}

// The cost of other statements of the same server: their lower quartile, as several may be slow for the same reason.
// For a p95, `bad_ns` is the upper quartile of what one call in twenty costs.
struct Comparable {
  int64_t ns = kUsualLookup, bad_ns = kCarefulTimes * kUsualLookup;
  bool seen = false;  // from this server's own statements, not the usual cost of a lookup
};
Comparable comparable_cost(const WorkloadProfile& now, StatementId id, const Statement& statement, bool served) {
  std::vector<int64_t> others, bad;
  for (const auto& [other_id, other] : now.statements()) {
    StatementSort sort = sort_of(now.names().text(other.text));
    bool usual = sort == StatementSort::Read || sort == StatementSort::Write;
    if (other_id == id || other.instance != statement.instance || !usual || other.calls < 5) continue;
    Costs costs = costs_of(other);
    if (costs.served != served) continue;
    others.push_back(costs.work_ns());
    bad.push_back(costs.bad_ns);
  }
  if (others.empty()) return {};
  const int64_t ns = std::max(quantile(others, 0.25), kUsualLookup / 4);
  return {ns, std::max(quantile(bad, 0.75), kCarefulTimes * ns), true};
}

// The expected cost for as many rows as a request can use: a statement that returns more rows costs proportionally
// more.
int64_t expected_cost(int64_t comparable_ns, const Costs& costs) {
  int64_t expected_ns = comparable_ns + kPerRow * std::max<int64_t>(costs.rows, 0);
  if (costs.rows < kManyRows) return expected_ns;
  double used = static_cast<double>(kManyRows) / static_cast<double>(costs.rows);
  return std::min(expected_ns, static_cast<int64_t>(used * static_cast<double>(costs.work_ns())));
}

bool is_report(const Statement& statement, std::string_view text) {
  if (!aggregates(text)) return false;
  if (!looks_up(text)) return true;
  bool grouped = text.find("GROUP BY") != std::string_view::npos || text.find("group by") != std::string_view::npos;
  return grouped && statement.calls < kFewCalls;
}

struct Match {
  bool holds = false;
  Mechanism mechanism = Mechanism::None;
  std::string what;
  double quality = kInferred;
  // The reason why its time may be intended: then it is a candidate, but no finding by itself.
  std::string exempt;
};

// The cost that a statement's work is compared with.
struct Expected {
  int64_t ns = 0;  // for as many rows as the statement returns
  int64_t without_rows_ns = 0;
};

// Decides whether the signature holds; a statement over the threshold only because of its rows is exempt.
void decide(Match& match, int64_t work_ns, int64_t least_ns, const Expected& expected, const Costs& costs) {
  match.holds = work_ns >= std::max(least_ns, kTimesComparable * expected.ns);
  const bool but_for_rows = work_ns >= std::max(least_ns, kTimesComparable * expected.without_rows_ns);
  if (!match.holds && but_for_rows)
    match.exempt = "it returns " + format_count(costs.rows) + " rows, which take time to make and send";
}

Match unwatched_match(const Costs& costs, const Expected& expected) {
  Match match;
  decide(match, costs.duration_ns, kSlowUnwatched, expected, costs);
  if (costs.duration_ns >= std::max(kSlowForAnyone, 3 * expected.ns)) match.holds = true;
  if (match.holds) match.exempt.clear();
  match.quality = kGuessed;
  match.what = format_duration(costs.duration_ns) +
               " per call (median); whether the server ran, read or waited was not recorded";
  return match;
}

// The server's process neither runs nor reads, and no holder of a lock is known.
Match asleep_match(const Costs& costs, const Expected& expected) {
  Match match;
  match.mechanism = Mechanism::Sleeps;
  match.holds = costs.asleep_ns >= std::max(kSlowUnwatched, kTimesComparable * expected.ns);
  match.what = format_duration(costs.asleep_ns) +
               " per call (median) in which the server is blocked without working: it sleeps (pg_sleep), or waits for "
               "another server or an extension";
  return match;
}

Match watched_match(const Statement& statement, const Costs& costs, std::string_view text, const Expected& expected) {
  if (costs.asleep_ns * 2 > costs.duration_ns - costs.runnable_ns) return asleep_match(costs, expected);
  Match match;
  std::string rows = costs.rows < 0 ? "" : " for " + format_count(costs.rows) + (costs.rows == 1 ? " row" : " rows");
  const bool works = (costs.running_ns + costs.disk_ns) * 2 >= costs.duration_ns - costs.runnable_ns;
  if (sort_of(text) == StatementSort::Read && costs.disk_ns > costs.running_ns) {
    match.mechanism = Mechanism::ColdRead;
    decide(match, costs.disk_ns, kSlowRunning, expected, costs);
    match.quality = kObserved;
    match.what = format_duration(costs.disk_ns) + " of reading from the disk" + rows + " (median)";
  } else if (costs.rows >= kManyRows && !has_limit(text) && !aggregates(text)) {
    match.mechanism = Mechanism::BigResult;
    match.holds = costs.duration_ns >= kSlowUnwatched && statement.calls >= kFewCalls;
    match.what = format_count(costs.rows) + " rows per call (median): more than a request can use";
  } else {
    match.mechanism = Mechanism::Scan;
    decide(match, costs.running_ns, kSlowRunning, expected, costs);
    if (!match.exempt.empty()) match.mechanism = Mechanism::BigResult;
    match.quality = costs.rows >= 0 ? kObserved : kInferred;
    match.what = format_duration(costs.running_ns) + " of CPU" + rows + " (median)" +
                 (match.exempt.empty() ? ": looks like a scan" : "");
  }
  match.holds = match.holds && works;
  return match;
}

Match match_of(const Statement& statement, const Costs& costs, std::string_view text, const Expected& expected) {
  Match match = costs.served ? watched_match(statement, costs, text, expected) : unwatched_match(costs, expected);
  if (!match.holds) return match;
  const bool runs = match.mechanism == Mechanism::Scan || match.mechanism == Mechanism::None;
  if (blocks_until_news(text))
    match.exempt = "it is meant to block until there is news";
  else if (changes_tables(text))
    match.exempt = "it changes or keeps whole tables, which takes long by nature";
  else if (runs && is_report(statement, text))
    match.exempt = "it sums up many rows, which may be its purpose";
  if (runs && text == kUnknownStatement) match.mechanism = Mechanism::Unknown;
  if (match.exempt.empty()) return match;
  match.holds = false;
  match.mechanism = Mechanism::None;
  return match;
}

// Which of the server's time counts as work of a statement, in addition to running.
struct Working {
  bool reads = false;  // reads from the disk
  bool sleeps = false;
};

// Returns a statement's own work in a request: the server's running and reading, or all its time if the server was not
// recorded.
Work work_in(const Interner& names, const Request& request, StatementId statement, Working working) {
  Work sum;
  for (const Part& part : request.parts) {
    const CallNode& node = names.node(part.node);
    if (!same_statement(names, node.statement, statement)) continue;
    if (node.role == Role::Served || !node.callee_seen) sum.calls += part.calls;
    int64_t work = part.ns[kUnknown] + (node.role == Role::Served ? of(part.ns, SectionKind::Own) : 0);
    if (working.reads && node.role == Role::Served) work += of(part.ns, SectionKind::Disk);
    if (working.sleeps && node.role == Role::Served)
      work += of(part.ns, SectionKind::Sleep) + of(part.ns, SectionKind::Unexplained);
    if (!node.callee_seen && node.role == Role::Call)
      work +=
          of(part.ns, SectionKind::Peer) + of(part.ns, SectionKind::Network) + of(part.ns, SectionKind::Unexplained);
    sum.ns += work;
  }
  return sum;
}

// Waits for a CPU that the statement causes. Its own waits shrink with its work: with a hundredth of the work it waits
// about a hundredth. Other waits are attributed to it in proportion to its share of all CPU time.
struct Contention {
  int64_t own_ns = 0, others_ns = 0;
};
Contention contention_in(const Interner& names, const Request& request, StatementId statement, double share) {
  Contention contention;
  int64_t others = 0;
  for (const Part& part : request.parts) {
    bool ours = same_statement(names, names.node(part.node).statement, statement);
    int64_t waited = of(part.ns, SectionKind::Runnable) + of(part.ns, SectionKind::Callee);
    if (ours) contention.own_ns += of(part.ns, SectionKind::Runnable);
    others += ours ? of(part.ns, SectionKind::Callee) : waited;
  }
  contention.others_ns = static_cast<int64_t>(share * static_cast<double>(others));
  return contention;
}

std::function<Saved(const Request&)> saving(const Interner& names, StatementId id, Working working, int64_t expected_ns,
                                            int64_t careful_ns, double share) {
  return [&names, id, working, expected_ns, careful_ns, share](const Request& request) {
    auto [work, calls] = work_in(names, request, id, working);
    Contention contention = contention_in(names, request, id, share);
    auto cheaper = [&](int64_t per_call_ns) {
      int64_t kept = std::min(work, calls * per_call_ns);
      double gone = work > 0 ? 1 - static_cast<double>(kept) / static_cast<double>(work) : 0;
      return work - kept + static_cast<int64_t>(gone * static_cast<double>(contention.own_ns));
    };
    int64_t others = work > 0 ? contention.others_ns : contention.others_ns / 2;
    return Saved{work + contention.own_ns + others, cheaper(expected_ns) + others, cheaper(careful_ns) + others / 2};
  };
}

// Returns whether the database reported a lock wait of the statement: then that explains why it is blocked.
bool is_told_to_wait(const WorkloadProfile& now, const Statement& statement) {
  const std::string& text = now.names().text(statement.text);
  const std::string& system = now.names().text(statement.system);
  const std::vector<LockWait>& waits = now.facts().lock_waits;
  return std::any_of(waits.begin(), waits.end(),
                     [&](const LockWait& wait) { return without_literals(wait.waiter_statement, system) == text; });
}

void add_evidence(Cause& cause, const Statement& statement, const Costs& costs, int64_t expected_ns, bool seen,
                  double share) {
  int64_t times = costs.work_ns() / std::max<int64_t>(expected_ns, 1);
  if (times >= 3 && seen) {
    std::string cost = costs.rows > 1 ? "would cost for as many rows" : "cost";
    EvidenceLine line = observed(format_count(times) + " times what comparable statements of this server " + cost +
                                     " (" + format_duration(expected_ns) + ")",
                                 static_cast<double>(times), "1");
    if (costs.rows > 1) line.how = "inferred";  // the part for the rows is calculated
    cause.evidence.push_back(line);
  }
  if (costs.served) {
    int64_t all = 0;
    for (int64_t ns : statement.waits.ns) all += ns;
    double runnable = all > 0 ? static_cast<double>(statement.waits[Wait::Runnable]) / static_cast<double>(all) : 0;
    std::string among = share >= kManyWaiters ? ", among others of its own kind" : "";
    if (runnable >= 0.01) cause.against.push_back(format_share(runnable) + " of its time it waits for a CPU" + among);
    double lock = all > 0 ? static_cast<double>(statement.waits[Wait::Lock]) / static_cast<double>(all) : 0;
    if (lock >= 0.05) cause.against.push_back(format_share(lock) + " of its time it waits for a lock");
  } else {
    cause.against.push_back("whether the server ran, read or waited: these traces do not tell");
    cause.would_tell = "sudo culprit record on the database's machine";
  }
  if (share >= 0.1)
    cause.evidence.push_back(observed("it takes " + format_share(share) + " of all CPU time", share, "share"));
}

// Returns whether other statements show what this one would likely cost: it must be a lookup or a change of rows that
// works.
bool is_comparable(const Comparable& comparable, const Match& match, std::string_view text) {
  const StatementSort sort = sort_of(text);
  // A statement that names no table ("SELECT pg_sleep(?)") is no lookup.
  const bool usual = (sort == StatementSort::Read || sort == StatementSort::Write) && !table_of(text).empty();
  return comparable.seen && usual && match.mechanism != Mechanism::Sleeps && match.exempt.empty();
}

std::string advice_for(const Match& match, std::string_view text, std::string_view system) {
  if (match.mechanism == Mechanism::BigResult)
    return "ask for the rows that are used: LIMIT, a narrower WHERE, or page by page";
  const Database* database = find_database(system);
  if (database == nullptr || text == kUnknownStatement) return "";
  if (match.mechanism == Mechanism::Sleeps) return std::string(database->sleeping);
  const StatementSort sort = sort_of(text);
  const bool query = (sort == StatementSort::Read || sort == StatementSort::Write) && !table_of(text).empty();
  // Systems without SQL have one kind of query. CALL and REFRESH have no plan.
  const bool sql = database->slow_query.find("EXPLAIN") != std::string_view::npos || !database->job_queue.empty();
  return query || !sql ? std::string(database->slow_query) : "";
}

void name_statement(Cause& cause, const Interner& names, const Statement& statement, const std::string& text) {
  const std::string &system = names.text(statement.system), &server = names.text(statement.service);
  cause.entity = {"statement", text, names.instance(statement.instance), system, text, 0};
  if (text != kUnknownStatement) return;
  cause.entity = {"service", server.empty() ? system : server, names.instance(statement.instance), system, "", 0};
  cause.against.push_back("the text of the statement was not recorded");
}

void describe(Cause& cause, const Match& match, int64_t expected_ns) {
  cause.mechanism = match.mechanism;
  cause.what = match.what;
  cause.phrase = cause.entity.kind == "statement" ? "one statement takes {share} of it"
                                                  : "statements of unknown text take {share} of it";
  if (!match.exempt.empty()) cause.against.push_back(match.exempt);
  if (match.mechanism == Mechanism::BigResult && cause.comparable)
    cause.assuming = "it returns " + format_count(kManyRows) + " rows at most";
  else if (cause.comparable)
    cause.assuming =
        "it costs what this server's other statements cost (" + format_duration(expected_ns) + " per call)";
  else
    cause.assuming = "it costs nothing";
  const Database* database = find_database(cause.entity.system);
  if (cause.entity.kind != "statement")
    cause.would_tell = "the statement's text: the program's own traces, a recording with probes (--tier T1), or --ask";
  else if (database != nullptr)
    cause.would_tell = database->plan;
}

}  // namespace

std::vector<Cause> find_slow_statements(const DetectorInput& input) {
  const CpuUsage& cpu = input.cpu;
  std::vector<Cause> causes;
  const Interner& names = input.now.names();
  for (const auto& [id, statement] : input.now.statements()) {
    if (input.cancelled()) break;  // each statement is compared with all others
    const std::string& text = names.text(statement.text);
    StatementSort sort = sort_of(text);
    if (sort == StatementSort::Commit || sort == StatementSort::Control || statement.samples.empty()) continue;
    Costs costs = costs_of(statement);
    Comparable comparable = comparable_cost(input.now, id, statement, costs.served);
    Expected expected{expected_cost(comparable.ns, costs), comparable.ns};
    Match match = match_of(statement, costs, text, expected);
    if (!match.holds && match.exempt.empty()) {
      costs = expensive_costs(statement, costs, expected.ns);
      match = match_of(statement, costs, text, expected);
      if (costs.of > 0) match.what += ", in " + format_count(costs.calls) + " of " + format_count(costs.of) + " calls";
    }
    const bool candidate = match.holds || !match.exempt.empty();
    if (!candidate && (input.before == nullptr || costs.work_ns() < kCheapLookup)) continue;
    if (match.mechanism == Mechanism::Sleeps && is_told_to_wait(input.now, statement)) continue;
    double share = cpu.busy < 0 || cpu.busy >= 0.7 ? std::min(cpu.share_of(statement.running_ns), 1.0) : 0;
    Cause cause;
    cause.cause = FindingClass::SlowStatement;
    name_statement(cause, names, statement, text);
    cause.quality = match.exempt.empty() ? match.quality : kGuessed;
    cause.pathological = match.holds;
    cause.exempt = !match.exempt.empty();
    cause.comparable = is_comparable(comparable, match, text);
    describe(cause, match, expected.ns);
    cause.advice = advice_for(match, text, cause.entity.system);
    cause.inside = statement.waits;
    cause.cpu_ns = match.holds ? statement.running_ns : 0;
    cause.statement = id;
    cause.calls_of_statement = statement.calls;
    cause.evidence.push_back(match.quality == kObserved
                                 ? observed(match.what, static_cast<double>(costs.work_ns()), "ns")
                                 : inferred(match.what, static_cast<double>(costs.work_ns()), "ns"));
    add_evidence(cause, statement, costs, expected.ns, cause.comparable, share);
    const Working working{sort == StatementSort::Read, match.mechanism == Mechanism::Sleeps};
    cause.work = [&names, id = id, working](const Request& request) { return work_in(names, request, id, working); };
    cause.saved = saving(names, id, working, expected.ns, expected_cost(comparable.bad_ns, costs), share);
    if (!cause.comparable && input.before == nullptr)
      cause.saved = [own = cause.saved](const Request& request) {
        const int64_t most = own(request).most_ns;
        return Saved{most, most, 0};
      };
    cause.blamed = [&names, id = id](const CallNode& node) { return same_statement(names, node.statement, id); };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
