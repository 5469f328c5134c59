// The output of the console exporters of OpenTelemetry's SDKs, between other output of a program.
//
//   Python   ConsoleSpanExporter    JSON: {"name", "context": {"trace_id": "0x…", "span_id"}, "kind":
// "SpanKind.SERVER", …}
//   Go       stdouttrace            JSON: {"Name", "SpanContext": {"TraceID", "SpanID"}, "SpanKind": 2, "StartTime", …}
//   Node.js  ConsoleSpanExporter    JavaScript: {traceId: '…', id: '…', kind: 1, timestamp: µs, duration: µs …}
//   .NET     ConsoleActivityExporter    lines "Activity.TraceId:   …", ended by an empty line
//   Java     LoggingSpanExporter    lines "'name' : TRACEID SPANID KIND [tracer: …]"
//
// Python's times are RFC 3339. Go's attributes are a list of {Key, Value: {Type, Value}}. Node's kinds are one lower
// than OTLP's. Java prints no times, so its spans are refused.
// Sources: the exporters of opentelemetry-python 1.x, -go 1.x, -js 1.x and 2.x, -dotnet 1.x, -java 1.x.
#pragma once

#include "base/result.h"
#include "ingest/interface/format.h"

namespace culprit::console {

bool is_json(const simdjson::dom::element& document);
// Fails only if the sink fails or the import is cancelled.
Result<void> decode_json(const simdjson::dom::element& document, Intake& intake);

bool is_node(std::string_view front);
Result<void> decode_node(Framing& framing, Intake& intake);

bool is_dotnet(std::string_view front);
Result<void> decode_dotnet(Framing& framing, Intake& intake);

bool is_java(std::string_view front);
Result<void> decode_java(Framing& framing, Intake& intake);

inline constexpr DocumentFormat kJson{"console", is_json, decode_json, {}, true};
inline constexpr StreamFormat kNode{"console", is_node, decode_node};
inline constexpr StreamFormat kDotnet{"console", is_dotnet, decode_dotnet};
inline constexpr StreamFormat kJava{"console", is_java, decode_java};

}  // namespace culprit::console
