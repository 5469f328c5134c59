// AnyValue as stored by culprit: scalars become typed values. Arrays and maps become the JSON text of the AnyValue,
// which is canonical: both encodings give the same text.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "model/attribute.h"

namespace culprit::otlp {

// SDKs drop values that are nested deeper than 64 levels (OTel common specification). culprit drops them too, and
// counts them.
constexpr int kMaxNesting = 64;

// Writes a scalar in the form that it has inside an array or a map: {"intValue":"5"}.
void write_scalar(JsonWriter& json, const Value& value);

}  // namespace culprit::otlp
