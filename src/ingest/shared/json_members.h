// Members of a foreign JSON object that may be missing, of another type, or spelled another way.
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

// Empty where `object` is no object, has no such member, or it is no string.
std::string_view text_member(const simdjson::dom::element& object, std::string_view key);
bool true_member(const simdjson::dom::element& object, std::string_view key);

// Keys of proto3 messages in lowerCamelCase, however they were printed: "trace_id" (protobuf's preserving_proto_field_name)
// becomes "traceId"; a key without "_" stays.
class CamelKey {
 public:
  // Good until the next call, and as long as `key`.
  std::string_view of(std::string_view key);

 private:
  char buffer_[48];  // twice our longest key; a longer one is none of ours
};

// The member `camel`, spelled so or in snake_case.
std::optional<simdjson::dom::element> camel_member(const simdjson::dom::element& object, std::string_view camel);

// A JSON value as it stands, not wrapped into an AnyValue; arrays and objects as their text.
Value plain_value(const simdjson::dom::element& element);
// An object's members as attributes; none where it is no object.
Attributes plain_attributes(const simdjson::dom::element& element);

}  // namespace culprit
