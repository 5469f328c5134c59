#include "ingest/otlp/metric_point.h"

#include <cmath>
#include <limits>

#include "base/json.h"
#include "ingest/otlp/log_checks.h"
#include "ingest/otlp/span_checks.h"

namespace culprit::otlp {

namespace {

constexpr uint32_t kNoRecordedValue = 1;  // metrics.proto, DataPointFlags

std::string_view to_string(MetricType type) {
  static constexpr std::string_view kNames[] = {"gauge", "sum", "histogram", "exponential_histogram", "summary"};
  return kNames[static_cast<int>(type)];
}

// Table metric has no resource column: the attributes that distinguish one emitter from another are copied to each
// point.
constexpr std::string_view kTellApart[] = {"service.instance.id", "host.name",    "k8s.pod.name",
                                           "k8s.node.name",       "container.id", "process.pid"};

std::string entity_of(const Resource& resource) {
  if (!resource.service.empty()) return resource.service;
  for (std::string_view key : {"process.pid", "k8s.pod.name", "host.name"})
    if (const Value* value = find(resource.attributes, key)) return to_text(*value);
  return {};
}

template <class T>
void write_list(JsonWriter& json, std::string_view key, const std::vector<T>& list) {
  if (list.empty()) return;
  json.key(key).begin_array();
  for (T number : list) json.value(number);
  json.end_array();
}

std::string buckets_json(MetricType type, const Buckets& buckets) {
  JsonWriter json;
  json.begin_object();
  if (type == MetricType::ExponentialHistogram) {
    json.member("scale", buckets.scale).member("zero_count", buckets.zero_count).member("offset", buckets.offset);
    json.member("negative_offset", buckets.negative_offset);
  }
  write_list(json, "counts", buckets.counts);
  write_list(json, "negative_counts", buckets.negative_counts);
  write_list(json, type == MetricType::Summary ? "quantiles" : "bounds", buckets.bounds);
  write_list(json, "values", buckets.values);
  json.end_object();
  return json.take();
}

void add_shape(const MetricFrame& frame, const NumberPoint& point, Attributes& attributes) {
  attributes.push_back({"otlp.type", std::string(to_string(frame.type))});
  if (frame.temporality == 1) attributes.push_back({"otlp.temporality", std::string("delta")});
  if (frame.temporality == 2) attributes.push_back({"otlp.temporality", std::string("cumulative")});
  if (frame.type == MetricType::Sum) attributes.push_back({"otlp.monotonic", frame.monotonic});
  if (point.count) attributes.push_back({"otlp.count", static_cast<int64_t>(*point.count)});
  if (point.min) attributes.push_back({"otlp.min", *point.min});
  if (point.max) attributes.push_back({"otlp.max", *point.max});
  if (frame.type != MetricType::Sum)
    attributes.push_back({"otlp.buckets", Nested{buckets_json(frame.type, point.buckets)}});
}

}  // namespace

void finish_metric_point(const MetricFrame& frame, NumberPoint point, Intake& intake) {
  if (point.time_ns > kLatestTime) return intake.refuse(LedgerUnit::Metric, kBadTime);
  if (point.flags & kNoRecordedValue)
    return intake.refuse(LedgerUnit::Metric, "the point is flagged as having no recorded value");
  bool number = frame.type == MetricType::Gauge || frame.type == MetricType::Sum;
  if (number && !point.value) return intake.refuse(LedgerUnit::Metric, "the point has no value");

  MetricPoint row;
  row.time_ns = static_cast<int64_t>(point.time_ns);
  row.entity = entity_of(intake.resource());
  row.name = frame.name;
  row.unit = frame.unit;
  row.value = point.value.value_or(std::numeric_limits<double>::quiet_NaN());
  row.attributes = std::move(point.attributes);
  if (frame.type != MetricType::Gauge) add_shape(frame, point, row.attributes);
  for (std::string_view key : kTellApart)
    if (const Value* value = find(intake.resource().attributes, key))
      row.attributes.push_back({std::string(key), *value});
  intake.add(std::move(row));
}

}  // namespace culprit::otlp
