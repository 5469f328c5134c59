#include "analysis/answer/why.h"

#include <algorithm>

#include "analysis/profile/profile_builder.h"
#include "analysis/quality/quality.h"
#include "analysis/ranking/finding_builder.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Returns whether the finding is in the question's focus.
bool in_focus(const Finding& finding, const Question& question) {
  auto within = [](const std::string& wanted, std::string_view text) {
    return wanted.empty() || text.find(wanted) != std::string_view::npos;
  };
  return within(question.operation, finding.operation) && within(question.statement, finding.entity.statement) &&
         (question.service.empty() || finding.entity.name == question.service || finding.caller == question.service ||
          std::any_of(finding.path.begin(), finding.path.end(),
                      [&](const PathStep& s) { return s.entity == question.service; }));
}

std::string healthy_summary(const Answer& answer) {
  int64_t requests = 0;
  for (const OperationSummary& operation : answer.operations) requests += operation.requests;
  std::string looked = format_count(requests) + " requests of " +
                       format_count(static_cast<int64_t>(answer.operations.size())) +
                       (answer.operations.size() == 1 ? " operation" : " operations");
  if (answer.operations.empty()) return "no requests were seen";
  const OperationSummary& first = answer.operations.front();
  return "Nothing stands out: looked at " + looked + " in " + format_duration(answer.to_ns - answer.from_ns) +
         "; most time is " + first.name + "'s, p95 " + format_duration(first.p95_ns);
}

const OperationSummary* operation_of(const Answer& answer, const Finding& finding) {
  for (const OperationSummary& operation : answer.operations)
    if (operation.name == finding.operation) return &operation;
  return nullptr;
}

// Returns the path time of a finding, over all requests of its operation.
double path_ns(const Answer& answer, const Finding& finding) {
  const OperationSummary* operation = operation_of(answer, finding);
  return operation == nullptr ? 0 : finding.effect.share_of_path * static_cast<double>(operation->total_ns);
}

// Returns the finding with the most path time, among the unexplained ones or among the others; null: none.
const Finding* largest(const Answer& answer, bool unexplained) {
  const Finding* found = nullptr;
  for (const Finding& finding : answer.findings)
    if ((finding.cause == FindingClass::Unexplained) == unexplained &&
        (found == nullptr || path_ns(answer, finding) > path_ns(answer, *found)))
      found = &finding;
  return found;
}

void set_summary(Answer& answer) {
  auto named = [](const Finding& finding) { return finding.cause != FindingClass::Unexplained; };
  auto first = std::find_if(answer.findings.begin(), answer.findings.end(), named);
  const Finding* rest = largest(answer, true);
  if (!answer.operations.empty()) answer.operation = answer.operations.front();
  if (first == answer.findings.end() && rest == nullptr) {
    answer.summary = healthy_summary(answer);
    return;
  }
  const Finding& about = first == answer.findings.end() ? *rest : *first;
  answer.focus = about.operation;
  if (const OperationSummary* operation = operation_of(answer, about)) answer.operation = *operation;
  const std::string likely = answer.verdict == Verdict::Undecided ? "most likely, " : "";
  answer.summary = likely + about.operation + " is slow: " + about.title;
  if (rest == nullptr || &about == rest || path_ns(answer, *rest) <= path_ns(answer, *largest(answer, false))) return;
  answer.summary +=
      "; the largest share is unexplained: " + format_share(rest->effect.share_of_path) + " of " + rest->operation;
}

void set_not_seen(Answer& answer, const WorkloadProfile& now, bool asked) {
  if (answer.baseline_kind == "none")
    answer.not_seen.push_back("no baseline (only where the time goes, not what changed)");
  bool watched =
      std::any_of(now.statements().begin(), now.statements().end(), [](const auto& s) { return s.second.served > 0; });
  if (!watched && !now.statements().empty())
    answer.not_seen.push_back("whether the database ran, read or waited: these traces do not tell");
  if (!asked && !now.statements().empty() && watched) answer.not_seen.push_back("the database was not asked (--ask)");
  if (now.opaque_roots() > 0)
    answer.not_seen.push_back("what " + format_count(now.opaque_roots()) +
                              " exchanges were about: their protocol is not known");
  if (now.begun_before() > 0)
    answer.not_seen.push_back("what " + format_count(now.begun_before()) +
                              " requests asked for: sent before the recording, or in a gap of it");
}

// Sets the commands of the answer, in a form that can be copied to a shell.
void set_commands(Answer& answer, const Question& question) {
  for (Finding& finding : answer.findings)
    if (!finding.reproduce.empty()) finding.reproduce += " -s " + shell_quoted(question.source);
  if (answer.findings.empty()) {
    answer.next_command = "culprit quality " + shell_quoted(question.source);
    return;
  }
  const Finding& first = answer.findings.front();
  if (!first.exemplars.empty())
    answer.next_command = "culprit show " + to_hex(first.exemplars.front()) + " -s " + shell_quoted(question.source);
}

}  // namespace

Result<Answer> why(Reader& reader, Reader* baseline, DatabaseInspector* inspector, const Question& question) {
  Interner names;
  ProfileBuilder builder(names);
  TRY(builder.read(reader, inspector, question));
  ProfileBuilder before(names);
  Question all_time = question;
  all_time.from_ns = INT64_MIN, all_time.to_ns = INT64_MAX;
  if (baseline != nullptr) TRY(before.read(*baseline, nullptr, all_time));

  const WorkloadProfile& now = builder.profile();
  const CpuUsage cpu = measure_cpu_usage(now);
  DetectorInput input{now, baseline == nullptr ? nullptr : &before.profile(), cpu};
  input.false_alarms = question.false_alarms;
  input.cancel = question.cancel;
  TRY(check_cancelled(question.cancel));
  std::vector<Ranked> ranked = rank_causes(input, inspector);
  TRY(check_cancelled(question.cancel));
  Answer answer;
  answer.source = question.source;
  answer.baseline_kind = baseline == nullptr ? "none" : "given";
  answer.baseline_source = question.baseline_source;
  answer.false_alarms = baseline == nullptr ? 0 : question.false_alarms;
  if (now.begin_ns() <= now.end_ns()) answer.from_ns = now.begin_ns(), answer.to_ns = now.end_ns();
  answer.operations = summarise(now);
  answer.findings = make_findings(input, ranked);
  std::erase_if(answer.findings, [&](const Finding& finding) { return !in_focus(finding, question); });
  for (size_t i = 0; i < answer.findings.size(); ++i) answer.findings[i].rank = static_cast<int>(i) + 1;

  Seen seen = builder.seen();
  for (const Finding& finding : answer.findings)
    seen.holder_asleep |=
        finding.cause == FindingClass::LockWait && finding.mechanism != Mechanism::Mutex && !finding.holder;
  DataQuality assessed = TRY(assess(reader, seen));
  assessed.open_share = open_share(input, ranked);
  answer.verdict = verdict_of(assessed, seen, flip_share(input, ranked));
  for (const std::string& problem : builder.problems()) assessed.quality.unknown.push_back(problem);
  answer.quality = std::move(assessed.quality);
  for (Finding& finding : answer.findings)
    finding.would_flip += "; counted loss: " + (assessed.lost_share > 0 ? format_share(assessed.lost_share) : "0");
  set_summary(answer);
  set_not_seen(answer, now, builder.asked());
  if (inspector != nullptr) answer.asked = inspector->said();
  set_commands(answer, question);
  return answer;
}

}  // namespace culprit::analysis
