// Jaeger's JSON, as downloaded from its UI and returned by its query API: {"data": [trace…]}, one trace, or single
// spans (Elasticsearch).
//
//   trace = {"traceID", "spans": [{traceID, spanID, operationName, references, startTime, duration, tags, logs,
// processID}],
//            "processes": {"p1": {"serviceName", "tags"}}}          times in microseconds
//
// Source: jaegertracing/jaeger, internal/uimodel/model.go.
#pragma once

#include "base/result.h"
#include "ingest/interface/format.h"

namespace culprit::jaeger {

bool is_json(const simdjson::dom::element& document);
// Fails only if the sink fails or the import is cancelled.
Result<void> decode_json(const simdjson::dom::element& document, Intake& intake);

inline constexpr JsonList kJsonLists[] = {{"data"}, {"spans", true, LedgerUnit::Span}};
inline constexpr DocumentFormat kJson{"jaeger", is_json, decode_json, kJsonLists};

}  // namespace culprit::jaeger
