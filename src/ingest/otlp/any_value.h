// AnyValue in our model: scalars become typed values, arrays and maps the JSON text of the AnyValue (canonical: the same
// text from either encoding).
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "model/attribute.h"

namespace culprit::otlp {

// SDKs replace what is nested deeper than 64 levels by nothing (OTel common specification); so do we, and count it.
constexpr int kMaxNesting = 64;

// A scalar as it stands inside an array or a map: {"intValue":"5"}.
void write_scalar(JsonWriter& json, const Value& value);

}  // namespace culprit::otlp
