// Enums by name, in other programs' spellings: "SPAN_KIND_SERVER" (proto3 JSON), "SpanKind.SERVER" (Python), "Server"
// (.NET), "server".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/span.h"

namespace culprit {

std::optional<SpanKind> span_kind_of(std::string_view name);
std::optional<SpanStatus> span_status_of(std::string_view name);
// Converts "SEVERITY_NUMBER_INFO2" or "WARN" to OTLP's number.
std::optional<int32_t> severity_of(std::string_view name);

// Parses RFC 3339 ("2026-01-01T00:00:00.5Z", any offset; a space instead of T); returns nanoseconds since 1970.
std::optional<int64_t> rfc3339_ns(std::string_view text);

}  // namespace culprit
