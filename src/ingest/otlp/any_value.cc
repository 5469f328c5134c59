#include "ingest/otlp/any_value.h"

#include <cmath>

#include "ingest/shared/base64.h"

namespace culprit::otlp {

void write_scalar(JsonWriter& json, const Value& value) {
  json.begin_object();
  if (auto* truth = std::get_if<bool>(&value))
    json.member("boolValue", *truth);
  else if (auto* integer = std::get_if<int64_t>(&value))
    json.member("intValue", std::to_string(*integer));
  else if (auto* text = std::get_if<std::string>(&value))
    json.member("stringValue", *text);
  else if (auto* bytes = std::get_if<Bytes>(&value))
    json.member("bytesValue", to_base64(bytes->bytes));
  else if (auto* number = std::get_if<double>(&value)) {
    if (std::isnan(*number))
      json.member("doubleValue", "NaN");
    else if (std::isinf(*number))
      json.member("doubleValue", *number > 0 ? "Infinity" : "-Infinity");
    else
      json.member("doubleValue", *number);
  }
  json.end_object();
}

}  // namespace culprit::otlp
