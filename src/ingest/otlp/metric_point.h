// Points of OTLP metrics as rows, the same from both encodings.
//
// A point is one row. The value of a gauge or a sum is its number. The value of a histogram or summary is its sum (NaN
// if it has none). Its other fields are the attributes "otlp.count", "otlp.min", "otlp.max" and "otlp.buckets" (JSON of
// the fields that only this type has). For types other than gauge, "otlp.type" is the type, and "otlp.temporality" the
// temporality if there is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ingest/shared/intake.h"

namespace culprit::otlp {

enum class MetricType { Gauge, Sum, Histogram, ExponentialHistogram, Summary };

// The fields that all points of a metric share.
struct MetricFrame {
  std::string name, unit;
  MetricType type = MetricType::Gauge;
  int64_t temporality = 0;  // AggregationTemporality: 1 delta, 2 cumulative
  bool monotonic = false;
};

struct Buckets {
  int64_t scale = 0, offset = 0, negative_offset = 0;
  uint64_t zero_count = 0;
  std::vector<uint64_t> counts, negative_counts;
  std::vector<double> bounds;  // histogram: upper bounds; summary: quantiles
  std::vector<double> values;  // summary: the value at each quantile
};

struct NumberPoint {
  uint64_t time_ns = 0;
  uint32_t flags = 0;
  std::optional<double> value;  // the value, or the sum
  std::optional<uint64_t> count;
  std::optional<double> min, max;
  Buckets buckets;
  Attributes attributes;
};

void finish_metric_point(const MetricFrame& frame, NumberPoint point, Intake& intake);

}  // namespace culprit::otlp
