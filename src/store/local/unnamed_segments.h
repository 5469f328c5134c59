// Segments that neither the manifest nor a side record names: recordings of before there were side records have such ones once
// their manifest is damaged. They are taken in again from what their own footers tell.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"

namespace culprit {

// Returns the segments of the store (TABLE-NNNNNN-GENERATION-N.parquet), ordered by sealing, except those that `manifest`
// lists and those of sealings that were cut off according to it.
std::vector<std::string> unnamed_segments(const Layout& layout, const Manifest& manifest);

struct Adopted {
  SealRecord record;  // to be applied to the manifest; added: what was taken in
  int64_t left_out = 0;
};
// Of `names` those that are whole, unless rows of theirs may still be in the journal: then they would be counted twice.
Result<Adopted> adopt_segments(const Layout& layout, const Manifest& manifest, const std::vector<std::string>& names);

}  // namespace culprit
