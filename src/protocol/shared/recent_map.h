// RecentMap: values by name, of which the idle go when there are too many: a new one is never refused.
//
// Two generations in place of a list in order of use: what is used moves to the young one; when that is full, it becomes the
// old one, and what was in the old one is forgotten. Holds at least `kGeneration` names and at most twice as many.
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
  // Null: not there. Good until the next call.
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
