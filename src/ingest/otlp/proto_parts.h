// Decoders for the items of OTLP in protobuf: one span, one log record, one metric. An item is kept or refused
// completely, with its reason.
#pragma once

#include <string_view>

#include "ingest/shared/intake.h"

namespace culprit::otlp {

inline constexpr std::string_view kNotWhole = "it is not complete protobuf";

void decode_proto_span(std::string_view message, Intake& intake);
void decode_proto_log(std::string_view message, Intake& intake);
// A metric has any number of points; each point is one row.
void decode_proto_metric(std::string_view message, Intake& intake);

}  // namespace culprit::otlp
