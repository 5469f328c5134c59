// An attribute: a key and a typed value, as OpenTelemetry has them.
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
// An array or a map, kept as the JSON text of an OTLP AnyValue, so that an export equals what came in.
struct Nested {
  std::string json;
  bool operator==(const Nested&) const = default;
};

// The order is part of the frame format (docs/formats/frame.md): append only.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Bytes, Nested>;

struct Attribute {
  std::string key;
  Value value;
  bool operator==(const Attribute&) const = default;
};
// In the order they came; a key may stand twice.
using Attributes = std::vector<Attribute>;

// The first value of `key`, or null.
const Value* find(const Attributes& attributes, std::string_view key);
// Its text, where it is text; else empty.
std::string_view find_text(const Attributes& attributes, std::string_view key);
// Its integer, where it is one; else `otherwise`.
int64_t find_integer(const Attributes& attributes, std::string_view key, int64_t otherwise);
// Any value as text: true, 42, 1.5, the text itself, hex of bytes, the JSON of what is nested.
std::string to_text(const Value& value);

}  // namespace culprit
