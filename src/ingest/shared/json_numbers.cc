#include "ingest/shared/json_numbers.h"

#include <simdjson.h>

#include <charconv>
#include <limits>

namespace culprit {

namespace dom = simdjson::dom;

namespace {

template <class T>
std::optional<T> parse_number(const dom::element& element) {
  T number{};
  std::string_view text;
  if (element.get_string().get(text)) return std::nullopt;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::optional<double> number_of(const dom::element& element) {
  double number = 0;
  if (!element.get_double().get(number)) return number;
  return parse_number<double>(element);
}

}  // namespace

std::optional<int64_t> integer_of(const dom::element& element) {
  int64_t number = 0;
  if (!element.get_int64().get(number)) return number;
  return parse_number<int64_t>(element);
}

std::optional<int64_t> microseconds_member(const dom::element& object, std::string_view key) {
  dom::element element;
  if (object[key].get(element) || element.is_null()) return 0;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 1000;
  if (auto number = integer_of(element)) {
    if (*number > kMost || *number < -kMost) return std::nullopt;
    return *number * 1000;
  }
  auto fraction = number_of(element);
  if (!fraction || !(*fraction < 9e15 && *fraction > -9e15)) return std::nullopt;
  return static_cast<int64_t>(*fraction * 1000);
}

}  // namespace culprit
