// Outbox: gathers rows and what they change in the ledger into batches, and pushes them into the sink.
//
// For every batch received = stored + refused: a batch that the sink does not take is counted as refused in a later one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "model/ledger.h"
#include "model/sink.h"

namespace culprit::capture {

class Outbox {
 public:
  Outbox(Sink& sink, std::string host) : sink_(sink), host_(std::move(host)) {}

  Batch& batch() { return batch_; }
  // Adds to the ledger, in the 10 s bucket of `wall_ns` (0: the whole recording).
  void count(LedgerKind kind, int64_t n, int64_t wall_ns, std::string_view stage, std::string_view detail = {},
             Evidence evidence = Evidence::Exact);
  // The same with a unit that is not the kind's usual one.
  void count_unit(LedgerKind kind, LedgerUnit unit, int64_t n, std::string_view stage, std::string_view detail);

  bool full() const;
  // Hands over what there is. The first refusal is returned once; rows go on being counted.
  Result<void> push();

  uint64_t spans_stored() const { return spans_stored_; }
  uint64_t spans_refused() const { return spans_refused_; }

 private:
  struct Key {
    int64_t bucket_ns;
    LedgerKind kind;
    std::string stage, detail, unit;
    Evidence evidence;
    auto operator<=>(const Key&) const = default;
  };
  void add(Key key, int64_t n);

  Sink& sink_;
  const std::string host_;
  Batch batch_;
  std::map<Key, int64_t> counts_;
  uint64_t spans_stored_ = 0, spans_refused_ = 0;
};

}  // namespace culprit::capture
