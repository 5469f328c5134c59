// Base64 (RFC 4648): bytes in JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace culprit {

// Accepts both alphabets, with or without padding, as proto3 JSON does.
std::optional<std::string> from_base64(std::string_view text);
// Uses the standard alphabet, with padding.
std::string to_base64(std::string_view bytes);

}  // namespace culprit
