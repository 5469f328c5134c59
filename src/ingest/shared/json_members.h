// Access to members of a foreign JSON object, which may be missing, of another type, or spelled differently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/attribute.h"

namespace simdjson::dom {
class element;
}

namespace culprit {

// Empty if `object` is no object, has no such member, or the member is no string.
std::string_view text_member(const simdjson::dom::element& object, std::string_view key);
bool true_member(const simdjson::dom::element& object, std::string_view key);

// Converts keys of proto3 messages to lowerCamelCase: "trace_id" (protobuf's preserving_proto_field_name) becomes
// "traceId"; a key without "_" is unchanged.
class CamelKey {
 public:
  // The result is valid until the next call, and no longer than `key`.
  std::string_view of(std::string_view key);

 private:
  char buffer_[48];  // twice the longest known key; a longer key is unknown
};

// Returns the member with the key `camel`, or with the same key in snake_case.
std::optional<simdjson::dom::element> camel_member(const simdjson::dom::element& object, std::string_view camel);

// Returns a plain JSON value (not an AnyValue); arrays and objects become their JSON text.
Value plain_value(const simdjson::dom::element& element);
// Returns the members of an object as attributes; none if it is no object.
Attributes plain_attributes(const simdjson::dom::element& element);

}  // namespace culprit
