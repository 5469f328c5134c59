// An attribute: a key and a typed value, as in OpenTelemetry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace culprit {

struct Bytes {
  std::string bytes;
  bool operator==(const Bytes&) const = default;
};
// An array or a map, as the JSON text of an OTLP AnyValue, so that an export equals the input.
struct Nested {
  std::string json;
  bool operator==(const Nested&) const = default;
};

// The order of the types is part of the frame format (docs/formats/frame.md): new types are added at the end.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Bytes, Nested>;

struct Attribute {
  std::string key;
  Value value;
  bool operator==(const Attribute&) const = default;
};
// The attributes in their original order. A key may occur twice.
using Attributes = std::vector<Attribute>;

// Returns the first value of `key`, or null.
const Value* find(const Attributes& attributes, std::string_view key);
// Returns the text of the first value of `key`; empty if it is not a text.
std::string_view find_text(const Attributes& attributes, std::string_view key);
// Returns the integer of the first value of `key`; `otherwise` if it is not an integer.
int64_t find_integer(const Attributes& attributes, std::string_view key, int64_t otherwise);
// Returns a value as text: true, 42, 1.5, the text itself, the hex digits of bytes, the JSON of a nested value.
std::string to_text(const Value& value);

}  // namespace culprit
