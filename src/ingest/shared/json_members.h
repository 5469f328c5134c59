// Members of a foreign JSON object that may be missing or of another type.
#pragma once

#include <cstdint>
#include <string_view>

namespace simdjson::dom {
class element;
}

namespace culprit {

// Empty where `object` is no object, has no such member, or it is no string.
std::string_view text_member(const simdjson::dom::element& object, std::string_view key);
bool true_member(const simdjson::dom::element& object, std::string_view key);

}  // namespace culprit
