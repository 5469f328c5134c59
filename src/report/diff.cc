#include "base/text.h"
#include "report/json_parts.h"
#include "report/paragraph.h"
#include "report/render.h"
#include "report/words.h"

namespace culprit::report {

namespace {

std::string verdict_word(const FindingChange& change) {
  if (change.verdict == "fixed") return "FIXED";
  if (change.verdict == "not_fixed") return "NOT FIXED";
  return "CAN'T TELL";
}

void put_change(Paragraph& out, const FindingChange& change) {
  constexpr int kLabelWidth = 12;
  std::string text = printable(change.finding.operation);
  if (change.before_ns > 0 && change.after_ns > 0)
    text += " p95 " + change_text(change.before_ns, change.after_ns, change.after_interval);
  if (change.predicted) {
    text += ", predicted " + format_duration(change.predicted->p95_ns) + " (" +
            interval_text(change.predicted->interval) + ")";
    if (change.prediction == "outside") text += ": outside";
  }
  Style style = change.verdict == "fixed" ? Style::Green : change.verdict == "not_fixed" ? Style::Red : Style::Yellow;
  out.labelled(0, verdict_word(change), kLabelWidth, text, style);
  const Entity& entity = change.finding.entity;
  out.labelled(
      0, "", kLabelWidth,
      cause_name(change.finding) + ": " + printable(entity.statement.empty() ? entity.name : entity.statement));
  if (!change.why.empty()) out.labelled(0, "", kLabelWidth, printable(change.why));
}

std::string operations_text(const Comparison& comparison) {
  size_t slower = 0;
  std::string names;
  for (const OperationChange& operation : comparison.operations) {
    if (operation.verdict != "slower") continue;
    if (slower++ < 5)
      names += (names.empty() ? "" : ", ") + printable(operation.name) + " p95 " +
               change_text(operation.before_p95_ns, operation.after_p95_ns, operation.after_interval);
  }
  std::string total = plural(static_cast<int64_t>(comparison.operations.size()), "operation");
  return slower == 0 ? "nothing slower (" + total + ")"
                     : plural(static_cast<int64_t>(slower), "operation") + " of " + total + " slower: " + names;
}

}  // namespace

std::string diff_text(const Comparison& comparison, const Look& look) {
  constexpr int kLabelWidth = 12;
  Paragraph out(look.width, look.color);
  std::string verdict = comparison.verdict == Verdict::NoData ? "no data" : std::string(to_string(comparison.verdict));
  out.both_ends(0, printable(comparison.before) + " → " + printable(comparison.after), "verdict: " + verdict,
                Style::Bold);
  for (const FindingChange& change : comparison.findings) put_change(out, change);
  if (comparison.findings.empty()) out.line(0, "no cause was found before");
  for (const OperationChange& operation : comparison.operations) {
    if (operation.verdict != "faster") continue;
    out.labelled(0, "faster", kLabelWidth,
                 printable(operation.name) + " p95 " +
                     change_text(operation.before_p95_ns, operation.after_p95_ns, operation.after_interval));
  }
  out.labelled(0, "besides", kLabelWidth, operations_text(comparison));
  for (const Finding& finding : comparison.appeared)
    out.labelled(0, "new", kLabelWidth, cause_name(finding) + ": " + printable(finding.title), Style::Red);
  if (look.window) {
    out.labelled(0, "before", kLabelWidth, window_text(comparison.before_from_ns, comparison.before_to_ns, look.zone));
    out.labelled(0, "after", kLabelWidth, window_text(comparison.from_ns, comparison.to_ns, look.zone));
  }
  out.labelled(0, "error", kLabelWidth, false_alarms_text(comparison.false_alarms));
  out.labelled(0, "trust", kLabelWidth, account_text(comparison.quality.account, comparison.quality.rows));
  return out.take();
}

std::string diff_json(const Comparison& comparison) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.diff/1").member("verdict", to_string(comparison.verdict));
  json.member("before", comparison.before).member("after", comparison.after);
  json.member("false_alarms", comparison.false_alarms);
  json.key("findings").begin_array();
  for (const FindingChange& change : comparison.findings) {
    json.begin_object()
        .member("verdict", change.verdict)
        .member("before_ns", change.before_ns)
        .member("after_ns", change.after_ns);
    write_interval(json, "after_interval", change.after_interval);
    if (change.predicted) {
      json.member("predicted_ns", change.predicted->p95_ns);
      write_interval(json, "predicted_interval", change.predicted->interval);
    } else {
      json.key("predicted_ns").null();
      json.key("predicted_interval").null();
    }
    json.member("prediction", change.prediction).member("why", change.why).key("finding");
    write_finding(json, change.finding);
    json.end_object();
  }
  json.end_array().key("operations").begin_array();
  for (const OperationChange& operation : comparison.operations) {
    json.begin_object().member("name", operation.name).member("before_requests", operation.before_requests);
    json.member("after_requests", operation.after_requests).member("before_p95_ns", operation.before_p95_ns);
    json.member("after_p95_ns", operation.after_p95_ns);
    write_interval(json, "after_interval", operation.after_interval);
    json.member("verdict", operation.verdict).end_object();
  }
  json.end_array().key("appeared").begin_array();
  for (const Finding& finding : comparison.appeared) write_finding(json, finding);
  json.end_array();
  write_quality(json, comparison.quality);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace culprit::report
