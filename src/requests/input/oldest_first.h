// OldestFirst: chooses the next entry to remove from a full table.
//
// The order is computed once per eighth of the table. A search for the oldest entry would visit the whole table each time.
// An entry that was used after the computation is skipped.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace culprit::requests {

template <class Id, class Age>
class OldestFirst {
 public:
  using Entry = std::pair<Age, Id>;

  // `age_of(id)` returns an entry's age, or nothing if the entry is gone. `all()` returns all entries that may be removed.
  // Returns nothing if there is no such entry.
  template <class AgeOf, class All>
  std::optional<Id> next(AgeOf age_of, All all) {
    if (std::optional<Id> id = take(age_of)) return id;
    next_ = all();
    if (next_.empty()) return std::nullopt;
    const size_t n = std::max<size_t>(1, next_.size() / 8);
    std::nth_element(next_.begin(), next_.begin() + static_cast<ptrdiff_t>(n - 1), next_.end());
    next_.resize(n);
    std::sort(next_.begin(), next_.end(), std::greater<>());
    return take(age_of);
  }

 private:
  template <class AgeOf>
  std::optional<Id> take(AgeOf age_of) {
    while (!next_.empty()) {
      const Entry entry = next_.back();
      next_.pop_back();
      const std::optional<Age> age = age_of(entry.second);
      if (age && *age == entry.first) return entry.second;
    }
    return std::nullopt;
  }
  std::vector<Entry> next_;  // the oldest is the last
};

}  // namespace culprit::requests
