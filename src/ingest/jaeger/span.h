// Decoder for one span of Jaeger's JSON: it is kept or refused completely.
#pragma once

#include "ingest/shared/intake.h"

namespace simdjson::dom {
class element;
}

namespace culprit::jaeger {

void decode_span(const simdjson::dom::element& item, Intake& intake);

}  // namespace culprit::jaeger
