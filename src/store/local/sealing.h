// Sealing a store: in place where it may be written, else into a place that only this reader has.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"
#include "store/interface/open.h"
#include "store/local/store_reader.h"

namespace culprit {

// With the store's lock held. What is sealed here counts from the manifest's record on. Where it fails, what was there is left
// as it was, and the files that were written for it are gone.
Result<Snapshot> seal_in_place(const Layout& layout, const ReaderOptions& options);

// Without: the store is left as it is, and what is not sealed yet is sealed for this reader only.
Result<Snapshot> seal_privately(const Layout& layout, const CancelToken* cancel);

// Batches in memory, into a directory below one of `parents`, else into memory.
Result<Snapshot> seal_batches(std::vector<Batch> batches, const std::vector<std::string>& parents);

}  // namespace culprit
