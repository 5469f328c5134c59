// OTLP/JSON: Export{Trace,Logs,Metrics}ServiceRequest and {Traces,Logs,Metrics}Data, which have the same fields.
// opentelemetry-proto 1.11, docs/specification.md "JSON Protobuf Encoding": lowerCamelCase keys, hex ids of either case, enums
// as integers, 64-bit integers as strings or numbers, unknown fields ignored.
#pragma once

#include "base/result.h"
#include "ingest/shared/intake.h"

namespace simdjson::dom {
class object;
}

namespace culprit::otlp {

// Whether `request` has a field that makes it one.
bool is_json_request(const simdjson::dom::object& request);
// Fails only where the sink does.
Result<void> decode_json(const simdjson::dom::object& request, Intake& intake);

}  // namespace culprit::otlp
