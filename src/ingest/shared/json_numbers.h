// Numbers in foreign JSON, which may be written as strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace simdjson::dom {
class element;
}

namespace culprit {

// Returns an integer, or the integer in a string.
std::optional<int64_t> integer_of(const simdjson::dom::element& element);

// Returns microseconds as nanoseconds: 0 if the member is missing or null, nothing if it is no valid time.
std::optional<int64_t> microseconds_member(const simdjson::dom::element& object, std::string_view key);

}  // namespace culprit
