#include "ingest/shared/json_members.h"

#include <simdjson.h>

#include <string>

namespace culprit {

namespace dom = simdjson::dom;
using simdjson::dom::element_type;

std::string_view text_member(const dom::element& object, std::string_view key) {
  std::string_view text;
  return object[key].get_string().get(text) ? std::string_view() : text;
}

bool true_member(const dom::element& object, std::string_view key) {
  bool truth = false;
  return !object[key].get_bool().get(truth) && truth;
}

std::string_view CamelKey::of(std::string_view key) {
  if (key.size() > sizeof buffer_ || key.find('_') == std::string_view::npos) return key;
  size_t size = 0;
  bool upper = false;
  for (char c : key) {
    if (c == '_') {
      upper = size > 0;
      continue;
    }
    buffer_[size++] = upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return {buffer_, size};
}

std::optional<dom::element> camel_member(const dom::element& object, std::string_view camel) {
  dom::element found;
  if (!object[camel].get(found)) return found;
  dom::object members;
  if (object.get_object().get(members)) return std::nullopt;
  CamelKey names;
  for (auto [key, value] : members)
    if (names.of(key) == camel) return value;
  return std::nullopt;
}

Value plain_value(const dom::element& element) {
  switch (element.type()) {
    case element_type::STRING: return std::string(std::string_view(element.get_string().value_unsafe()));
    case element_type::BOOL: return bool(element.get_bool().value_unsafe());
    case element_type::INT64: return element.get_int64().value_unsafe();
    case element_type::UINT64:
    case element_type::DOUBLE: {
      double number = 0;
      return element.get_double().get(number) ? Value() : Value(number);
    }
    case element_type::NULL_VALUE: return {};
    default: return std::string(simdjson::minify(element));
  }
}

Attributes plain_attributes(const dom::element& element) {
  Attributes attributes;
  dom::object object;
  if (element.get_object().get(object)) return attributes;
  attributes.reserve(object.size());
  for (auto [key, value] : object) attributes.push_back({std::string(key), plain_value(value)});
  return attributes;
}

}  // namespace culprit
