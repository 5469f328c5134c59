// JSON for the shop's answers: an array of objects from database rows.
#pragma once

#include <string>
#include <vector>

namespace shop {

// Values are numbers, times or plain words: nothing in the shop's tables needs escaping.
inline std::string json_rows(const std::vector<std::string>& names, const std::vector<std::vector<std::string>>& rows) {
  std::string text = "[";
  for (const std::vector<std::string>& row : rows) {
    text += text.size() > 1 ? ",{" : "{";
    for (size_t i = 0; i < names.size() && i < row.size(); ++i) {
      text += (i ? ",\"" : "\"") + names[i] + "\":\"" + row[i] + "\"";
    }
    text += "}";
  }
  return text + "]";
}

}  // namespace shop
