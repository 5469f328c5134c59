// Texts: statements by number, so that a wait can name one in four bytes. Holds only what protocols have already cleaned.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace culprit::capture {

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
// Looked up by views, without a copy.
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

class Texts {
 public:
  Texts() : texts_(1) {}

  // 0: empty, or there are too many different ones.
  uint32_t number(std::string_view text) {
    // More distinct normalised statements than any application writes; a generator of them must not fill the memory.
    constexpr size_t kMost = 65'536;
    if (text.empty()) return 0;
    auto found = numbers_.find(text);
    if (found != numbers_.end()) return found->second;
    if (texts_.size() > kMost) return 0;
    texts_.emplace_back(text);
    numbers_.emplace(texts_.back(), static_cast<uint32_t>(texts_.size() - 1));
    return static_cast<uint32_t>(texts_.size() - 1);
  }
  const std::string& at(uint32_t number) const { return texts_[number]; }

 private:
  std::vector<std::string> texts_;
  TextMap<uint32_t> numbers_;
};

}  // namespace culprit::capture
