// Jaeger's JSON, as its UI downloads it and its query API answers: {"data": [trace…]}, or a bare trace.
//
//   trace = {"traceID", "spans": [{traceID, spanID, operationName, references, startTime, duration, tags, logs, processID}],
//            "processes": {"p1": {"serviceName", "tags"}}}          times in microseconds
// Source: jaegertracing/jaeger, internal/uimodel/model.go.
#pragma once

#include "base/result.h"
#include "ingest/shared/intake.h"

namespace simdjson::dom {
class object;
}

namespace culprit::jaeger {

bool is_json_trace(const simdjson::dom::object& document);
// Fails only where the sink does.
Result<void> decode_json(const simdjson::dom::object& document, Intake& intake);

}  // namespace culprit::jaeger
