#include "ingest/shared/json_members.h"

#include <simdjson.h>

namespace culprit {

std::string_view text_member(const simdjson::dom::element& object, std::string_view key) {
  std::string_view text;
  return object[key].get_string().get(text) ? std::string_view() : text;
}

bool true_member(const simdjson::dom::element& object, std::string_view key) {
  bool truth = false;
  return !object[key].get_bool().get(truth) && truth;
}

}  // namespace culprit
