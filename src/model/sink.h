// Sink: where capture and ingest push their batches, without knowing the store behind it.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "model/batch.h"

namespace culprit {

class Sink {
 public:
  virtual ~Sink() = default;

  // A position in the log of what was pushed, to ask flush() for.
  struct Ticket {
    uint64_t sequence = 0;
  };
  // Takes the batch in, not yet durably. Fails when the world refuses it (disk full): the caller counts it as lost.
  virtual Result<Ticket> push(Batch batch) = 0;
  // Returns when all that was pushed is durable (fdatasync).
  virtual Result<void> flush() = 0;
};

}  // namespace culprit
