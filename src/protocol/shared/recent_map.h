// RecentMap: a map by name with a bounded size. When it is full, the least recently used values are removed.
//
// Two generations replace a list in order of use. A used value moves to the young generation. When the young generation
// is full, it becomes the old one, and the previous old generation is dropped. The map holds at most twice
// `kGeneration` values, and at least the `kGeneration` most recently used ones.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace culprit {

template <typename T, size_t kGeneration>
class RecentMap {
 public:
  // Returns null if the name is not in the map. The pointer is valid until the next call.
  T* find(std::string_view name) {
    if (auto found = young_.find(name); found != young_.end()) return &found->second;
    auto found = old_.find(name);
    if (found == old_.end()) return nullptr;
    auto node = old_.extract(found);
    make_room();
    return &young_.insert(std::move(node)).position->second;
  }
  T& set(std::string_view name, T value) {
    if (T* known = find(name)) return *known = std::move(value);
    make_room();
    return young_.emplace(std::string(name), std::move(value)).first->second;
  }
  void erase(std::string_view name) {
    for (Generation* generation : {&young_, &old_})
      if (auto found = generation->find(name); found != generation->end()) generation->erase(found);
  }
  void clear() {
    young_.clear();
    old_.clear();
  }
  bool empty() const { return young_.empty() && old_.empty(); }
  size_t size() const { return young_.size() + old_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Generation = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  void make_room() {
    if (young_.size() < kGeneration) return;
    old_ = std::exchange(young_, {});
  }
  Generation young_, old_;
};

}  // namespace culprit
