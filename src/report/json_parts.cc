#include "report/json_parts.h"

namespace culprit::report {

namespace {

void write_entity(JsonWriter& json, std::string_view name, const Entity& entity) {
  json.key(name).begin_object().member("kind", entity.kind).member("name", entity.name);
  if (!entity.instance.empty()) json.member("instance", entity.instance);
  if (!entity.system.empty()) json.member("system", entity.system);
  if (!entity.statement.empty()) json.member("statement", entity.statement);
  if (entity.pid != 0) json.member("pid", entity.pid);
  json.end_object();
}

void write_evidence(JsonWriter& json, const EvidenceLine& line) {
  json.begin_object().member("text", line.text);
  if (!line.unit.empty()) json.member("value", line.value).member("unit", line.unit);
  if (line.interval) write_interval(json, "interval", *line.interval);
  json.member("how", line.how).end_object();
}

void write_inside(JsonWriter& json, const WaitSums& waits) {
  if (!waits.known) return;
  json.key("inside").begin_object();
  for (int i = 0; i < kWaits; ++i) json.member(std::string(to_string(static_cast<Wait>(i))) + "_ns", waits.ns[i]);
  json.end_object();
}

void write_next_best(JsonWriter& json, const Finding& finding) {
  json.key("next_best");
  if (!finding.next_best) {
    json.null();
    return;
  }
  json.begin_object().member("class", to_string(finding.next_best->cause));
  write_entity(json, "entity", finding.next_best->entity);
  json.member("score", finding.next_best->score).member("what_would_tell", finding.next_best->what_would_tell);
  json.end_object();
}

void write_effect(JsonWriter& json, const Finding& finding) {
  const auto& effect = finding.effect;
  json.key("effect").begin_object().member("requests", effect.requests).member("share_of_path", effect.share_of_path);
  if (effect.before_ns != 0) json.member("before_ns", effect.before_ns);
  json.member("after_ns", effect.after_ns);
  write_interval(json, "interval", effect.interval);
  json.end_object();
  json.key("path").begin_array();
  for (const PathStep& step : finding.path)
    json.begin_object().member("entity", step.entity).member("share", step.share).end_object();
  json.end_array();
}

}  // namespace

void write_interval(JsonWriter& json, std::string_view name, const Interval& interval) {
  json.key(name).begin_object().member("low_ns", interval.low_ns).member("high_ns", interval.high_ns).end_object();
}

void write_counts(JsonWriter& json, std::string_view name, const UnitCounts& counts) {
  json.key(name).begin_object();
  for (auto& [unit, n] : counts) json.member(unit, n);
  json.end_object();
}

void write_account(JsonWriter& json, const Account& account) {
  write_counts(json, "received", account.received);
  write_counts(json, "stored", account.stored);
  write_counts(json, "accounted", account.accounted);
}

void write_rows(JsonWriter& json, std::string_view name, const std::vector<LedgerRow>& rows) {
  json.key(name).begin_array();
  for (const LedgerRow& row : rows) {
    json.begin_object().member("time_ns", row.time_ns).member("source", row.source).member("service", row.service);
    json.member("stage", row.stage).member("kind", row.kind).member("unit", row.unit).member("n", row.n);
    json.member("evidence", to_string(row.evidence)).member("detail", row.detail).end_object();
  }
  json.end_array();
}

void write_quality(JsonWriter& json, const Quality& quality) {
  json.key("quality").begin_object();
  write_account(json, quality.account);
  json.key("unknown").begin_array();
  for (const std::string& line : quality.unknown) json.value(line);
  json.end_array();
  write_rows(json, "rows", quality.rows);
  json.end_object();
}

namespace {

void write_saving(JsonWriter& json, const Finding::Saving& saving) {
  json.key("saving").begin_object().member("most_ns", saving.most_ns);
  if (saving.comparable) {
    json.member("likely_ns", saving.likely_ns);
    write_interval(json, "interval", saving.interval);
  } else {
    json.key("likely_ns").null();
    json.key("interval").null();
  }
  json.member("assuming", saving.assuming).end_object();
}

}  // namespace

void write_finding(JsonWriter& json, const Finding& finding) {
  json.begin_object().member("id", finding.id).member("rank", finding.rank).member("class", to_string(finding.cause));
  json.member("mechanism", to_string(finding.mechanism)).member("trigger", finding.trigger);
  json.member("confidence", to_string(finding.confidence)).member("score", finding.score);
  write_entity(json, "entity", finding.entity);
  if (finding.holder) write_entity(json, "holder", *finding.holder);
  if (!finding.caller.empty()) {
    json.key("caller").begin_object().member("service", finding.caller);
    if (finding.caller_pid != 0) json.member("pid", finding.caller_pid);
    json.end_object();
  }
  json.member("operation", finding.operation).member("calls_per_request", finding.calls_per_request);
  json.member("title", finding.title).member("what", finding.what);
  write_effect(json, finding);
  write_inside(json, finding.inside);
  json.key("evidence").begin_array();
  for (const EvidenceLine& line : finding.evidence) write_evidence(json, line);
  json.end_array();
  json.key("against").begin_array();
  for (const std::string& line : finding.against) json.begin_object().member("text", line).end_object();
  json.end_array();
  write_next_best(json, finding);
  write_saving(json, finding.saving);
  json.member("would_flip", finding.would_flip);
  json.key("exemplars").begin_array();
  for (TraceId id : finding.exemplars) json.value(to_hex(id));
  json.end_array();
  json.member("reproduce", finding.reproduce).member("advice", finding.advice).end_object();
}

}  // namespace culprit::report
