// BatchBuilder: gathers rows and what they change in the ledger into batches, and pushes them into the sink.
//
// For every batch received = stored + refused: a batch that the sink does not take is counted as refused in a later one.
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

  // With so many rows more.
  bool full(size_t more_rows) const;
  // Hands over what there is. The first refusal is returned once; rows go on being counted.
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
