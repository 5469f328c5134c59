// RecentMap: a map by name with a bounded size. When it is full, the least recently used values are removed.
//
// Two generations replace a list in order of use. A used value moves to the young generation. When the young generation
// is full, it becomes the old one, and the previous old generation is dropped. The map holds at most twice
// `kGeneration` values, and at least the `kGeneration` most recently used ones. When a limit that the map shares with other
// maps is reached, the map drops its own idle values earlier.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/shared_limit.h"

namespace culprit {

template <typename T, size_t kGeneration>
class RecentMap {
 public:
  // `limit`: shared by several maps; must outlive them.
  explicit RecentMap(SharedLimit* limit = nullptr) : limit_(limit) {}
  RecentMap(const RecentMap&) = delete;
  RecentMap& operator=(const RecentMap&) = delete;
  ~RecentMap() { clear(); }

  // Returns null if the name is not in the map. The pointer is valid until the next call.
  T* find(std::string_view name) {
    if (auto found = young_.find(name); found != young_.end()) return &found->second;
    auto found = old_.find(name);
    if (found == old_.end()) return nullptr;
    auto node = old_.extract(found);
    make_room(kGeneration);
    return &young_.insert(std::move(node)).position->second;
  }
  T& set(std::string_view name, T value) {
    if (T* known = find(name)) return *known = std::move(value);
    make_room(limit_ && limit_->full() ? 1 : kGeneration);
    if (limit_) ++limit_->held;
    return young_.emplace(std::string(name), std::move(value)).first->second;
  }
  void erase(std::string_view name) {
    for (Generation* generation : {&young_, &old_})
      if (auto found = generation->find(name); found != generation->end()) {
        generation->erase(found);
        release(1);
      }
  }
  void clear() {
    release(size());
    young_.clear();
    old_.clear();
  }
  bool empty() const { return young_.empty() && old_.empty(); }
  size_t size() const { return young_.size() + old_.size(); }
  // Returns the number of dropped values since the last call.
  size_t take_evicted() { return std::exchange(evicted_, 0); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Generation = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  void make_room(size_t most_young) {
    if (young_.size() < most_young) return;
    release(old_.size());
    evicted_ += old_.size();
    old_ = std::exchange(young_, {});
  }
  void release(size_t n) {
    if (limit_) limit_->held -= n;
  }
  Generation young_, old_;
  SharedLimit* limit_;
  size_t evicted_ = 0;
};

}  // namespace culprit
