// How far an answer can be trusted: which ledger rows touch it, and whether what was lost could have made another cause win.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/finding.h"
#include "store/interface/reader.h"

namespace culprit::analysis {

// What the traces themselves show, beside the ledger.
struct Seen {
  int64_t spans = 0, touched_by_loss = 0, requests = 0;
  int64_t opaque_roots = 0;
  bool foreign = false;        // some came from programs' own exporters, which count nothing for us
  bool holder_asleep = false;  // a lock's holder left no event
};

struct DataQuality {
  Quality quality;
  double lost_share = 0;  // the largest share of anything that is counted as lost
  double open_share = 0;  // requests not seen whole that nothing explains
  bool touched = false;   // there are rows that bear on the answer
};
Result<DataQuality> assess(Reader& reader, const Seen& seen);

// `flip_share`: the share of requests whose loss would let another cause win.
Verdict verdict_of(const DataQuality& trust, const Seen& seen, double flip_share);

}  // namespace culprit::analysis
