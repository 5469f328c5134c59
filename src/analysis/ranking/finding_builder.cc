#include "analysis/ranking/finding_builder.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>

#include "base/hash.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Fewer requests are not enough for a ranking (facts: quality.md §1.4).
constexpr int64_t kFewRequests = 10;
constexpr size_t kMaxSteps = 8;
// Steps of less than half a percent are not shown.
constexpr double kLeastStep = 0.005;
// A cause that explains less than a tenth of the first one's time is no rival of it.
constexpr double kLeastRival = 0.1;

std::string fill_share(std::string phrase, double share) {
  size_t at = phrase.find("{share}");
  if (at != std::string::npos) phrase.replace(at, 7, format_share(std::min(share, 1.0)));
  return phrase;
}

// Returns the path from the root to the cause: each service's own part of the path, the cause's last. The caller of the
// work is shown even if it spends no time, so that the path is complete.
std::vector<PathStep> path_of(const DetectorInput& input, const Ranked& ranked) {
  const Interner& names = input.now.names();
  const Operation& operation = input.now.operations()[ranked.impact.operation];
  std::map<TextId, std::pair<uint32_t, double>> services;  // service → (depth, time)
  std::set<TextId> asking;
  double blamed = 0, all = 0;
  for (const Request& request : operation.kept) {
    auto weight = static_cast<double>(request.weight);
    for (const Part& part : request.parts) {
      const CallNode& node = names.node(part.node);
      bool ours = ranked.cause.blamed(node);
      for (NodeId at = ours ? node.parent : NodeId::None; at != NodeId::None; at = names.node(at).parent) {
        const CallNode& above = names.node(at);
        if (above.service == node.service) continue;
        asking.insert(above.service);
        uint32_t& depth = services.emplace(above.service, std::pair{above.depth, 0.0}).first->second.first;
        depth = std::min(depth, above.depth);
      }
      auto& [depth, time] = services.emplace(node.service, std::pair{node.depth, 0.0}).first->second;
      depth = std::min(depth, node.depth);
      for (int kind = 0; kind < kParts; ++kind) {
        double ns = weight * static_cast<double>(part.ns[kind]);
        SectionKind section = kind == kUnknown ? SectionKind::Own : static_cast<SectionKind>(kind);
        (ranked.cause.blames(node, section) ? blamed : time) += ns;
        all += ns;
      }
    }
  }
  std::vector<std::pair<uint32_t, PathStep>> steps;
  for (const auto& [service, entry] : services)
    if (all > 0 && (asking.contains(service) || entry.second / all >= kLeastStep))
      steps.push_back({entry.first, {names.text(service), entry.second / all}});
  std::sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second.entity < b.second.entity;
  });
  if (steps.size() > kMaxSteps) steps.resize(kMaxSteps);
  std::vector<PathStep> path;
  for (auto& [depth, step] : steps) path.push_back(std::move(step));
  if (all > 0) path.push_back({"[" + ranked.cause.entity.kind + "]", blamed / all});
  return path;
}

// Returns the service that sends the request handled in a node: a call's own service, else the next other service
// above; nothing if there is none.
std::optional<TextId> sender_of(const Interner& names, const CallNode& node) {
  if (node.role == Role::Call) return node.service;
  for (NodeId at = node.parent; at != NodeId::None; at = names.node(at).parent)
    if (names.node(at).service != node.service) return names.node(at).service;
  return std::nullopt;
}

// Returns the sender of the cause's work in this operation: the service of the node above it with the most time.
std::pair<std::string, int32_t> caller_of(const DetectorInput& input, const Ranked& ranked) {
  const Interner& names = input.now.names();
  std::map<TextId, int64_t> callers;
  for (const Request& request : input.now.operations()[ranked.impact.operation].kept)
    for (const Part& part : request.parts) {
      const CallNode& node = names.node(part.node);
      if (!ranked.cause.blamed(node) || !ranked.cause.entity.kind.starts_with("s")) {
        if (ranked.cause.entity.kind != "lock" || !ranked.cause.blamed(node)) continue;
      }
      // Requests that wait because of a slow statement count for it, but their services did not send it.
      if (ranked.cause.cause == FindingClass::SlowStatement &&
          !same_statement(names, node.statement, ranked.cause.statement))
        continue;
      std::optional<TextId> caller = sender_of(names, node);
      if (caller) callers[*caller] += sum(part.ns) + 1;
    }
  std::optional<TextId> best;
  int64_t most = 0;
  for (auto [caller, ns] : callers)
    if (ns > most) best = caller, most = ns;
  if (!best) return {ranked.cause.caller, ranked.cause.caller_pid};
  int32_t pid = 0;
  auto statement = input.now.statements().find(ranked.cause.statement);
  if (statement != input.now.statements().end()) {
    auto found = statement->second.caller_pids.find(*best);
    if (found != statement->second.caller_pids.end()) pid = found->second;
  }
  return {names.text(*best), pid};
}

Confidence confidence_of(const Ranked& ranked, const Operation& operation, const Interval& saving, double next_score) {
  if (ranked.cause.cause == FindingClass::Unexplained || ranked.cause.exempt || operation.requests < kFewRequests)
    return Confidence::Low;
  bool clear = next_score * 2 <= ranked.score;
  // Removing the cause may save nothing if the saving's interval contains 0, or if there is no comparable work to give
  // an interval.
  if (ranked.cause.quality >= kObserved && clear && ranked.impact.comparable && saving.low_ns > 0)
    return Confidence::High;
  return ranked.cause.quality >= kInferred || clear ? Confidence::Medium : Confidence::Low;
}

void add_change(Finding& finding, const Impact& impact) {
  if (!impact.changed) return;
  finding.evidence.insert(finding.evidence.begin(),
                          EvidenceLine{"since the baseline: " + format_duration(impact.before_mean_ns) + " → " +
                                           format_duration(impact.now_mean_ns) + " on the critical path of " +
                                           format_count(impact.affected) + " requests (mean)",
                                       static_cast<double>(impact.now_mean_ns - impact.before_mean_ns),
                                       "ns",
                                       {},
                                       "observed"});
  finding.saving.assuming = "it costs what it did before";
}

std::string reproduce(const std::string& operation) {
  std::string pattern;
  for (char c : operation) {
    if (c == '\'')
      pattern += "''";
    else if (c == '"' || c == '\\' || c == '$' || c == '`')
      pattern += '_';  // special in the shell; '_' matches any character in LIKE
    else if (c == '?')
      pattern += '%';
    else
      pattern += c;
  }
  return "culprit sql \"SELECT count(*) AS requests, quantile_disc(duration_ns, 0.95) AS p95_ns FROM span WHERE name "
         "LIKE '" +
         pattern + "'\"";
}

int64_t requests_of(const WorkloadProfile& profile, bool requests_only = false) {
  int64_t requests = 0;
  for (const Operation& operation : profile.operations())
    if (!requests_only || !operation.statement) requests += operation.requests;
  return requests;
}

// Returns `lost` requests as a share of all requests, the lost ones included.
double lost_share(double lost, int64_t requests) {
  return lost / (lost + static_cast<double>(std::max<int64_t>(requests, 1)));
}

// Returns whether `other` is a rival: another explanation of the same requests' time.
bool is_rival(const WorkloadProfile& now, const Ranked& own, const Ranked& other) {
  if (other.cause.cause == FindingClass::Unexplained) return false;
  return measure_impact(other.cause, now, own.impact.operation, nullptr, 0).saved_ns >=
         kLeastRival * own.impact.saved_ns;
}

// Returns the share of requests whose loss could make another cause win. In the worst case all lost requests were as
// long
// as those that this cause slows, and slow only because of the rival, or of a cause that was not recorded.
double flip_of(const WorkloadProfile& now, const std::vector<Ranked>& ranked, size_t index) {
  const Ranked& own = ranked[index];
  double rival = 0, quality = kObserved;
  for (size_t i = index + 1; i < ranked.size(); ++i) {
    if (ranked[i].score <= rival || !is_rival(now, own, ranked[i])) continue;
    rival = ranked[i].score, quality = ranked[i].cause.quality;
  }
  auto path = static_cast<double>(now.path_ns());
  double missing_ns = (own.score - rival) * path / quality;
  double each_ns = own.impact.saved_ns / static_cast<double>(std::max<int64_t>(own.impact.affected, 1)) /
                   std::clamp(own.impact.share, 0.05, 1.0);
  if (missing_ns <= 0 || each_ns <= 0) return 0;
  // Loss affects all kinds alike: statements of a batch job do not count when the loss of requests is estimated.
  return lost_share(missing_ns / each_ns, requests_of(now, !now.operations()[own.impact.operation].statement));
}

// Without a finding: the number of lost requests, each as long as the slowest hundredth, at which their cause would be
// material.
double flip_of_healthy(const WorkloadProfile& now) {
  std::vector<Weighted> all;
  for (const Operation& operation : now.operations())
    all.insert(all.end(), operation.latencies.begin(), operation.latencies.end());
  int64_t each_ns = Distribution(std::move(all)).quantile(0.99);
  if (each_ns <= 0) return kMaterialShare;
  double missing_ns = static_cast<double>(now.path_ns()) * kMaterialOfAll / (1 - kMaterialOfAll);
  double lost = std::max(missing_ns / static_cast<double>(each_ns), static_cast<double>(kFewestAffected));
  return lost_share(lost, requests_of(now));
}

Finding make_finding(const DetectorInput& input, const std::vector<Ranked>& ranked, size_t index) {
  const Ranked& own = ranked[index];
  const Cause& cause = own.cause;
  const Impact& impact = own.impact;
  const Operation& operation = input.now.operations()[impact.operation];
  const Interner& names = input.now.names();
  Finding finding;
  finding.cause = cause.cause, finding.mechanism = cause.mechanism, finding.score = own.score;
  finding.trigger = cause.trigger;
  finding.entity = cause.entity, finding.holder = cause.holder, finding.inside = cause.inside;
  finding.operation = names.text(operation.name);
  std::tie(finding.caller, finding.caller_pid) = caller_of(input, own);
  finding.id = finding_id(cause, finding.caller, finding.operation);
  finding.title = fill_share(cause.phrase, impact.share);
  finding.what = cause.what;
  finding.effect = {impact.affected, std::min(impact.share, 1.0), impact.before_p95_ns, impact.p95_ns,
                    impact.p95_interval};
  finding.calls_per_request = impact.calls_per_request;
  finding.path = path_of(input, own);
  finding.evidence = cause.evidence, finding.against = cause.against;
  auto saved = [&](int64_t after) { return std::max<int64_t>(impact.p95_ns - after, 0); };
  finding.saving = {saved(impact.most_after_ns),
                    saved(impact.likely_after_ns),
                    {saved(impact.after.high_ns), saved(impact.after.low_ns)},
                    cause.assuming,
                    impact.comparable};
  add_change(finding, impact);
  double next_score = 0;
  for (size_t other = 0; other < ranked.size(); ++other) {
    const Ranked& next = ranked[other];
    if (other == index || next.score <= next_score || next.cause.cause == FindingClass::Unexplained) continue;
    if (other < index) continue;  // a cause that ranks higher is not the next best
    if (next.score < kLeastRival * own.score || !is_rival(input.now, own, next)) continue;
    next_score = next.score;
    finding.next_best = Finding::NextBest{next.cause.cause, next.cause.entity, next.score, next.cause.would_tell};
  }
  finding.confidence = confidence_of(own, operation, finding.saving.interval, next_score);
  if (impact.affected < kFewestAffected)
    finding.against.push_back("only " + format_count(impact.affected) +
                              (impact.affected == 1 ? " request is touched" : " requests are touched") +
                              ": too few to be sure; said because most of all time is theirs");
  finding.would_flip = "if ≥ " + format_share(flip_of(input.now, ranked, index)) + " of requests were lost";
  finding.exemplars = impact.exemplars;
  finding.reproduce = reproduce(finding.operation);
  finding.advice = cause.advice;
  return finding;
}

}  // namespace

std::string finding_id(const Cause& cause, std::string_view caller, std::string_view operation) {
  std::string key = std::string(to_string(cause.cause)) + "\n" + cause.entity.kind + "\n" + cause.entity.name + "\n" +
                    std::string(caller) + "\n" + std::string(operation);
  char text[24];
  std::snprintf(text, sizeof text, "f-%012llx", static_cast<unsigned long long>(hash64(key) >> 16));
  return text;
}

std::vector<Finding> make_findings(const DetectorInput& input, const std::vector<Ranked>& ranked) {
  std::vector<Finding> findings;
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (!ranked[i].finding) continue;
    findings.push_back(make_finding(input, ranked, i));
    findings.back().rank = static_cast<int>(findings.size());
  }
  return findings;
}

std::vector<OperationSummary> summarise(const WorkloadProfile& profile) {
  std::vector<OperationSummary> all;
  for (const Operation& operation : profile.operations()) {
    Distribution latencies(operation.latencies);
    OperationSummary summary;
    summary.name = profile.names().text(operation.name), summary.service = profile.names().text(operation.service);
    summary.requests = operation.requests, summary.errors = operation.errors, summary.unfinished = operation.unfinished;
    summary.p50_ns = latencies.quantile(0.5), summary.p95_ns = latencies.quantile(0.95),
    summary.p99_ns = latencies.quantile(0.99);
    summary.total_ns = operation.total_ns;
    all.push_back(std::move(summary));
  }
  std::sort(all.begin(), all.end(), [](const OperationSummary& a, const OperationSummary& b) {
    if (a.total_ns != b.total_ns) return a.total_ns > b.total_ns;
    return std::tie(a.name, a.service) < std::tie(b.name, b.service);
  });
  return all;
}

double flip_share(const DetectorInput& input, const std::vector<Ranked>& ranked) {
  if (ranked.empty() || !ranked[0].finding) return flip_of_healthy(input.now);
  return flip_of(input.now, ranked, 0);
}

double open_share(const DetectorInput& input, const std::vector<Ranked>& ranked) {
  int64_t open = 0;
  bool found = !ranked.empty() && ranked[0].finding;
  for (const Operation& operation : input.now.operations()) {
    if (operation.unfinished == 0) continue;
    int64_t slow_ns = Distribution(operation.latencies).quantile(0.95);
    for (const Request& request : operation.kept) {
      // A request that had just begun when the recording ended shows nothing.
      if (!request.unfinished || request.duration_ns < slow_ns) continue;
      bool explained = found && ranked[0].cause.saved(request).likely_ns * 2 >= request.duration_ns;
      open += explained ? 0 : request.weight;
    }
  }
  return lost_share(static_cast<double>(open), requests_of(input.now) - open);
}

}  // namespace culprit::analysis
