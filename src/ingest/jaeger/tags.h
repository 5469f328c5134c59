// Jaeger's tags {key, type, value} as attributes.
#pragma once

#include "ingest/shared/intake.h"

namespace simdjson::dom {
class element;
}

namespace culprit::jaeger {

// `type` is string, bool, int64, float64 or binary (base64); where it is missing or lies, the JSON value's own type counts.
Attributes decode_tags(const simdjson::dom::element& tags, Intake& intake);

}  // namespace culprit::jaeger
