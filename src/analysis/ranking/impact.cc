#include "analysis/ranking/impact.h"

#include <algorithm>

#include "analysis/profile/contrast.h"

namespace culprit::analysis {

namespace {

// The p95 of two recordings of one healthy system differs by about this much, for reasons outside of the traces (other
// load, caches, the scheduler): a narrower interval would be wrong. In percent.
constexpr int64_t kRunToRunLow = 75, kRunToRunHigh = 135;
// The scheduler adds differences of this size, which matter to requests of a millisecond.
constexpr int64_t kGrainNs = 500'000;
// A request counts as affected from this time on.
constexpr int64_t kTouchedNs = 100'000;
// 80 %: the interval predicts one other recording. An interval as wide as the samples' extremes would be useless.
constexpr double kPromise = 1.28;

struct Baseline {
  bool known = false;
  double mean_ns = 0, per_call_ns = 0;
  int64_t calls = 0;
  int64_t p95_ns = 0;  // of the mechanism's time per request
  Distribution times;
  std::vector<Weighted> all, passing;  // for each request; passing: only requests that contain the cause's work
};

Baseline measure_baseline(const Cause& cause, const Operation& before) {
  Baseline baseline;
  std::vector<Weighted> times, passing;
  double work = 0;
  for (const Request& request : before.kept) {
    Weighted time{cause.saved(request).most_ns, request.weight, request.start_ns};
    times.push_back(time);
    if (!cause.work) continue;
    Work done = cause.work(request);
    work += static_cast<double>(done.ns);
    baseline.calls += done.calls;
    if (done.calls > 0) passing.push_back(time);
  }
  baseline.passing = cause.work ? std::move(passing) : times;
  baseline.all = times;
  baseline.times = Distribution(std::move(times));
  baseline.known = !baseline.times.empty();
  baseline.mean_ns = baseline.times.mean();
  baseline.p95_ns = baseline.times.quantile(0.95);
  if (baseline.calls > 0) baseline.per_call_ns = work / static_cast<double>(baseline.calls);
  return baseline;
}

// With a baseline, the comparable cost is the cost in the baseline, per call if calls can be counted.
Saved against(const Baseline& baseline, const Cause& cause, const Request& request, Saved saved) {
  if (!baseline.known || (cause.work && baseline.calls == 0)) return saved;
  double usual = baseline.mean_ns, careful = static_cast<double>(baseline.p95_ns);
  if (cause.work) {
    Work done = cause.work(request);
    usual = baseline.per_call_ns * static_cast<double>(done.calls);
    careful = usual * 2;
  }
  auto less = [&](double by) { return std::max<int64_t>(saved.most_ns - static_cast<int64_t>(by), 0); };
  return {saved.most_ns, less(usual), less(careful)};
}

// Returns the time of a request without the cause, and without queues (for a CPU, for a lock): the cause may have
// created them.
int64_t bare_ns(const Cause& cause, const Interner& names, const Request& request, int64_t without_cause_ns) {
  int64_t queued = 0;
  for (const Part& part : request.parts)
    for (SectionKind kind : {SectionKind::Runnable, SectionKind::Lock})
      if (!cause.blames(names.node(part.node), kind)) queued += of(part.ns, kind);
  return std::max<int64_t>(without_cause_ns - queued, 0);
}

struct Retimed {
  std::vector<Weighted> now, most, likely, least, bare, mechanism;
  void add(const Request& request, const Saved& saved, int64_t bare_ns, bool predict) {
    auto timed = [&](int64_t ns) { return Weighted{ns, request.weight, request.start_ns}; };
    now.push_back(timed(request.duration_ns));
    mechanism.push_back(timed(saved.most_ns));
    if (!predict) return;
    most.push_back(timed(request.duration_ns - saved.most_ns));
    likely.push_back(timed(request.duration_ns - saved.likely_ns));
    least.push_back(timed(request.duration_ns - saved.least_ns));
    bare.push_back(timed(bare_ns));
  }
};

std::vector<TraceId> pick_exemplars(std::vector<std::pair<int64_t, TraceId>> touched) {
  std::sort(touched.begin(), touched.end());
  std::vector<TraceId> picked;
  for (size_t percent : {95, 50, 100}) {  // a slow one, a typical one, the slowest
    if (touched.empty()) break;
    TraceId id = touched[std::min(touched.size() - 1, touched.size() * percent / 100)].second;
    if (std::find(picked.begin(), picked.end(), id) == picked.end()) picked.push_back(id);
  }
  return picked;
}

// The requests that contain the cause's work. With a baseline they are compared with such requests of the baseline,
// however few they are. If the work cannot be counted, all requests are compared.
struct Passing {
  double path_ns = 0, saved_ns = 0;
  int64_t weight = 0;
  std::vector<Weighted> all, mechanism;

  void add(const Cause& cause, const Request& request, const Saved& saved) {
    all.push_back({saved.most_ns, request.weight, request.start_ns});
    if (cause.work && cause.work(request).calls == 0) return;
    auto w = static_cast<double>(request.weight);
    path_ns += w * static_cast<double>(request.duration_ns);
    saved_ns += w * static_cast<double>(saved.likely_ns);
    weight += request.weight;
    mechanism.push_back({saved.most_ns, request.weight, request.start_ns});
  }
  bool worth(double least_share) const {
    return saved_ns >= static_cast<double>(kMaterialNs * weight) && saved_ns >= least_share * path_ns && weight > 0;
  }
};

// Counts requests of `now` for which the mechanism takes longer than for any request of the baseline.
int64_t count_beyond(const std::vector<Weighted>& before, const std::vector<Weighted>& now) {
  int64_t longest_ns = Distribution(before).quantile(1);
  return std::count_if(now.begin(), now.end(), [&](const Weighted& one) { return one.value_ns > longest_ns; });
}

bool has_changed(const Passing& passing, const Baseline& baseline, double error) {
  // Few requests waited for this work in the baseline, and many do now: the work is new on the path, and all requests
  // are compared.
  bool rare = baseline.passing.size() < static_cast<size_t>(kFewestAffected);
  const std::vector<Weighted>&was = rare ? baseline.all : baseline.passing,
        &is = rare ? passing.all : passing.mechanism;
  double grown = Distribution(is).mean() - Distribution(was).mean();
  double typical = passing.path_ns / static_cast<double>(std::max<int64_t>(passing.weight, 1));
  if (grown < static_cast<double>(kMaterialNs) || grown < kMaterialChange * typical) return false;
  // The error is divided between two tests: a change of all requests, or of a few of them.
  return contrast(was, is, Measure::Mean, error / 2).more() ||
         (count_beyond(was, is) >= kFewestAffected && goes_beyond(was, is, error / 2));
}

void set_quantiles(Impact& result, Retimed&& retimed) {
  Distribution now(std::move(retimed.now)), most(std::move(retimed.most)), likely(std::move(retimed.likely)),
      least(std::move(retimed.least)), bare(std::move(retimed.bare));
  result.p95_ns = now.quantile(0.95);
  result.p95_interval = now.interval(0.95);
  result.most_after_ns = most.quantile(0.95);
  result.likely_after_ns = likely.quantile(0.95);
  int64_t low = bare.range(0.95, kPromise).low_ns,
          high = std::max(least.range(0.95, kPromise).high_ns, likely.range(0.95, kPromise).high_ns);
  low = low / 100 * kRunToRunLow;
  high = high / 100 * kRunToRunHigh + kGrainNs;
  result.after = {std::max<int64_t>(low, 0), std::max(high, result.likely_after_ns)};
}

// Returns whether enough requests are affected, and enough of all time, for a finding.
bool is_enough(const WorkloadProfile& now, const Operation& operation, const Impact& impact, int64_t affected_kept) {
  double all = operation.statement ? static_cast<double>(now.path_ns()) : now.request_path_ns();
  double of_all = impact.saved_ns / std::max(all, 1.0);
  double each = impact.saved_ns / static_cast<double>(std::max<int64_t>(impact.affected, 1));
  bool noticed = each >= static_cast<double>(kNoticedNs);
  if (affected_kept >= kFewestAffected)
    return noticed || impact.saved_ns >= kMaterialOfAll * now.ordinary_path_ns(!operation.statement);
  if (operation.statement) return false;  // a few statements of a background job are not reported
  // A job that runs only a few times beside requests is not reported either.
  const auto requests = [&](const Operation& other) { return other.job || other.statement ? 0 : other.requests; };
  int64_t beside = 0;
  for (const Operation& other : now.operations()) beside += requests(other);
  if (operation.job && beside >= kFewestAffected) return false;
  // Few requests, but all that there are: a question may be about a trace with one request.
  return of_all >= kMostOfAll && (affected_kept >= kAFew || impact.affected * 2 >= operation.requests);
}

// Returns for each kept request of an operation whether the cause made it fail.
std::vector<Weighted> failures_of(const Cause& cause, const Operation& operation) {
  std::vector<Weighted> failures;
  for (const Request& request : operation.kept)
    failures.push_back({cause.fails(request), request.weight, request.start_ns});
  return failures;
}

// The measure of a failure is the number of failed requests and, with a baseline, the increase of that number.
void assess_failures(Impact& result, const Cause& cause, const Operation& now, const Operation* before, double error) {
  std::vector<Weighted> failures = failures_of(cause, now), earlier;
  if (before != nullptr) earlier = failures_of(cause, *before);
  auto failed = std::count_if(failures.begin(), failures.end(), [](const Weighted& one) { return one.value_ns > 0; });
  double risen = Distribution(failures).mean() - Distribution(earlier).mean();
  bool more = before == nullptr || is_more_frequent(std::move(earlier), std::move(failures), error);
  result.changed = before != nullptr && more;
  result.material = failed >= kFewestAffected && risen >= kMaterialFailing && more;
}

// Appends the durations of requests in units of 10⁻⁹ of `usual_ns`.
void add_durations(std::vector<Weighted>& durations, const Operation& operation, int64_t usual_ns) {
  constexpr double kScale = 1e9, kMost = 1e15;
  for (const Request& request : operation.kept) {
    const double times = static_cast<double>(request.duration_ns) / static_cast<double>(usual_ns);
    durations.push_back({static_cast<int64_t>(std::min(times * kScale, kMost)), request.weight, request.start_ns});
  }
}

bool is_slower(std::vector<Weighted> was, std::vector<Weighted> is, double error) {
  return contrast(was, is, Measure::Mean, error / 2).more() ||
         (count_beyond(was, is) >= kFewestAffected && goes_beyond(std::move(was), std::move(is), error / 2));
}

int64_t usual_of(const Operation& operation) {
  return std::max<int64_t>(Distribution(operation.latencies).quantile(0.5), 1);
}

}  // namespace

const Operation* same_operation(const WorkloadProfile& profile, const Operation& operation) {
  for (const Operation& other : profile.operations())
    if (other.name == operation.name && other.service == operation.service) return &other;
  return nullptr;
}

bool is_slower(const Operation& before, const Operation& now, double error) {
  std::vector<Weighted> was, is;
  add_durations(was, before, usual_of(before)), add_durations(is, now, usual_of(before));
  return is_slower(std::move(was), std::move(is), error);
}

bool is_slower(const WorkloadProfile& before, const WorkloadProfile& now, double error) {
  std::vector<Weighted> was, is;
  for (const Operation& operation : now.operations()) {
    const Operation* earlier = same_operation(before, operation);
    if (earlier == nullptr) continue;
    add_durations(was, *earlier, usual_of(*earlier)), add_durations(is, operation, usual_of(*earlier));
  }
  return is_slower(std::move(was), std::move(is), error);
}

Impact measure_impact(const Cause& cause, const WorkloadProfile& now, size_t index, const Operation* before,
                      double error) {
  const Operation& operation = now.operations()[index];
  Impact result;
  result.operation = index;
  Baseline baseline;
  if (before != nullptr) baseline = measure_baseline(cause, *before);

  Retimed retimed;
  Passing passing;
  std::vector<std::pair<int64_t, TraceId>> touched;
  double kept_path = 0, saved = 0, most = 0, calls = 0;
  int64_t kept_weight = 0, affected = 0;
  // Unfinished requests are left out of a prediction: their duration without the cause is unknown.
  bool enough_finished = operation.requests - operation.unfinished >= std::max(kFewestAffected, operation.unfinished);
  for (const Request& request : operation.kept) {
    Saved own = against(baseline, cause, request, cause.saved(request));
    auto within = [&](int64_t ns) { return std::clamp<int64_t>(ns, 0, request.duration_ns); };
    auto w = static_cast<double>(request.weight);
    own = {within(own.most_ns), within(own.likely_ns), within(own.least_ns)};
    int64_t bare = bare_ns(cause, now.names(), request, request.duration_ns - own.most_ns);
    retimed.add(request, own, bare, !request.unfinished || !enough_finished);
    passing.add(cause, request, own);
    kept_path += w * static_cast<double>(request.duration_ns);
    saved += w * static_cast<double>(own.likely_ns);
    most += w * static_cast<double>(own.most_ns);
    kept_weight += request.weight;
    if (own.likely_ns < kTouchedNs) continue;
    affected += request.weight;
    touched.push_back({own.likely_ns, request.trace});
    for (const Part& part : request.parts) {
      const CallNode& node = now.names().node(part.node);
      bool last = node.role == Role::Served || (node.role == Role::Call && !node.callee_seen);
      if (last && cause.blamed(node)) calls += static_cast<double>(part.calls) * w;
    }
  }
  if (kept_path <= 0 || kept_weight == 0) return result;
  double scale = static_cast<double>(operation.total_ns) / kept_path;  // from the kept requests to all requests
  result.saved_ns = saved * scale, result.most_ns = most * scale, result.share = most / kept_path;
  result.affected = static_cast<int64_t>(static_cast<double>(affected) * static_cast<double>(operation.requests) /
                                         static_cast<double>(kept_weight));
  result.calls_per_request = affected > 0 ? calls / static_cast<double>(affected) : 0;
  result.exemplars = pick_exemplars(std::move(touched));
  Distribution mechanism(std::move(retimed.mechanism));
  result.now_mean_ns = static_cast<int64_t>(mechanism.mean());
  result.before_mean_ns = static_cast<int64_t>(baseline.mean_ns);
  bool comparable = baseline.known && !(cause.work && baseline.calls == 0);
  result.comparable = comparable || cause.comparable;
  double mean_saved = saved / static_cast<double>(kept_weight);
  bool worth = comparable ? passing.worth(kMaterialChange)
                          : mean_saved >= static_cast<double>(kMaterialNs) && saved / kept_path >= kMaterialShare;
  if (comparable) result.changed = has_changed(passing, baseline, error);
  result.material =
      worth && is_enough(now, operation, result, affected) && (comparable ? result.changed : cause.pathological);
  if (cause.fails) assess_failures(result, cause, operation, before, error);
  if (before != nullptr) result.before_p95_ns = Distribution(before->latencies).quantile(0.95);
  set_quantiles(result, std::move(retimed));
  return result;
}

}  // namespace culprit::analysis
