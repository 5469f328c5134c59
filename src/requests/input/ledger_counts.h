// LedgerCounts: sums of what was lost, cut, guessed or refused. The next batch takes the sums along.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/ledger.h"

namespace culprit::requests {

class LedgerCounts {
 public:
  // Adds `n` in the 10 s interval that contains `wall_ns` (0: the whole recording).
  void count(LedgerKind kind, int64_t n, int64_t wall_ns, std::string_view stage, std::string_view detail = {},
             Evidence evidence = Evidence::Exact);
  // Adds `n` in another unit than the kind's usual unit.
  void count_unit(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view stage, std::string_view detail);
  void add(const LedgerCounts& other);

  bool empty() const { return counts_.empty(); }
  std::vector<LedgerRow> rows(std::string_view source) const;
  void clear() { counts_.clear(); }

 private:
  struct Key {
    int64_t bucket_ns;
    LedgerKind kind;
    std::string stage, detail, unit;
    Evidence evidence;
    auto operator<=>(const Key&) const = default;
  };
  void add(Key key, int64_t n);
  std::map<Key, int64_t> counts_;
};

}  // namespace culprit::requests
