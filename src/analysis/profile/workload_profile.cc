#include "analysis/profile/workload_profile.h"

#include <algorithm>
#include <cmath>

#include "analysis/profile/call_tree.h"
#include "analysis/trace/call.h"
#include "base/hash.h"

namespace culprit::analysis {

namespace {

// 20,000 requests give a p95 within ±0.3 % of rank; their parts take about 20 MB.
constexpr size_t kMaxKept = 20'000;
// The median of this many samples is exact enough, and a statement's samples stay under 2 MB.
constexpr size_t kMaxSamples = 10'000;
// More root operations than this come from names with ids; further ones are counted under one name.
constexpr size_t kMaxOperations = 5'000;

int64_t weight_of(const Span& span) {
  bool known = std::isfinite(span.weight) && span.weight >= 1 && span.weight < 1e9;
  return known ? std::llround(span.weight) : 1;
}

int64_t& of(WaitSums& waits, Wait wait) { return waits.ns[static_cast<int>(wait)]; }

// Moves up to `ns` from one kind of wait to another.
int64_t move_wait(WaitSums& waits, Wait from, Wait to, int64_t ns) {
  int64_t moved = std::clamp<int64_t>(ns, 0, std::max<int64_t>(of(waits, from), 0));
  of(waits, from) -= moved;
  of(waits, to) += moved;
  return moved;
}

void add_blocked(BlockedTime& blame, const Blocker& blocker, int64_t weight, std::string_view system) {
  blame.ns += blocker.duration_ns * weight;
  blame.count += blocker.count * weight;
  if (!blocker.statement.empty()) blame.statements[without_literals(blocker.statement, system)] += blocker.duration_ns;
}

// Returns whether the request's content is unknown: an exchange of an unknown protocol, which may last a minute without
// any request, or an answer whose request was sent before the recording. Such a span is no operation.
bool nameless(const Trace& trace, SpanIndex index, const SpanNodes& nodes, const Interner& names) {
  StatementId statement = nodes.statement[index];
  if (statement != StatementId::None) return names.text(names.statement(statement).text) == kUnknownStatement;
  return (trace.spans[index].flags & (kOpaque | kTextUnknown)) != 0;
}

// Returns the first spans with a name below a nameless root: they are requests of their own.
std::vector<SpanIndex> first_named(const Trace& trace, SpanIndex root, const SpanNodes& nodes, const Interner& names) {
  std::vector<SpanIndex> found, todo = {root};
  while (!todo.empty()) {
    SpanIndex index = todo.back();
    todo.pop_back();
    if (nameless(trace, index, nodes, names))
      todo.insert(todo.end(), trace.children[index].rbegin(), trace.children[index].rend());
    else if (trace.spans[index].duration_ns >= 0)
      found.push_back(index);
  }
  return found;
}

}  // namespace

double WorkloadProfile::request_path_ns() const {
  int64_t total = 0;
  for (const Operation& operation : operations_) total += operation.statement ? 0 : operation.total_ns;
  return static_cast<double>(total);
}

double WorkloadProfile::ordinary_path_ns(bool requests_only) const {
  constexpr int64_t kOrdinary = 10;
  std::vector<Weighted> all;
  for (const Operation& operation : operations_)
    if (!requests_only || !operation.statement)
      all.insert(all.end(), operation.latencies.begin(), operation.latencies.end());
  int64_t most_ns = kOrdinary * Distribution(all).quantile(0.5);
  double total = 0;
  for (const Weighted& request : all)
    total += static_cast<double>(std::min(request.value_ns, most_ns)) * static_cast<double>(request.weight);
  return total;
}

WorkloadProfile::WorkloadProfile(Interner& names, const RecordingFacts& facts)
    : names_(names), facts_(facts), origins_(names, facts.resources) {
  for (const Process& process : facts.processes) {
    auto [at, fresh] = started_.emplace(process.pid, process.started_ns);
    if (!fresh) at->second = std::max(at->second, process.started_ns);
  }
  for (const LockWait& wait : facts.lock_waits) asked_.emplace(wait.waiter_pid, &wait);
}

// Applies what the database reported about a backend that was blocked while it handled this span.
void WorkloadProfile::ask_about(Span& span) const {
  auto [begin, end] = asked_.equal_range(span.pid);
  const LockWait* found = nullptr;
  for (auto at = begin; at != end; ++at) {
    const LockWait& wait = *at->second;
    bool during = wait.time_ns >= span.start_ns && wait.time_ns <= span.end_ns();
    bool still =
        (span.flags & kUnfinished) && wait.time_ns > span.end_ns() && wait.time_ns - wait.waited_ns <= span.end_ns();
    if (during || still) found = &wait;
  }
  if (found == nullptr) return;
  if (!span.waits.known) {
    span.waits.known = true;
    of(span.waits, Wait::Lock) = span.duration_ns;
  }
  // A backend that waits for a lock waits on its latch: the system call alone does not show the reason.
  int64_t moved = 0;
  for (Wait wait : {Wait::Other, Wait::Sleep, Wait::Peer, Wait::Network})
    moved += move_wait(span.waits, wait, Wait::Lock, span.duration_ns);
  bool named = std::any_of(span.blockers.begin(), span.blockers.end(),
                           [&](const Blocker& b) { return b.wait == Wait::Lock && b.pid == found->holder_pid; });
  if (named) return;
  int64_t unnamed = of(span.waits, Wait::Lock);
  for (const Blocker& blocker : span.blockers) unnamed -= blocker.wait == Wait::Lock ? blocker.duration_ns : 0;
  span.blockers.push_back(
      {Wait::Lock, found->holder_pid, 0, std::max<int64_t>(unnamed, moved), 1, found->holder_statement});
}

// Applies two corrections. Lock waits reported by the database are added. A wait for the span's own parallel workers
// becomes work: such workers were started during the span, or run the text of the same plain read.
void WorkloadProfile::correct_waits(Trace& trace) const {
  for (Span& span : trace.spans) {
    if (span.kind != SpanKind::Server || span.pid == 0 || span.duration_ns < 0) continue;
    if (!asked_.empty() && is_database(span)) ask_about(span);
    if (!span.waits.known) continue;
    std::string own;  // the text of a plain read, which never waits for another plain read
    if (!span.blockers.empty() && is_database(span) && !locks_rows(statement_text(span)))
      own = without_literals(statement_text(span), system_of(span));
    std::erase_if(span.blockers, [&](const Blocker& blocker) {
      if (blocker.wait != Wait::Lock && blocker.wait != Wait::Other) return false;
      auto started = started_.find(blocker.pid);
      bool newborn = started != started_.end() && started->second > span.start_ns && started->second <= span.end_ns();
      bool same = !own.empty() && without_literals(blocker.statement, system_of(span)) == own;
      if (newborn || same) move_wait(span.waits, blocker.wait, Wait::Running, blocker.duration_ns);
      return newborn || same;
    });
  }
}

void WorkloadProfile::note_span(const Span& span) {
  ++spans_;
  touched_by_loss_ += (span.flags & (kHole | kLossOverlap)) != 0;
  if (span.duration_ns < 0) return;
  begin_ns_ = std::min(begin_ns_, span.start_ns);
  end_ns_ = std::max(end_ns_, span.end_ns());
  if (span.pid > 0 && (!(span.flags & kOpaque) || is_database(span)))
    participants_[span.pid] += span.waits[Wait::Running];
  int64_t weight = weight_of(span);
  for (const Blocker& blocker : span.blockers) {
    if (blocker.wait == Wait::Runnable) cpu_holders_[blocker.pid] += blocker.duration_ns * weight;
    if (blocker.wait == Wait::Lock && !is_database(span))
      add_blocked(mutex_blockers_[names_.intern(span.service)], blocker, weight, {});
  }
}

void WorkloadProfile::note_statement(const Trace& trace, SpanIndex head, StatementId id) {
  SpanIndex last = last_view(trace, head);
  const Span& caller = trace.spans[head];
  const Span& callee = trace.spans[last];
  if (callee.duration_ns < 0) return;
  bool served = callee.kind == SpanKind::Server;
  int64_t weight = weight_of(callee);
  Statement& statement = statements_[id];
  const StatementName& name = names_.statement(id);
  statement.text = name.text, statement.instance = name.instance, statement.system = name.system;
  if (served) statement.service = names_.intern(callee.service);
  statement.calls += weight;
  statement.failed += callee.status == SpanStatus::Error ? weight : 0;
  CallSample sample{callee.duration_ns, {}, rows_of(callee)};
  if (sample.rows < 0) sample.rows = rows_of(caller);
  if (sample.rows >= 0) statement.rows += sample.rows * weight, statement.rows_known += weight;
  if (served && callee.waits.known) {
    sample.waits = callee.waits;
    statement.served += weight;
    statement.running_ns += callee.waits[Wait::Running] * weight;
    for (int wait = 0; wait < kWaits; ++wait) statement.waits.ns[wait] += callee.waits.ns[wait] * weight;
    statement.waits.known = true;
    // A call counts as a flush if it waits for the disk for half of its time, without its waits for a CPU: a call that
    // flushes does little else.
    int64_t on_cpu_or_blocked = callee.duration_ns - callee.waits[Wait::Runnable];
    statement.flushes += callee.waits[Wait::Disk] * 2 >= on_cpu_or_blocked && callee.duration_ns > 0 ? weight : 0;
    if (callee.waits[Wait::Lock] > 0) statement.lock_waiters[callee.pid] += callee.waits[Wait::Lock] * weight;
    for (const Blocker& blocker : callee.blockers) {
      if (blocker.wait == Wait::Lock) lock_chain_[callee.pid][blocker.pid] += blocker.duration_ns * weight;
      add_blocked(statement.blockers[{static_cast<int>(blocker.wait), blocker.pid}], blocker, weight,
                  system_of(callee));
    }
  }
  if (statement.samples.size() < kMaxSamples) statement.samples.push_back(sample);
  if (head == last && served) return;  // the caller was not recorded
  statement.callers[names_.intern(caller.service)] += weight;
  statement.caller_pids[names_.intern(caller.service)] = caller.pid;
}

Operation& WorkloadProfile::operation_of(const Trace& trace, SpanIndex root, StatementId statement) {
  const Span& span = trace.spans[root];
  SpanIndex served = callee_view(trace, root);
  const std::string& service = served == kNoSpan ? span.service : trace.spans[served].service;
  // A statement outside any request gets the server's name for it: the client's exchange may be encrypted.
  const std::string& name = statement == StatementId::None ? span.name : trace.spans[last_view(trace, root)].name;
  std::pair<TextId, TextId> key{names_.intern(without_ids(name)), names_.intern(service)};
  if (operation_index_.size() >= kMaxOperations && !operation_index_.contains(key))
    key = {names_.intern("(other)"), TextId::Empty};
  auto [at, fresh] = operation_index_.emplace(key, static_cast<uint32_t>(operations_.size()));
  if (fresh) {
    operations_.emplace_back();
    operations_.back().name = key.first, operations_.back().service = key.second;
    operations_.back().statement = statement != StatementId::None;
    operations_.back().job = span.kind != SpanKind::Server && span.kind != SpanKind::Unspecified;
  }
  return operations_[at->second];
}

// If there are too many requests, those with a low hash of their trace id are kept: a sample that depends on no
// property of a request.
void WorkloadProfile::keep(Operation& operation, Request request) {
  auto hash = [](const Request& r) { return hash64(r.trace.low, hash64(r.trace.high)); };
  if (hash(request) > operation.kept_below) return;
  operation.kept.push_back(std::move(request));
  if (operation.kept.size() <= kMaxKept) return;
  operation.kept_below /= 2;
  std::erase_if(operation.kept, [&](const Request& r) { return hash(r) > operation.kept_below; });
}

void WorkloadProfile::observe(Trace trace) {
  correct_waits(trace);
  for (const Span& span : trace.spans) note_span(span);
  for (const Trace::Defect& defect : trace.defects) ++defects_[std::string(defect.kind)];
  SpanNodes nodes = place_spans(trace, names_);
  for (SpanIndex head : nodes.heads)
    if (nodes.statement[head] != StatementId::None) note_statement(trace, head, nodes.statement[head]);

  call_concurrency_.observe(trace, nodes, names_);

  SpanIndex root = trace.root();
  if (root == kNoSpan || trace.spans[root].duration_ns < 0) return;
  if (!nameless(trace, root, nodes, names_)) {
    add_request(trace, root, nodes, find_repeats(trace, nodes));
    return add_further_requests(trace, root, nodes);
  }
  ++((trace.spans[root].flags & kTextUnknown) ? begun_before_ : opaque_roots_);
  for (SpanIndex entry : first_named(trace, root, nodes, names_)) add_request(trace, entry, nodes, {});
}

// Adds the requests of a trace beside its root's: consumers of messages, and the remaining parts of a tree whose upper
// part was lost.
void WorkloadProfile::add_further_requests(const Trace& trace, SpanIndex root, const SpanNodes& nodes) {
  for (SpanIndex index = 0; index < trace.spans.size(); ++index) {
    const Span& span = trace.spans[index];
    bool apart = span.kind == SpanKind::Consumer || (trace.parent[index] == kNoSpan && span.kind == SpanKind::Server);
    if (apart && index != root && span.duration_ns >= 0 && !nameless(trace, index, nodes, names_))
      add_request(trace, index, nodes, {});
  }
}

void WorkloadProfile::add_request(const Trace& trace, SpanIndex root, const SpanNodes& nodes,
                                  std::vector<Repeat> repeats) {
  const Span& span = trace.spans[root];
  Request request{
      trace.id, span.start_ns, span.duration_ns, weight_of(span), (span.flags & kUnfinished) != 0, {}, {}, {}, {}, {},
      {}};
  request.parts = parts_of(trace, root, nodes);
  request.repeats = std::move(repeats);
  request.own_times = find_own_times(trace, root, nodes, names_, origins_);
  request.retries = find_retries(trace, root, nodes);
  request.fan_outs = find_fan_outs(trace, root, nodes);
  request.failure = find_failure(trace, root, nodes, names_);
  // A call that succeeded after retries is no failure.
  if (request.failure && request.failure->tolerated && !request.retries.empty()) request.failure.reset();
  Operation& operation = operation_of(trace, root, nodes.statement[root]);
  operation.requests += request.weight;
  operation.errors += span.status == SpanStatus::Error ? request.weight : 0;
  operation.unfinished += request.unfinished ? request.weight : 0;
  operation.total_ns += request.duration_ns * request.weight;
  operation.latencies.push_back({request.duration_ns, request.weight, request.start_ns});
  path_ns_ += request.duration_ns * request.weight;
  unfinished_ += request.unfinished ? request.weight : 0;
  keep(operation, std::move(request));
}

}  // namespace culprit::analysis
