// Writer: the interface through which rows are written to a store directory. Capture and ingest push to it as a Sink.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/sink.h"

namespace culprit {

class Writer : public Sink {
 public:
  // Ends the journal file. A directory whose writer was killed before close() can still be opened.
  virtual Result<void> close() = 0;
  // Closes the store after a last row of the ledger, for which space is reserved also on a full disk. For a store that holds
  // less than was meant.
  virtual Result<void> close_with(const LedgerRow& last) = 0;
  // Returns the number of frames in the journal. A store with frames is never removed.
  virtual uint64_t frames_written() const = 0;
};

}  // namespace culprit
