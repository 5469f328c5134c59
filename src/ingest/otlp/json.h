// OTLP/JSON: Export{Trace,Logs,Metrics}ServiceRequest and {Traces,Logs,Metrics}Data, which have the same fields, and what other
// programs print of them.
//
// opentelemetry-proto 1.11, docs/specification.md "JSON Protobuf Encoding": lowerCamelCase keys, hex ids of either case, enums
// as integers, 64-bit integers as strings or numbers, unknown fields ignored. Read besides: snake_case, enums by name, ids in
// base64 (protobuf's own printers); "batches" for "resourceSpans" (Tempo); one ResourceSpans, ScopeSpans or Span without what
// is around it (Java's logging-otlp), the same for logs and metrics; attributes as a plain object.
#pragma once

#include "base/result.h"
#include "ingest/interface/format.h"

namespace culprit::otlp {

bool is_json(const simdjson::dom::element& document);
// Fails only where the sink or a cancel token does.
Result<void> decode_json(const simdjson::dom::element& document, Intake& intake);

inline constexpr JsonList kJsonLists[] = {
    {"resourceSpans"},
    {"resource_spans"},
    {"batches"},
    {"scopeSpans"},
    {"scope_spans"},
    {"instrumentationLibrarySpans"},
    {"instrumentation_library_spans"},
    {"spans", true, LedgerUnit::Span},
    {"resourceLogs"},
    {"resource_logs"},
    {"scopeLogs"},
    {"scope_logs"},
    {"instrumentationLibraryLogs"},
    {"instrumentation_library_logs"},
    {"logRecords", true, LedgerUnit::Log},
    {"log_records", true, LedgerUnit::Log},
    {"resourceMetrics"},
    {"resource_metrics"},
    {"scopeMetrics"},
    {"scope_metrics"},
    {"instrumentationLibraryMetrics"},
    {"instrumentation_library_metrics"},
    {"metrics", true, LedgerUnit::Metric},
};
inline constexpr DocumentFormat kJson{"otlp-json", is_json, decode_json, kJsonLists};

}  // namespace culprit::otlp
