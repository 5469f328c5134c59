// The registry of import formats: formats.cc is the only file that includes all of them. A new format needs its room
// and a line there.
#pragma once

#include <span>
#include <string>

#include "ingest/interface/format.h"

namespace culprit {

// The formats in the order in which they are tried.
std::span<const StreamFormat* const> stream_formats();
std::span<const DocumentFormat* const> document_formats();

// Returns "otlp-json, otlp, jaeger …", each name once.
std::string format_names();

}  // namespace culprit
