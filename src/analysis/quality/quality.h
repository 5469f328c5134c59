// How reliable an answer is: which ledger rows matter to it, and whether the lost data could change the cause.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/finding.h"
#include "store/interface/reader.h"

namespace culprit::analysis {

// What the traces themselves show about their completeness, in addition to the ledger.
struct Seen {
  int64_t spans = 0, touched_by_loss = 0, requests = 0;
  int64_t opaque_roots = 0;
  bool foreign = false;        // some traces came from exporters of programs, which do not report their own losses
  bool holder_asleep = false;  // the holder of a lock had no event
};

struct DataQuality {
  Quality quality;
  double lost_share = 0;  // the largest share of lost data, of any unit
  double open_share = 0;  // share of requests that were not recorded completely and have no explanation
  bool touched = false;   // the ledger has rows that matter to the answer
};
Result<DataQuality> assess(Reader& reader, const Seen& seen);

// `flip_share`: the share of requests whose loss would make another cause the first.
Verdict verdict_of(const DataQuality& assessed, const Seen& seen, double flip_share);

}  // namespace culprit::analysis
