// JsonWriter: writes JSON text. Integers are exact, text is repaired to valid UTF-8, NaN and infinities become null.
//
//   JsonWriter json;
//   json.begin_object().key("schema").value("culprit.why/1").key("rows").begin_array().end_array().end_object();
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace culprit {

class JsonWriter {
 public:
  enum class Style { Compact, Indented };
  explicit JsonWriter(Style style = Style::Compact) : style_(style) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(int64_t number);
  JsonWriter& value(uint64_t number);
  JsonWriter& value(int number) { return value(static_cast<int64_t>(number)); }
  JsonWriter& value(uint32_t number) { return value(static_cast<uint64_t>(number)); }
  JsonWriter& value(double number);
  JsonWriter& value(bool truth);
  JsonWriter& null();
  // Appends `text`, which must be JSON, unchanged.
  JsonWriter& raw(std::string_view text);

  template <class T>
  JsonWriter& member(std::string_view name, const T& content) {
    return key(name).value(content);
  }

  const std::string& text() const { return text_; }
  std::string take() { return std::move(text_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();
  void indent();

  std::string text_;
  std::vector<bool> filled_;  // for each nesting level, whether it has a member
  bool after_key_ = false;
  Style style_;
};

// Returns `text` as a quoted JSON string.
std::string json_quoted(std::string_view text);

}  // namespace culprit
