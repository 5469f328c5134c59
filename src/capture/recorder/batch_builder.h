// BatchBuilder: collects rows and their ledger changes into batches, and pushes them into the sink.
//
// For every batch, received = stored + refused: a batch that the sink refuses is counted as refused in a later one.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "model/sink.h"
#include "requests/input/ledger_counts.h"

namespace culprit::capture {

class BatchBuilder {
 public:
  BatchBuilder(Sink& sink, std::string host) : sink_(sink), host_(std::move(host)) {}

  Batch& batch() { return batch_; }
  requests::LedgerCounts& ledger() { return counts_; }

  // Returns whether the batch is full with this many additional rows.
  bool full(size_t more_rows) const;
  // Pushes all collected rows. The first refusal is returned once; rows are counted in any case.
  Result<void> push();

  uint64_t spans_stored() const { return spans_stored_; }
  uint64_t spans_refused() const { return spans_refused_; }

 private:
  Sink& sink_;
  const std::string host_;
  Batch batch_;
  requests::LedgerCounts counts_;
  uint64_t spans_stored_ = 0, spans_refused_ = 0;
};

}  // namespace culprit::capture
