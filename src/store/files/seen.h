// SeenSet: which spans were stored already, by a 128-bit hash of all they say. 32 bytes a span at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace culprit {

struct Fingerprint {
  uint64_t high = 0, low = 0;
  bool operator==(const Fingerprint&) const = default;
};

class SeenSet {
 public:
  // Whether `print` was new.
  bool insert(Fingerprint print) {
    if (print == Fingerprint{}) print.low = 1;  // zero marks a free place
    if ((count_ + 1) * 2 > places_.size()) grow();
    bool fresh = place(print);
    count_ += fresh;
    return fresh;
  }

 private:
  bool place(Fingerprint print) {
    size_t mask = places_.size() - 1, at = print.low & mask;
    for (; !(places_[at] == Fingerprint{}); at = (at + 1) & mask)
      if (places_[at] == print) return false;
    places_[at] = print;
    return true;
  }
  void grow() {
    std::vector<Fingerprint> before(places_.empty() ? 1024 : places_.size() * 2);
    before.swap(places_);
    for (const Fingerprint& print : before)
      if (!(print == Fingerprint{})) place(print);
  }

  std::vector<Fingerprint> places_;  // a power of two of them
  size_t count_ = 0;
};

}  // namespace culprit
