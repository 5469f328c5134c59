// diff: decides for every finding about BEFORE whether it is gone in AFTER, for every operation whether it got faster,
// and which causes are new.
#include <algorithm>

#include "analysis/answer/why.h"
#include "analysis/profile/contrast.h"
#include "analysis/profile/profile_builder.h"
#include "analysis/quality/quality.h"
#include "analysis/ranking/finding_builder.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Fewer requests are not enough for a comparison (facts: quality.md §1.4).
constexpr int64_t kFewRequests = 10;
// Smaller changes of a p95 also occur between two recordings of one healthy system.
constexpr double kLeastChange = 0.2;
constexpr int64_t kLeastChangeNs = 500'000;
// A tail alone counts if it is three times as long, and at least long enough to be noticed as a pause.
constexpr int64_t kHangs = 3, kHangsNs = 20'000'000;

const Operation* find_operation(const WorkloadProfile& profile, const std::string& name) {
  const Operation* most = nullptr;
  for (const Operation& operation : profile.operations())
    if (profile.names().text(operation.name) == name && (most == nullptr || operation.requests > most->requests))
      most = &operation;
  return most;
}

// The allowed false alarms are divided: half for operations reported as slower or faster, half for causes reported as
// new.
double half_of(const Question& question) { return question.false_alarms / 2; }
constexpr double kMeasures = 3;  // at each operation

const std::vector<Weighted>& latencies_of(const Operation* operation) {
  static const std::vector<Weighted> kNothing;
  return operation == nullptr ? kNothing : operation->latencies;
}

// The latencies of one operation in both recordings.
class LatencyContrast {
 public:
  LatencyContrast(const Operation* before, const Operation* after, double error)
      : was_(latencies_of(before)), is_(latencies_of(after)), before_(was_), after_(is_), error_(error / kMeasures) {}

  const Distribution& before() const { return before_; }
  const Distribution& after() const { return after_; }
  bool enough() const { return before_.weight() >= kFewRequests && after_.weight() >= kFewRequests; }

  // Judged by the p95, or by lower quantiles if there are too few requests for it. A dozen operations are compared at
  // the same time, and a delay of the disk changes one tail of them. Slower therefore means that ordinary requests are
  // slower too, or that the tail is far longer.
  std::string verdict() const {
    if (!enough()) return "too few";
    int64_t was = before_.quantile(0.95), is = after_.quantile(0.95);
    bool matters =
        std::abs(is - was) >= std::max(kLeastChangeNs, static_cast<int64_t>(kLeastChange * static_cast<double>(was)));
    if (!matters) return "same";
    if (is < was)
      return moved(Measure::P95) < 0 || moved(Measure::UpperQuartile) < 0 || moved(Measure::Median) < 0 ? "faster"
                                                                                                        : "same";
    if (moved(Measure::Median) > 0)
      return moved(Measure::P95) > 0 || moved(Measure::UpperQuartile) > 0 ? "slower" : "same";
    bool hangs = is >= kHangs * was && is - was >= kHangsNs;
    return hangs && moved(Measure::P95) > 0 ? "slower" : "same";
  }

 private:
  // Returns 1 or -1 if a quantile moved by more than chance, and by more than two recordings of one system differ.
  int moved(Measure measure) const {
    double q = measure == Measure::P95 ? 0.95 : measure == Measure::UpperQuartile ? 0.75 : 0.5;
    auto least = static_cast<int64_t>(kLeastChange * static_cast<double>(before_.quantile(q)));
    int64_t by = after_.quantile(q) - before_.quantile(q);
    if (std::abs(by) < least) return 0;
    Shift shift = contrast(was_, is_, measure, error_);
    return by > 0 && shift.more() ? 1 : by < 0 && shift.less() ? -1 : 0;
  }

  const std::vector<Weighted>&was_, &is_;
  Distribution before_, after_;
  double error_;
};

std::vector<OperationChange> compare_operations(const WorkloadProfile& before, const WorkloadProfile& after,
                                                double error, const CancelToken* cancel) {
  std::vector<OperationChange> changes;
  for (const OperationSummary& summary : summarise(before)) {
    if (!check_cancelled(cancel).has_value()) break;
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
    LatencyContrast latencies(was, is, error);
    change.after_requests = is == nullptr ? 0 : is->requests;
    change.after_p95_ns = latencies.after().quantile(0.95);
    change.after_interval = latencies.after().interval(0.95);
    change.verdict = latencies.verdict();
    changes.push_back(std::move(change));
  }
  return changes;
}

// Sets the verdict on one finding, with its reason.
void judge(FindingChange& change, const LatencyContrast& latencies, bool still_found) {
  if (latencies.after().weight() < kFewRequests) {
    change.verdict = "cannot_tell";
    change.why =
        "only " + format_count(latencies.after().weight()) + " requests of " + change.finding.operation + " after";
    return;
  }
  std::string speed = latencies.verdict();
  if (still_found) {
    change.verdict = "not_fixed";
    change.why = "the same cause is found again" + std::string(speed == "faster" ? ", though smaller" : "");
  } else if (speed == "faster") {
    change.verdict = "fixed";
    change.why = "the cause is gone and " + change.finding.operation + " is faster";
  } else if (latencies.before().weight() < kFewRequests) {
    change.verdict = "cannot_tell";
    change.why =
        "only " + format_count(latencies.before().weight()) + " requests of " + change.finding.operation + " before";
  } else if (speed == "slower") {
    change.verdict = "not_fixed";
    change.why = change.finding.operation + " is slower than before";
  } else {
    change.verdict = "cannot_tell";
    change.why = "the cause is not found again, but " + change.finding.operation +
                 " is not clearly faster: such a difference is within chance";
  }
}

FindingChange change_of(const Finding& finding, const WorkloadProfile& before, const WorkloadProfile& after,
                        const Answer& again, double error) {
  FindingChange change;
  change.finding = finding;
  const Operation* was = find_operation(before, finding.operation);
  const Operation* is = was == nullptr ? nullptr : same_operation(after, *was);
  if (is == nullptr) is = find_operation(after, finding.operation);
  LatencyContrast latencies(was, is, error);
  change.before_ns = finding.effect.after_ns;
  change.after_ns = latencies.after().quantile(0.95);
  change.after_interval = latencies.after().interval(0.95);
  if (finding.saving.comparable)
    change.predicted = {
        change.before_ns - finding.saving.likely_ns,
        {change.before_ns - finding.saving.interval.high_ns, change.before_ns - finding.saving.interval.low_ns}};
  bool still = std::any_of(again.findings.begin(), again.findings.end(), [&](const Finding& other) {
    bool same_thing = other.cause == finding.cause && other.entity.kind == finding.entity.kind &&
                      other.entity.name == finding.entity.name;
    return other.id == finding.id || same_thing;
  });
  judge(change, latencies, still);
  if (change.verdict != "fixed" || !change.predicted) return change;
  const Interval& interval = change.predicted->interval;
  bool inside = change.after_ns >= interval.low_ns && change.after_ns <= interval.high_ns;
  change.prediction = inside ? "inside" : "outside";
  return change;
}

// Returns the causes of AFTER that are found by comparison with BEFORE and were not in BEFORE. A cause found in AFTER
// alone may have been there before, just below the threshold.
std::vector<Finding> appeared(const Answer& before, const Answer& compared) {
  std::vector<Finding> fresh;
  for (const Finding& finding : compared.findings) {
    bool known = std::any_of(before.findings.begin(), before.findings.end(), [&](const Finding& other) {
      return other.cause == finding.cause && other.entity.name == finding.entity.name &&
             other.operation == finding.operation;
    });
    if (finding.cause == FindingClass::Unexplained || known) continue;
    fresh.push_back(finding);
    fresh.back().rank = static_cast<int>(fresh.size());
  }
  return fresh;
}

Verdict worse(Verdict a, Verdict b) { return std::max(a, b); }

}  // namespace

Result<Comparison> diff(Reader& before, Reader& after, DatabaseInspector* inspector, const Question& question) {
  Question about_before = question, about_after = question;
  about_before.source = question.baseline_source.empty() ? question.source : question.baseline_source;
  about_before.baseline_source.clear();
  // The database is asked after the fix: its answer is no evidence about BEFORE.
  Answer then = TRY(why(before, nullptr, nullptr, about_before));
  about_after.baseline_source.clear();
  Answer now = TRY(why(after, nullptr, inspector, about_after));
  Question about_change = question;
  about_change.false_alarms = half_of(question);
  Answer compared = TRY(why(after, &before, nullptr, about_change));

  Interner names;
  ProfileBuilder was(names), is(names);
  TRY(was.read(before, nullptr, about_before));
  TRY(is.read(after, nullptr, about_after));
  Comparison comparison;
  comparison.before = about_before.source, comparison.after = question.source;
  comparison.before_from_ns = then.from_ns, comparison.before_to_ns = then.to_ns;
  comparison.from_ns = now.from_ns, comparison.to_ns = now.to_ns;
  comparison.false_alarms = question.false_alarms;
  auto operations = static_cast<double>(std::max<size_t>(was.profile().operations().size(), 1));
  double error = half_of(question) / operations;
  for (const Finding& finding : then.findings)
    if (finding.cause != FindingClass::Unexplained)  // an unexplained finding cannot be fixed
      comparison.findings.push_back(change_of(finding, was.profile(), is.profile(), now, error));
  comparison.operations = compare_operations(was.profile(), is.profile(), error, question.cancel);
  TRY(check_cancelled(question.cancel));
  comparison.appeared = appeared(then, compared);
  comparison.verdict = worse(then.verdict, now.verdict);
  comparison.quality = now.quality;
  for (const LedgerRow& row : then.quality.rows) comparison.quality.rows.push_back(row);
  return comparison;
}

}  // namespace culprit::analysis
