// Which format a file is in, told by its first bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace culprit {

enum class Format : uint8_t {
  Empty,
  JsonLines,  // one JSON object a line
  Json,       // JSON objects however they stand: one, several, in an array, over several lines
  Protobuf,   // one OTLP request or data message
  Messages,   // such messages, each behind its length, as the Collector's file exporter writes them
  Notation,
  Unknown,
};

// So much of the front is looked at: a JSON line of a real export is up to a few MB, but tells what it is at once.
constexpr size_t kFormatBytes = 64 * 1024;

Format format_of(std::string_view front);
// Whether JSON that begins like this is Jaeger's and not OTLP's.
bool looks_like_jaeger(std::string_view front);

}  // namespace culprit
