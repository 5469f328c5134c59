#include "ingest/jaeger/tags.h"

#include <simdjson.h>

#include <charconv>

#include "ingest/shared/base64.h"
#include "ingest/shared/json_members.h"

namespace culprit::jaeger {

namespace dom = simdjson::dom;
using simdjson::dom::element_type;

namespace {

// Jaeger's UI model writes int64 as a number or, if JavaScript would round it, as a string.
Value typed_text(std::string_view text, std::string_view type) {
  if (type == "bool" && (text == "true" || text == "false")) return text == "true";
  if (type == "int64") {
    int64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
  }
  if (type == "binary")
    if (auto bytes = from_base64(text)) return Bytes{std::move(*bytes)};
  return std::string(text);
}

Value decode_value(const dom::element& value, std::string_view type) {
  switch (value.type()) {
    case element_type::STRING: return typed_text(std::string_view(value.get_string().value_unsafe()), type);
    case element_type::BOOL: return bool(value.get_bool().value_unsafe());
    case element_type::INT64: {
      int64_t number = value.get_int64().value_unsafe();
      return type == "float64" ? Value(static_cast<double>(number)) : Value(number);
    }
    case element_type::UINT64:
    case element_type::DOUBLE: {
      double number = 0;
      return value.get_double().get(number) ? Value() : Value(number);
    }
    case element_type::NULL_VALUE: return {};
    default: return std::string(simdjson::minify(value));
  }
}

}  // namespace

Attributes decode_tags(const dom::element& tags, Intake& intake) {
  Attributes attributes;
  dom::array array;
  if (tags.is_null()) return attributes;
  if (tags.get_array().get(array)) {
    intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "tags are not an array");
    return attributes;
  }
  for (dom::element tag : array) {
    std::string_view key;
    dom::element value;
    if (tag["key"].get_string().get(key)) {
      intake.note(LedgerKind::malformed, LedgerUnit::Value, 1, "a tag has no key");
      continue;
    }
    attributes.push_back(
        {std::string(key), tag["value"].get(value) ? Value() : decode_value(value, text_member(tag, "type"))});
  }
  return attributes;
}

}  // namespace culprit::jaeger
