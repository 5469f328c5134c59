// Decoders for the items of OTLP/JSON: one span, one log record, one metric. An item is kept or refused completely,
// with its reason.
#pragma once

#include "ingest/shared/intake.h"

namespace simdjson::dom {
class element;
}

namespace culprit::otlp {

void decode_json_span(const simdjson::dom::element& item, Intake& intake);
void decode_json_log(const simdjson::dom::element& item, Intake& intake);
// A metric has any number of points; each point is one row.
void decode_json_metric(const simdjson::dom::element& item, Intake& intake);

}  // namespace culprit::otlp
