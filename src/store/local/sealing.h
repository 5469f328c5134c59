// Seals a store: in place if it is writable, else into a private place of this reader.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"
#include "store/interface/open.h"
#include "store/local/store_reader.h"

namespace culprit {

// Seals in place. The caller must hold the store's lock. The new segments are valid from the manifest's record on. If
// the sealing fails, the store is unchanged and the new files are removed.
Result<Snapshot> seal_in_place(const Layout& layout, const ReaderOptions& options);

// Seals for this reader only, without the lock. The store is unchanged.
Result<Snapshot> seal_privately(const Layout& layout, const CancelToken* cancel);

// Seals batches in memory into a directory below one of `parents`, else into memory.
Result<Snapshot> seal_batches(std::vector<Batch> batches, const std::vector<std::string>& parents);

}  // namespace culprit
