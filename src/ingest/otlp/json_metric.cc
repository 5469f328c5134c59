#include <simdjson.h>

#include "ingest/otlp/json_parts.h"
#include "ingest/otlp/json_value.h"
#include "ingest/otlp/metric_point.h"
#include "ingest/otlp/span_checks.h"
#include "ingest/shared/json_members.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;

namespace {

struct TypeKey {
  std::string_view key;
  MetricType type;
};
constexpr TypeKey kTypes[] = {{"gauge", MetricType::Gauge},
                              {"sum", MetricType::Sum},
                              {"histogram", MetricType::Histogram},
                              {"exponentialHistogram", MetricType::ExponentialHistogram},
                              {"summary", MetricType::Summary}};

// Reads AggregationTemporality, by number or by name.
int64_t temporality_of(const dom::element& element) {
  if (auto number = json_int64(element)) return *number;
  auto name = json_text(element).value_or(std::string_view());
  return name.ends_with("DELTA") ? 1 : name.ends_with("CUMULATIVE") ? 2 : 0;
}

template <class T, class Read>
std::vector<T> read_numbers(const dom::element& element, Read read) {
  std::vector<T> numbers;
  dom::array array;
  if (element.get_array().get(array)) return numbers;
  for (dom::element entry : array)
    if (auto number = read(entry)) numbers.push_back(*number);
  return numbers;
}

void read_exponential(const dom::element& element, int64_t& offset, std::vector<uint64_t>& counts) {
  if (auto member = camel_member(element, "offset")) offset = json_int64(*member).value_or(0);
  if (auto member = camel_member(element, "bucketCounts")) counts = read_numbers<uint64_t>(*member, json_uint64);
}

void read_quantiles(const dom::element& element, Buckets& buckets) {
  dom::array array;
  if (element.get_array().get(array)) return;
  for (dom::element entry : array) {
    dom::element quantile, value;
    buckets.bounds.push_back(entry["quantile"].get(quantile) ? 0 : json_double(quantile).value_or(0));
    buckets.values.push_back(entry["value"].get(value) ? 0 : json_double(value).value_or(0));
  }
}

std::string_view read_number(std::string_view key, const dom::element& value, NumberPoint& point) {
  auto number = [&](std::optional<double>& into) {
    into = json_double(value);
    return into ? std::string_view() : kWrongType;
  };
  if (key == "asDouble" || key == "sum") return number(point.value);
  if (key == "min") return number(point.min);
  if (key == "max") return number(point.max);
  if (key == "asInt") {
    auto integer = json_int64(value);
    if (!integer) return kWrongType;
    point.value = static_cast<double>(*integer);
  }
  if (key == "count" && !(point.count = json_uint64(value))) return kWrongType;
  if (key == "timeUnixNano") {
    auto time_ns = json_uint64(value);
    if (!time_ns) return kBadTime;
    point.time_ns = *time_ns;
  }
  return {};
}

void read_rest(std::string_view key, const dom::element& value, NumberPoint& point, Intake& intake) {
  Buckets& buckets = point.buckets;
  if (key == "attributes")
    point.attributes = json_attributes(value, intake);
  else if (key == "flags")
    point.flags = static_cast<uint32_t>(json_uint64(value).value_or(0));
  else if (key == "bucketCounts")
    buckets.counts = read_numbers<uint64_t>(value, json_uint64);
  else if (key == "explicitBounds")
    buckets.bounds = read_numbers<double>(value, json_double);
  else if (key == "scale")
    buckets.scale = json_int64(value).value_or(0);
  else if (key == "zeroCount")
    buckets.zero_count = json_uint64(value).value_or(0);
  else if (key == "positive")
    read_exponential(value, buckets.offset, buckets.counts);
  else if (key == "negative")
    read_exponential(value, buckets.negative_offset, buckets.negative_counts);
  else if (key == "quantileValues")
    read_quantiles(value, buckets);
}

void decode_point(const MetricFrame& frame, const dom::element& item, Intake& intake) {
  NumberPoint point;
  dom::object object;
  if (item.get_object().get(object)) return intake.refuse(LedgerUnit::Metric, "it is not an object");
  CamelKey names;
  for (auto [raw_key, value] : object) {
    if (value.is_null()) continue;
    std::string_view key = names.of(raw_key);
    std::string_view reason = read_number(key, value, point);
    if (!reason.empty()) return intake.refuse(LedgerUnit::Metric, reason);
    read_rest(key, value, point, intake);
  }
  finish_metric_point(frame, std::move(point), intake);
}

}  // namespace

void decode_json_metric(const dom::element& item, Intake& intake) {
  MetricFrame frame;
  frame.name = text_member(item, "name");
  frame.unit = text_member(item, "unit");
  for (const TypeKey& candidate : kTypes) {
    auto content = camel_member(item, candidate.key);
    if (!content) continue;
    frame.type = candidate.type;
    if (auto member = camel_member(*content, "aggregationTemporality")) frame.temporality = temporality_of(*member);
    frame.monotonic = true_member(*content, "isMonotonic") || true_member(*content, "is_monotonic");
    dom::array points;
    auto member = camel_member(*content, "dataPoints");
    if (!member || member->is_null()) return;
    if (member->get_array().get(points)) return intake.refuse(LedgerUnit::Metric, "dataPoints is not an array");
    for (dom::element point : points) decode_point(frame, point, intake);
    return;
  }
  // A metric without points loses no row: OTLP allows it.
  if (!item.is_object()) intake.refuse(LedgerUnit::Metric, "it is not an object");
}

}  // namespace culprit::otlp
