// OTLP/JSON: Export{Trace,Logs,Metrics}ServiceRequest and {Traces,Logs,Metrics}Data, which have the same fields, and
// variants of it that other programs print.
//
// opentelemetry-proto 1.11, docs/specification.md "JSON Protobuf Encoding": lowerCamelCase keys, hex ids in upper or
// lower case, enums as integers, 64-bit integers as strings or numbers, unknown fields ignored. Variants: snake_case
// keys, enums by name and ids in base64 (protobuf's own printers); "batches" for "resourceSpans" (Tempo); a single
// ResourceSpans, ScopeSpans or Span without the objects around it (Java's logging-otlp), and the same for logs and
// metrics; attributes as a plain object.
#pragma once

#include "base/result.h"
#include "ingest/interface/format.h"

namespace culprit::otlp {

bool is_json(const simdjson::dom::element& document);
// Fails only if the sink fails or the import is cancelled.
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
