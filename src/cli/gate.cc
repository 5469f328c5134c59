#include "cli/gate.h"

#include <algorithm>

namespace culprit::cli {

namespace {

bool cannot_tell(Verdict verdict) { return verdict == Verdict::Undecided || verdict == Verdict::NoData; }

bool has_class(const std::vector<Finding>& findings, const std::string& name) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& finding) { return name == "any" || name == to_string(finding.cause); });
}

// Returns whether an operation is slower, or a new cause appeared since the baseline.
bool regressed(const Comparison& comparison) {
  return !comparison.appeared.empty() ||
         std::any_of(comparison.operations.begin(), comparison.operations.end(),
                     [](const OperationChange& operation) { return operation.verdict == "slower"; });
}

}  // namespace

Result<void> check_conditions(const Options& options, Baseline baseline) {
  bool regression = std::find(options.fail_on.begin(), options.fail_on.end(), "regression") != options.fail_on.end();
  if (!regression || baseline == Baseline::Given) return {};
  return Error{Error::Kind::Usage, "--fail-on regression needs a baseline to compare with",
               "give two sources, the baseline first, to why or to diff"};
}

int gate_status(const Options& options, const Answer& answer, const Comparison* comparison) {
  if (options.fail_on.empty()) return 0;
  if (cannot_tell(answer.verdict) || (comparison != nullptr && cannot_tell(comparison->verdict))) return 4;
  for (const std::string& condition : options.fail_on)
    if (condition == "regression" ? comparison != nullptr && regressed(*comparison)
                                  : has_class(answer.findings, condition))
      return 1;
  return 0;
}

int gate_status(const Options& options, const Comparison& comparison) {
  if (options.fail_on.empty()) return 0;
  if (cannot_tell(comparison.verdict)) return 4;
  for (const std::string& condition : options.fail_on)
    if (condition == "regression" || condition == "any" ? regressed(comparison)
                                                        : has_class(comparison.appeared, condition))
      return 1;
  return 0;
}

}  // namespace culprit::cli
