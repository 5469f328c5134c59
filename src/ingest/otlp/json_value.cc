#include "ingest/otlp/json_value.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <limits>

#include "ingest/otlp/any_value.h"
#include "ingest/otlp/span_checks.h"
#include "ingest/shared/base64.h"
#include "ingest/shared/json_members.h"
#include "ingest/shared/span_names.h"

namespace culprit::otlp {

namespace dom = simdjson::dom;
using simdjson::dom::element_type;

namespace {

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T number{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// proto3 JSON allows 1e3 for 1000; a fraction is an error.
template <class T>
std::optional<T> whole(double number) {
  // The limit is just below 2^63, the end of int64. Valid times and counts are smaller.
  if (!(number >= -9.2e18 && number <= 9.2e18) || number != std::floor(number)) return std::nullopt;
  if (std::is_unsigned_v<T> && number < 0) return std::nullopt;
  return static_cast<T>(number);
}

template <class T>
std::optional<T> json_integer(const dom::element& element) {
  T number{};
  switch (element.type()) {
    case element_type::STRING: return parse_whole<T>(std::string_view(element.get_string().value_unsafe()));
    case element_type::DOUBLE: return whole<T>(element.get_double().value_unsafe());
    case element_type::NULL_VALUE: return T{0};
    default: break;
  }
  if (element.get<T>().get(number)) return std::nullopt;
  return number;
}

Value scalar_value(std::string_view key, const dom::element& content, Intake& intake) {
  auto bad = [&](std::string_view reason) {
    intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, reason);
    return Value();
  };
  if (key == "stringValue") {
    auto text = json_text(content);
    return text ? Value(std::string(*text)) : bad("an attribute's stringValue is not a string");
  }
  if (key == "intValue") {
    auto number = json_int64(content);
    return number ? Value(*number) : bad("an attribute's intValue is not an integer of 64 bits");
  }
  if (key == "doubleValue") {
    auto number = json_double(content);
    return number ? Value(*number) : bad("an attribute's doubleValue is not a number");
  }
  if (key == "boolValue") {
    bool truth = false;
    return content.get_bool().get(truth) ? bad("an attribute's boolValue is neither true nor false") : Value(truth);
  }
  auto text = json_text(content);
  auto bytes = text ? from_base64(*text) : std::nullopt;
  return bytes ? Value(Bytes{std::move(*bytes)}) : bad("an attribute's bytesValue is not base64");
}

constexpr std::string_view kContents[] = {"stringValue", "intValue",   "boolValue",  "doubleValue",
                                          "bytesValue",  "arrayValue", "kvlistValue"};

// The member of an AnyValue that holds its value; unknown members are ignored.
struct Content {
  std::string_view key;
  dom::element element;
};
// Returns whether `key` is `known` or Go's spelling of it: Go's JSON of protobuf structs is {"Value": {"StringValue":
// "x"}}.
bool is_content(std::string_view key, std::string_view known) {
  return key == known || (!key.empty() && (key[0] | 32) == known[0] && key.substr(1) == known.substr(1));
}

std::optional<Content> content_of(const dom::element& any) {
  dom::object object;
  dom::element inner = any;
  if (inner.get_object().get(object)) return std::nullopt;
  if (object.size() == 1 && !object["Value"].get(inner) && inner.get_object().get(object)) return std::nullopt;
  CamelKey names;
  for (auto [raw_key, element] : object) {
    std::string_view key = names.of(raw_key);
    for (std::string_view known : kContents)
      if (is_content(key, known) && !element.is_null()) return Content{known, element};
  }
  return std::nullopt;
}

// Writes `any` in canonical form. kMaxNesting bounds the recursion.
void write_any(JsonWriter& json, const dom::element& any, int depth, Intake& intake) {
  auto content = content_of(any);
  bool nested = content && (content->key == "arrayValue" || content->key == "kvlistValue");
  if (nested && depth == kMaxNesting) {
    intake.note(LedgerKind::truncated, 1, "a value is nested deeper than 64 levels");
    content.reset();
  }
  if (!content) {
    json.begin_object().end_object();
    return;
  }
  if (!nested) return write_scalar(json, scalar_value(content->key, content->element, intake));
  json.begin_object().key(content->key).begin_object().key("values").begin_array();
  dom::array values;
  if (!content->element["values"].get_array().get(values)) {
    for (dom::element value : values) {
      if (content->key == "arrayValue") {
        write_any(json, value, depth + 1, intake);
        continue;
      }
      dom::element inner;
      json.begin_object().member("key", text_member(value, "key")).key("value");
      if (value["value"].get(inner))
        json.begin_object().end_object();
      else
        write_any(json, inner, depth + 1, intake);
      json.end_object();
    }
  }
  json.end_array().end_object().end_object();
}

}  // namespace

std::optional<uint64_t> json_uint64(const dom::element& element) { return json_integer<uint64_t>(element); }
std::optional<int64_t> json_int64(const dom::element& element) { return json_integer<int64_t>(element); }

std::optional<double> json_double(const dom::element& element) {
  std::string_view text;
  if (!element.get_string().get(text)) {
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (text == "Infinity") return std::numeric_limits<double>::infinity();
    if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
    return parse_whole<double>(text);
  }
  double number = 0;
  if (element.is_null()) return 0;
  if (element.get_double().get(number)) return std::nullopt;
  return number;
}

std::optional<std::string_view> json_text(const dom::element& element) {
  std::string_view text;
  if (element.is_null()) return text;
  if (element.get_string().get(text)) return std::nullopt;
  return text;
}

ReadId<TraceId> json_trace_id(const dom::element& element) {
  if (auto text = json_text(element)) return read_trace_id(*text, IdLength::Whole);
  auto number = json_uint64(element);
  return {number ? std::optional(TraceId{0, *number}) : std::nullopt, number.has_value()};
}

ReadId<uint64_t> json_span_id(const dom::element& element) {
  if (auto text = json_text(element)) return read_span_id(*text, IdLength::Whole);
  auto number = json_uint64(element);
  return {number, number.has_value()};
}

std::optional<SpanKind> json_kind(const dom::element& element) {
  if (auto number = json_int64(element)) return kind_from(*number);
  auto name = json_text(element);
  return name ? span_kind_of(*name) : std::nullopt;
}

std::optional<SpanStatus> json_status(const dom::element& element) {
  if (auto number = json_int64(element)) return status_from(*number);
  auto name = json_text(element);
  return name ? span_status_of(*name) : std::nullopt;
}

Value json_any_value(const dom::element& element, Intake& intake) {
  auto content = content_of(element);
  if (!content) return element.is_object() ? Value() : plain_value(element);
  if (content->key != "arrayValue" && content->key != "kvlistValue")
    return scalar_value(content->key, content->element, intake);
  JsonWriter json;
  write_any(json, element, 0, intake);
  return Nested{json.take()};
}

Attributes json_attributes(const dom::element& element, Intake& intake) {
  Attributes attributes;
  dom::array array;
  if (element.is_null()) return attributes;
  if (element.is_object()) return plain_attributes(element);
  if (element.get_array().get(array)) {
    intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "attributes are not an array");
    return attributes;
  }
  attributes.reserve(array.size());
  for (dom::element entry : array) {
    dom::object object;
    std::string_view key;
    if (entry.get_object().get(object) || object["key"].get_string().get(key)) {
      intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "an attribute has no key");
      continue;
    }
    dom::element value;
    bool has_value = !object["value"].get(value);
    attributes.push_back({std::string(key), has_value ? json_any_value(value, intake) : Value()});
  }
  return attributes;
}

}  // namespace culprit::otlp
