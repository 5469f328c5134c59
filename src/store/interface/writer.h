// Writer: the seam through which rows get into a store directory. It is the Sink that capture and ingest push to.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "model/sink.h"

namespace culprit {

class Writer : public Sink {
 public:
  // Ends the journal's file cleanly. The directory stays openable without it, also after kill -9.
  virtual Result<void> close() = 0;
  // How many frames are in the journal by now: what has one is never removed.
  virtual uint64_t frames_written() const = 0;
};

}  // namespace culprit
