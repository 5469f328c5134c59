// What the console exporters of OpenTelemetry's SDKs print, between a program's other output.
//
//   Python   ConsoleSpanExporter    JSON: {"name", "context": {"trace_id": "0x…", "span_id"}, "kind": "SpanKind.SERVER", "start_time": RFC 3339 …}
//   Go       stdouttrace            JSON: {"Name", "SpanContext": {"TraceID", "SpanID"}, "SpanKind": 2, "StartTime", "Attributes": [{Key, Value: {Type, Value}}] …}
//   Node.js  ConsoleSpanExporter    a JavaScript literal: {traceId: '…', id: '…', kind: 1, timestamp: µs, duration: µs …}; kinds are one lower than OTLP's
//   .NET     ConsoleActivityExporter    lines "Activity.TraceId:   …", ended by an empty one
//   Java     LoggingSpanExporter    lines "'name' : TRACEID SPANID KIND [tracer: …]": without times, so its spans are refused
// Sources: the exporters' own, opentelemetry-python 1.x, -go 1.x, -js 1.x and 2.x, -dotnet 1.x, -java 1.x.
#pragma once

#include "base/result.h"
#include "ingest/interface/format.h"

namespace culprit::console {

bool is_json(const simdjson::dom::element& document);
// Fails only where the sink or a cancel token does.
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
