// The registry of import formats: the one file that knows all of them (formats.cc). A format is added by its room and its line
// there.
#pragma once

#include <span>
#include <string>

#include "ingest/interface/format.h"

namespace culprit {

// In the order in which they are asked.
std::span<const StreamFormat* const> stream_formats();
std::span<const DocumentFormat* const> document_formats();

// "otlp-json, otlp, jaeger …", each once.
std::string format_names();

}  // namespace culprit
