// OTLP in protobuf: Export{Trace,Logs,Metrics}ServiceRequest and {Traces,Logs,Metrics}Data, which have the same fields.
//
// The three signals have the same nesting and no field that names the signal. The first span, log record or metric
// shows it, as their fields differ in number and wire type. Field numbers: opentelemetry-proto 1.11, trace.proto,
// logs.proto, metrics.proto, common.proto, resource.proto.
#pragma once

#include <string_view>

#include "base/result.h"
#include "ingest/shared/intake.h"

namespace culprit::otlp {

enum class SignalType { Unknown, Traces, Logs, Metrics };

// Returns the signal of `request`; Unknown if no item shows it.
SignalType signal_of(std::string_view request);

// If `request` ends early, the items before that point are kept and the loss is counted. Fails only if the sink fails.
Result<void> decode_proto(std::string_view request, Intake& intake);
// The same for a known signal: the path of a request to a receiver names it.
Result<void> decode_proto(std::string_view request, SignalType signal, Intake& intake);

}  // namespace culprit::otlp
