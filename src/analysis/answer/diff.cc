// diff: for every finding about BEFORE, whether AFTER is rid of it; for every operation, whether it got faster; and what is new.
#include <algorithm>

#include "analysis/answer/why.h"
#include "analysis/profile/profile_builder.h"
#include "analysis/quality/quality.h"
#include "analysis/ranking/finding_builder.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Fewer requests don't carry a comparison (facts: quality.md §1.4).
constexpr int64_t kFewRequests = 10;
// Smaller changes of a p95 are within what two recordings of one healthy system differ by.
constexpr double kLeastChange = 0.2;
constexpr int64_t kLeastChangeNs = 500'000;
// A tail alone counts where it is three times as long, and by what adds up to a pause.
constexpr int64_t kHangs = 3, kHangsNs = 20'000'000;

const Operation* find_operation(const WorkloadProfile& population, const std::string& name) {
  const Operation* most = nullptr;
  for (const Operation& operation : population.operations())
    if (population.names().text(operation.name) == name && (most == nullptr || operation.requests > most->requests))
      most = &operation;
  return most;
}

// Whether a quantile moved beyond both its intervals, and by more than two recordings of one system differ.
bool moved(const Distribution& before, const Distribution& after, double q, bool faster) {
  Interval was = before.interval(q), is = after.interval(q);
  auto least = static_cast<int64_t>(kLeastChange * static_cast<double>(before.quantile(q)));
  int64_t by = before.quantile(q) - after.quantile(q);
  return faster ? by >= least && is.high_ns < was.low_ns : -by >= least && is.low_ns > was.high_ns;
}

// Judged by the p95; where too few requests leave it a wide interval, by the quantiles below, which they know better. A dozen
// operations are compared at once, and a disk's hiccup moves one tail of them: slower is only what its ordinary requests feel
// as well, or what hangs.
std::string compare(const Distribution& before, const Distribution& after) {
  if (before.weight() < kFewRequests || after.weight() < kFewRequests) return "too few";
  int64_t was = before.quantile(0.95), is = after.quantile(0.95);
  bool matters =
      std::abs(is - was) >= std::max(kLeastChangeNs, static_cast<int64_t>(kLeastChange * static_cast<double>(was)));
  if (!matters) return "same";
  if (is < was) {
    for (double q : {0.95, 0.75, 0.5})
      if (moved(before, after, q, true)) return "faster";
    return "same";
  }
  bool hangs = is >= kHangs * was && is - was >= kHangsNs;
  return moved(before, after, 0.95, false) && (moved(before, after, 0.5, false) || hangs) ? "slower" : "same";
}

std::vector<OperationChange> compare_operations(const WorkloadProfile& before, const WorkloadProfile& after) {
  std::vector<OperationChange> changes;
  for (const OperationSummary& summary : summarise(before)) {
    OperationChange change;
    change.name = summary.name;
    change.before_requests = summary.requests;
    change.before_p95_ns = summary.p95_ns;
    const Operation* was = nullptr;
    for (const Operation& operation : before.operations())
      if (before.names().text(operation.name) == summary.name &&
          before.names().text(operation.service) == summary.service)
        was = &operation;
    const Operation* is = was == nullptr ? nullptr : same_operation(after, *was);
    if (is == nullptr) is = find_operation(after, summary.name);
    Distribution then(was == nullptr ? std::vector<Weighted>() : was->latencies),
        now(is == nullptr ? std::vector<Weighted>() : is->latencies);
    change.after_requests = is == nullptr ? 0 : is->requests;
    change.after_p95_ns = now.quantile(0.95);
    change.after_interval = now.interval(0.95);
    change.verdict = compare(then, now);
    changes.push_back(std::move(change));
  }
  return changes;
}

// The verdict on one finding, with its reason.
void judge(FindingChange& change, const Distribution& before, const Distribution& after, bool still_found) {
  if (after.weight() < kFewRequests) {
    change.verdict = "cannot_tell";
    change.why = "only " + format_count(after.weight()) + " requests of " + change.finding.operation + " after";
    return;
  }
  std::string speed = compare(before, after);
  if (still_found) {
    change.verdict = "not_fixed";
    change.why = "the same cause is found again" + std::string(speed == "faster" ? ", though smaller" : "");
  } else if (speed == "faster") {
    change.verdict = "fixed";
    change.why = "the cause is gone and " + change.finding.operation + " is faster";
  } else if (before.weight() < kFewRequests) {
    change.verdict = "cannot_tell";
    change.why = "only " + format_count(before.weight()) + " requests of " + change.finding.operation + " before";
  } else if (speed == "slower") {
    change.verdict = "not_fixed";
    change.why = change.finding.operation + " is slower than before";
  } else {
    change.verdict = "cannot_tell";
    change.why = "the cause is not found again, but " + change.finding.operation +
                 " is not clearly faster: the intervals overlap";
  }
}

FindingChange change_of(const Finding& finding, const WorkloadProfile& before, const WorkloadProfile& after,
                        const Answer& again) {
  FindingChange change;
  change.finding = finding;
  const Operation* was = find_operation(before, finding.operation);
  const Operation* is = was == nullptr ? nullptr : same_operation(after, *was);
  if (is == nullptr) is = find_operation(after, finding.operation);
  Distribution then(was == nullptr ? std::vector<Weighted>() : was->latencies),
      now(is == nullptr ? std::vector<Weighted>() : is->latencies);
  change.before_ns = finding.effect.after_ns;
  change.after_ns = now.quantile(0.95);
  change.after_interval = now.interval(0.95);
  change.predicted_ns = change.before_ns - finding.saving.likely_ns;
  change.predicted_interval = {change.before_ns - finding.saving.interval.high_ns,
                               change.before_ns - finding.saving.interval.low_ns};
  bool still = std::any_of(again.findings.begin(), again.findings.end(), [&](const Finding& other) {
    bool same_thing = other.cause == finding.cause && other.entity.kind == finding.entity.kind &&
                      other.entity.name == finding.entity.name;
    return other.id == finding.id || same_thing;
  });
  judge(change, then, now, still);
  bool judged = change.verdict == "fixed";
  bool inside =
      change.after_ns >= change.predicted_interval.low_ns && change.after_ns <= change.predicted_interval.high_ns;
  change.prediction = !judged ? "none" : inside ? "inside" : "outside";
  return change;
}

// Causes that AFTER has by itself, or by comparison with BEFORE, and BEFORE had not.
std::vector<Finding> appeared(const Answer& before, const Answer& after, const Answer& compared) {
  std::vector<Finding> fresh;
  auto known = [](const std::vector<Finding>& findings, const Finding& finding) {
    return std::any_of(findings.begin(), findings.end(), [&](const Finding& other) {
      return other.cause == finding.cause && other.entity.name == finding.entity.name &&
             other.operation == finding.operation;
    });
  };
  for (const std::vector<Finding>* findings : {&compared.findings, &after.findings})
    for (const Finding& finding : *findings)
      if (finding.cause != FindingClass::Unexplained && !known(before.findings, finding) && !known(fresh, finding))
        fresh.push_back(finding);
  for (size_t i = 0; i < fresh.size(); ++i) fresh[i].rank = static_cast<int>(i) + 1;
  return fresh;
}

Verdict worse(Verdict a, Verdict b) { return std::max(a, b); }

}  // namespace

Result<Comparison> diff(Reader& before, Reader& after, DatabaseInspector* inquiry, const Question& question) {
  Question about_before = question, about_after = question;
  about_before.source = question.baseline_source.empty() ? question.source : question.baseline_source;
  about_before.baseline_source.clear();
  // The database is as it is after the fix: what it says now is no witness of BEFORE.
  Answer then = TRY(why(before, nullptr, nullptr, about_before));
  about_after.baseline_source.clear();
  Answer now = TRY(why(after, nullptr, inquiry, about_after));
  Answer compared = TRY(why(after, &before, nullptr, question));

  Interner names;
  ProfileBuilder was(names), is(names);
  TRY(was.read(before, nullptr, about_before));
  TRY(is.read(after, nullptr, about_after));
  Comparison comparison;
  comparison.before = about_before.source, comparison.after = question.source;
  for (const Finding& finding : then.findings)
    if (finding.cause != FindingClass::Unexplained)  // nobody can fix what nobody could name
      comparison.findings.push_back(change_of(finding, was.population(), is.population(), now));
  comparison.operations = compare_operations(was.population(), is.population());
  comparison.appeared = appeared(then, now, compared);
  comparison.verdict = worse(then.verdict, now.verdict);
  comparison.quality = now.quality;
  for (const LedgerRow& row : then.quality.rows) comparison.quality.rows.push_back(row);
  return comparison;
}

}  // namespace culprit::analysis
