#include "demo/truth.h"

#include "base/json.h"
#include "statement/normalise.h"

namespace culprit::demo {

namespace {

// Parts that a fault does not have are null, so that a reader need not know which fault has which part.
void text_or_null(JsonWriter& json, std::string_view name, const std::string& text) {
  json.key(name);
  if (text.empty()) json.null();
  if (!text.empty()) json.value(text);
}

// Writes a statement as answers do: without its literals.
void statement_or_null(JsonWriter& json, const std::string& text) {
  text_or_null(json, "statement", text.empty() ? text : normalise_sql(text).text());
}

void number_or_null(JsonWriter& json, std::string_view name, int number) {
  json.key(name);
  if (number == 0) json.null();
  if (number != 0) json.value(number);
}

void write_truth(JsonWriter& json, const Truth& truth, const std::string& instance) {
  json.member("fault", truth.fault);
  text_or_null(json, "class", truth.finding_class);
  text_or_null(json, "mechanism", truth.mechanism);
  json.key("entity").begin_object();
  text_or_null(json, "kind", truth.entity_kind);
  text_or_null(json, "name", truth.entity_name);
  statement_or_null(json, truth.entity_statement);
  number_or_null(json, "pid", truth.entity_pid);
  number_or_null(json, "port", truth.entity_port);
  bool in_database = truth.entity_kind == "statement" || truth.entity_kind == "lock";
  text_or_null(json, "instance", in_database ? instance : std::string());
  json.end_object();
  json.key("holder").begin_object();
  number_or_null(json, "pid", truth.holder_pid);
  number_or_null(json, "client_pid", truth.holder_client_pid);
  text_or_null(json, "program", truth.holder_program);
  statement_or_null(json, truth.holder_statement);
  json.end_object();
  json.key("caller").begin_object();
  text_or_null(json, "service", truth.caller);
  number_or_null(json, "pid", truth.caller_pid);
  json.end_object();
  text_or_null(json, "operation", truth.operation);
}

void write_seen(JsonWriter& json, std::string_view name, const std::vector<Seen>& operations) {
  json.key(name).begin_array();
  for (const Seen& seen : operations) {
    json.begin_object()
        .member("operation", seen.operation)
        .member("requests", seen.requests)
        .member("errors", seen.errors);
    json.member("unanswered", seen.unanswered).member("p50_ns", seen.p50_ns).member("p95_ns", seen.p95_ns).end_object();
  }
  json.end_array();
}

}  // namespace

std::string truth_json(const TruthFile& file) {
  JsonWriter json(JsonWriter::Style::Indented);
  json.begin_object().member("schema", "culprit.truth/1");
  write_truth(json, file.truth, file.instance);
  const Timetable& times = file.times;
  json.key("times").begin_object();
  json.member("planted_ns", times.planted_ns).member("healed_ns", times.healed_ns);
  json.key("before").begin_object().member("from_ns", times.before_from_ns).member("to_ns", times.before_to_ns);
  json.member("cpu_busy", times.before_cpu_busy).end_object();
  json.key("after").begin_object().member("from_ns", times.after_from_ns).member("to_ns", times.after_to_ns);
  json.member("cpu_busy", times.after_cpu_busy).end_object().end_object();
  json.key("postgresql").begin_object().member("instance", file.instance).member("version", file.version);
  json.member("postmaster_pid", file.postmaster_pid).end_object();
  json.key("services").begin_array();
  for (const ServiceSeen& service : file.services) {
    json.begin_object()
        .member("name", service.name)
        .member("pid", service.pid)
        .member("port", service.port)
        .end_object();
  }
  json.end_array().member("load_pid", file.load_pid).member("load_seed", file.load_seed);
  json.key("client").begin_object();
  write_seen(json, "before", file.before);
  write_seen(json, "after", file.after);
  json.end_object().end_object();
  return json.take() + "\n";
}

}  // namespace culprit::demo
