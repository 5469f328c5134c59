// OTLP in protobuf: Export{Trace,Logs,Metrics}ServiceRequest and {Traces,Logs,Metrics}Data, one message.
//
// The three signals nest alike and carry no mark of which they are; it is told by the first span, log record or metric, whose
// fields differ in number and wire type. Field numbers: opentelemetry-proto 1.11, trace.proto, logs.proto, metrics.proto,
// common.proto, resource.proto.
#pragma once

#include <string_view>

#include "base/result.h"
#include "ingest/shared/intake.h"

namespace culprit::otlp {

enum class SignalType { Unknown, Traces, Logs, Metrics };

// Which signal `request` carries; Unknown where it has no item that tells.
SignalType signal_of(std::string_view request);

// Where `request` ends in the middle, what came before stands, and the rest is noted. Fails only where the sink does.
Result<void> decode_proto(std::string_view request, Intake& intake);
// The same where the signal is known, as a receiver's path tells.
Result<void> decode_proto(std::string_view request, SignalType signal, Intake& intake);

}  // namespace culprit::otlp
