#include "report/json_parts.h"
#include "report/render.h"

namespace culprit::report {

namespace {

void write_operation(JsonWriter& json, const OperationSummary& operation) {
  json.begin_object().member("name", operation.name).member("service", operation.service);
  json.member("requests", operation.requests)
      .member("errors", operation.errors)
      .member("unfinished", operation.unfinished);
  json.member("p50_ns", operation.p50_ns).member("p95_ns", operation.p95_ns).member("p99_ns", operation.p99_ns);
  json.member("total_ns", operation.total_ns).end_object();
}

void write_lines(JsonWriter& json, std::string_view name, const std::vector<std::string>& lines) {
  json.key(name).begin_array();
  for (const std::string& line : lines) json.value(line);
  json.end_array();
}

}  // namespace

std::string why_json(const Answer& answer) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.why/1").member("verdict", to_string(answer.verdict));
  json.member("source", answer.source);
  json.key("window").begin_object().member("from_ns", answer.from_ns).member("to_ns", answer.to_ns).end_object();
  json.key("baseline").begin_object().member("kind", answer.baseline_kind);
  if (!answer.baseline_source.empty()) json.member("source", answer.baseline_source);
  if (answer.false_alarms > 0) json.member("false_alarms", answer.false_alarms);
  json.end_object();
  json.member("focus", answer.focus).member("summary", answer.summary);
  json.key("operations").begin_array();
  for (const OperationSummary& operation : answer.operations) write_operation(json, operation);
  json.end_array();
  json.key("findings").begin_array();
  for (const Finding& finding : answer.findings) write_finding(json, finding);
  json.end_array();
  write_lines(json, "not_seen", answer.not_seen);
  write_lines(json, "asked", answer.asked);
  write_quality(json, answer.quality);
  json.end_object();
  return json.take() + "\n";
}

}  // namespace culprit::report
