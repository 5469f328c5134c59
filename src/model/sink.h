// Sink: the interface to which capture and ingest push their batches. The store behind it is hidden from them.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "model/batch.h"

namespace culprit {

class Sink {
 public:
  virtual ~Sink() = default;

  // A position in the sequence of pushed batches, for flush().
  struct Ticket {
    uint64_t sequence = 0;
  };
  // Accepts a batch, which is not durable yet. Fails if it cannot be stored, for example on a full disk; the caller
  // counts the batch as lost.
  virtual Result<Ticket> push(Batch batch) = 0;
  // Returns when all pushed batches are durable (fdatasync).
  virtual Result<void> flush() = 0;
};

}  // namespace culprit
