// Side record: the sealing record of a segment in a small file beside the segment. A lost or damaged manifest is
// rebuilt from side records; docs/formats/manifest.md describes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"

namespace culprit {

// Decodes the record of one segment: the record of its sealing, with only this segment in `added`.
Result<SealRecord> decode_side_record(std::string_view file);

// Writes a side record for every segment that `record` adds, durably.
Result<void> write_side_records(const Layout& layout, const SealRecord& record);

// Finds sealings that side records describe and that `manifest` lacks. A sealing whose rows are still in the journal is
// left out, because its rows would be counted twice.
struct Recovery {
  std::vector<SealRecord> sealings;
  std::vector<std::string> notes;
};
Result<Recovery> find_unnamed(const Layout& layout, const Manifest& manifest);

}  // namespace culprit
