// SeenSet: the set of spans that were already stored, as 128-bit fingerprints. Takes at most 32 bytes per span.
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
  // Adds a fingerprint. Returns true if it was new.
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

  std::vector<Fingerprint> places_;  // the size is a power of two
  size_t count_ = 0;
};

}  // namespace culprit
