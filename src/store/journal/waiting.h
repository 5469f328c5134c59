// WaitingBatches: what was pushed and is not written yet, in order and bounded; and the account of what had to be shed.
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
  // The oldest one's content, as a frame has it.
  const std::string& front() const { return waiting_.front().content; }
  void pop();
  // Gives up the oldest; what it held of each unit is counted as refused for `reason`.
  void shed(const std::string& reason);

  // What was shed: the account of those batches, their ledger rows, and the processes and hosts without which the rest is nameless.
  bool has_account() const { return !account_.empty(); }
  Batch& account() { return account_; }

 private:
  struct Waiting {
    std::string content;
    Batch rest;  // all but the rows that would be refused
    UnitCounts rows;
  };
  std::deque<Waiting> waiting_;
  uint64_t bytes_ = 0;
  Batch account_;
};

}  // namespace culprit
