// Side record: what a segment's sealing said of it, in a small file of its own beside the segment. A manifest that is lost or
// damaged is rebuilt from these; docs/formats/manifest.md draws one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"

namespace culprit {

// The record of one segment: that of its sealing, with this segment alone in `added`.
Result<SealRecord> decode_side_record(std::string_view file);

// One for every segment that `record` adds, durably.
Result<void> write_side_records(const Layout& layout, const SealRecord& record);

// What of the store is missing in `manifest` although side records tell of it. Where a sealing's rows are still in the journal,
// it is not taken: it would be counted twice.
struct Recovery {
  std::vector<SealRecord> sealings;
  std::vector<std::string> notes;
};
Result<Recovery> find_unnamed(const Layout& layout, const Manifest& manifest);

}  // namespace culprit
