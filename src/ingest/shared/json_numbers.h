// Numbers of foreign JSON, which may stand in strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace simdjson::dom {
class element;
}

namespace culprit {

// An integer, or a string that holds one.
std::optional<int64_t> integer_of(const simdjson::dom::element& element);

// Microseconds as nanoseconds: 0 where the member is missing or null, none where it is no number that a clock could show.
std::optional<int64_t> microseconds_member(const simdjson::dom::element& object, std::string_view key);

}  // namespace culprit
