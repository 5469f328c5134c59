// WaitingBatches: a bounded queue of batches that were pushed and are not yet written, and the account of shed batches.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "base/result.h"
#include "model/batch.h"

namespace culprit {

class WaitingBatches {
 public:
  Result<void> add(const Batch& batch);
  bool empty() const { return waiting_.empty(); }
  uint64_t bytes() const { return bytes_; }
  // The content of the oldest batch in the form of a frame.
  const std::string& front() const { return waiting_.front().content; }
  void pop();
  // Drops the oldest batch. Its rows are counted as refused in each unit, with `reason`.
  void shed(const std::string& reason);

  // The account of the shed batches, with their ledger rows and with the processes and hosts that other rows refer to.
  bool has_account() const { return !account_.empty(); }
  Batch& account() { return account_; }

 private:
  struct Waiting {
    std::string content;
    Batch rest;  // the batch without the rows that would be counted as refused
    UnitCounts rows;
  };
  std::deque<Waiting> waiting_;
  uint64_t bytes_ = 0;
  Batch account_;
};

}  // namespace culprit
