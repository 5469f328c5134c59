// Base64 (RFC 4648) of bytes inside JSON.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace culprit {

// Either alphabet, with or without padding, as proto3 JSON reads it.
std::optional<std::string> from_base64(std::string_view text);
// The standard alphabet, padded.
std::string to_base64(std::string_view bytes);

}  // namespace culprit
