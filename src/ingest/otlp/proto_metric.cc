#include "ingest/otlp/metric_point.h"
#include "ingest/otlp/proto_parts.h"
#include "ingest/otlp/proto_reader.h"
#include "ingest/otlp/proto_value.h"

namespace culprit::otlp {

namespace {

std::vector<uint64_t> packed_varints(std::string_view bytes) {
  // A packed list is a sequence of varints: reading it directly is faster and clearer than reading it with ProtoReader.
  std::vector<uint64_t> numbers;
  uint64_t number = 0;
  int shift = 0;
  for (char c : bytes) {
    auto byte = static_cast<uint8_t>(c);
    if (shift < 64) number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    shift += 7;
    if (byte & 0x80) continue;
    numbers.push_back(number);
    number = 0;
    shift = 0;
  }
  return numbers;
}

template <class T>
std::vector<T> packed_fixed64(std::string_view bytes) {
  std::vector<T> numbers(bytes.size() / 8);
  if (!numbers.empty())
    std::memcpy(numbers.data(), bytes.data(), numbers.size() * 8);  // little-endian, like all supported hosts
  return numbers;
}

// NumberDataPoint: time 3, double 4, int 6 (sfixed64), attributes 7, flags 8.
bool read_number(std::string_view message, NumberPoint& point, Intake& intake) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(3, ProtoReader::Fixed64)) point.time_ns = reader.number();
    if (reader.is(4, ProtoReader::Fixed64)) point.value = reader.real();
    if (reader.is(6, ProtoReader::Fixed64)) point.value = static_cast<double>(static_cast<int64_t>(reader.number()));
    if (reader.is(7, ProtoReader::Length)) add_proto_attribute(reader.bytes(), point.attributes, intake);
    if (reader.is(8, ProtoReader::Varint)) point.flags = static_cast<uint32_t>(reader.number());
  }
  return !reader.failed();
}

// HistogramDataPoint: time 3, count 4, sum 5, bucket counts 6, bounds 7, attributes 9, flags 10, min 11, max 12.
bool read_histogram(std::string_view message, NumberPoint& point, Intake& intake) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(3, ProtoReader::Fixed64)) point.time_ns = reader.number();
    if (reader.is(4, ProtoReader::Fixed64)) point.count = reader.number();
    if (reader.is(5, ProtoReader::Fixed64)) point.value = reader.real();
    if (reader.is(6, ProtoReader::Length)) point.buckets.counts = packed_fixed64<uint64_t>(reader.bytes());
    if (reader.is(7, ProtoReader::Length)) point.buckets.bounds = packed_fixed64<double>(reader.bytes());
    if (reader.is(9, ProtoReader::Length)) add_proto_attribute(reader.bytes(), point.attributes, intake);
    if (reader.is(10, ProtoReader::Varint)) point.flags = static_cast<uint32_t>(reader.number());
    if (reader.is(11, ProtoReader::Fixed64)) point.min = reader.real();
    if (reader.is(12, ProtoReader::Fixed64)) point.max = reader.real();
  }
  return !reader.failed();
}

// Buckets: offset 1 (sint32), counts 2.
bool read_exponential_buckets(std::string_view message, int64_t& offset, std::vector<uint64_t>& counts) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(1, ProtoReader::Varint)) offset = reader.zigzag();
    if (reader.is(2, ProtoReader::Length)) counts = packed_varints(reader.bytes());
  }
  return !reader.failed();
}

// ExponentialHistogramDataPoint: attributes 1, time 3, count 4, sum 5, scale 6, zero count 7, positive 8, negative 9,
// flags 10,
// min 12, max 13.
bool read_exponential(std::string_view message, NumberPoint& point, Intake& intake) {
  ProtoReader reader(message);
  Buckets& buckets = point.buckets;
  bool whole = true;
  while (reader.next()) {
    if (reader.is(1, ProtoReader::Length)) add_proto_attribute(reader.bytes(), point.attributes, intake);
    if (reader.is(3, ProtoReader::Fixed64)) point.time_ns = reader.number();
    if (reader.is(4, ProtoReader::Fixed64)) point.count = reader.number();
    if (reader.is(5, ProtoReader::Fixed64)) point.value = reader.real();
    if (reader.is(6, ProtoReader::Varint)) buckets.scale = reader.zigzag();
    if (reader.is(7, ProtoReader::Fixed64)) buckets.zero_count = reader.number();
    if (reader.is(8, ProtoReader::Length))
      whole &= read_exponential_buckets(reader.bytes(), buckets.offset, buckets.counts);
    if (reader.is(9, ProtoReader::Length))
      whole &= read_exponential_buckets(reader.bytes(), buckets.negative_offset, buckets.negative_counts);
    if (reader.is(10, ProtoReader::Varint)) point.flags = static_cast<uint32_t>(reader.number());
    if (reader.is(12, ProtoReader::Fixed64)) point.min = reader.real();
    if (reader.is(13, ProtoReader::Fixed64)) point.max = reader.real();
  }
  return whole && !reader.failed();
}

// SummaryDataPoint: time 3, count 4, sum 5, quantiles 6 {quantile 1, value 2}, attributes 7, flags 8.
bool read_summary(std::string_view message, NumberPoint& point, Intake& intake) {
  ProtoReader reader(message);
  while (reader.next()) {
    if (reader.is(3, ProtoReader::Fixed64)) point.time_ns = reader.number();
    if (reader.is(4, ProtoReader::Fixed64)) point.count = reader.number();
    if (reader.is(5, ProtoReader::Fixed64)) point.value = reader.real();
    if (reader.is(7, ProtoReader::Length)) add_proto_attribute(reader.bytes(), point.attributes, intake);
    if (reader.is(8, ProtoReader::Varint)) point.flags = static_cast<uint32_t>(reader.number());
    if (!reader.is(6, ProtoReader::Length)) continue;
    double quantile = 0, value = 0;
    ProtoReader fields(reader.bytes());
    while (fields.next()) {
      if (fields.is(1, ProtoReader::Fixed64)) quantile = fields.real();
      if (fields.is(2, ProtoReader::Fixed64)) value = fields.real();
    }
    point.buckets.bounds.push_back(quantile);
    point.buckets.values.push_back(value);
  }
  return !reader.failed();
}

struct TypeField {
  uint32_t field;
  MetricType type;
  bool (*read)(std::string_view message, NumberPoint& point, Intake& intake);
};
// Metric: name 1, unit 3, and one of the fields below.
constexpr TypeField kTypes[] = {{5, MetricType::Gauge, read_number},
                                {7, MetricType::Sum, read_number},
                                {9, MetricType::Histogram, read_histogram},
                                {10, MetricType::ExponentialHistogram, read_exponential},
                                {11, MetricType::Summary, read_summary}};

// Gauge, Sum and the others: data points 1, temporality 2, monotonic 3.
void decode_points(const TypeField& type, std::string_view message, MetricFrame frame, Intake& intake) {
  frame.type = type.type;
  ProtoReader shape(message);
  while (shape.next()) {
    if (shape.is(2, ProtoReader::Varint)) frame.temporality = static_cast<int64_t>(shape.number());
    if (shape.is(3, ProtoReader::Varint)) frame.monotonic = shape.number() != 0;
  }
  ProtoReader reader(message);
  while (reader.next()) {
    if (!reader.is(1, ProtoReader::Length)) continue;
    NumberPoint point;
    if (type.read(reader.bytes(), point, intake))
      finish_metric_point(frame, std::move(point), intake);
    else
      intake.refuse(LedgerUnit::Metric, kNotWhole);
  }
  if (reader.failed())
    intake.note(LedgerKind::malformed, LedgerUnit::Request, 1, "a metric's list of points is not complete protobuf");
}

}  // namespace

void decode_proto_metric(std::string_view message, Intake& intake) {
  MetricFrame frame;
  ProtoReader names(message);
  while (names.next()) {
    if (names.is(1, ProtoReader::Length)) frame.name = intake.text(names.bytes());
    if (names.is(3, ProtoReader::Length)) frame.unit = intake.text(names.bytes());
  }
  if (names.failed()) return intake.refuse(LedgerUnit::Metric, kNotWhole);
  ProtoReader reader(message);
  while (reader.next())
    for (const TypeField& type : kTypes)
      if (reader.is(type.field, ProtoReader::Length)) decode_points(type, reader.bytes(), frame, intake);
}

}  // namespace culprit::otlp
