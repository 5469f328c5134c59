#include "model/attribute.h"

#include <charconv>

namespace culprit {

const Value* find(const Attributes& attributes, std::string_view key) {
  for (const Attribute& attribute : attributes)
    if (attribute.key == key) return &attribute.value;
  return nullptr;
}

std::string_view find_text(const Attributes& attributes, std::string_view key) {
  const Value* value = find(attributes, key);
  const auto* text = value ? std::get_if<std::string>(value) : nullptr;
  return text ? std::string_view(*text) : std::string_view();
}

int64_t find_integer(const Attributes& attributes, std::string_view key, int64_t otherwise) {
  const Value* value = find(attributes, key);
  const auto* number = value ? std::get_if<int64_t>(value) : nullptr;
  return number ? *number : otherwise;
}

std::string to_text(const Value& value) {
  struct {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const {
      char buffer[40];
      return {buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr};
    }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const Bytes& bytes) const {
      static constexpr char kHex[] = "0123456789abcdef";
      std::string hex;
      for (unsigned char byte : bytes.bytes) hex += kHex[byte >> 4], hex += kHex[byte & 15];
      return hex;
    }
    std::string operator()(const Nested& nested) const { return nested.json; }
  } as_text;
  return std::visit(as_text, value);
}

}  // namespace culprit
