// Converts Jaeger's tags {key, type, value} to attributes.
#pragma once

#include "ingest/shared/intake.h"

namespace simdjson::dom {
class element;
}

namespace culprit::jaeger {

// `type` is string, bool, int64, float64 or binary (base64). If it is missing or does not fit, the type of the JSON
// value is used.
Attributes decode_tags(const simdjson::dom::element& tags, Intake& intake);

}  // namespace culprit::jaeger
