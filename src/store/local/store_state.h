// The contents of a store directory at one moment: its manifest, which is rebuilt from side records if it is damaged.
#pragma once

#include <string>

#include "base/result.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"
#include "store/local/store_reader.h"

namespace culprit {

struct StoreState {
  Manifest manifest;
  bool rebuilt = false;  // only in memory: the manifest file is unchanged
};
Result<StoreState> read_store_state(const Layout& layout);

// Replaces the damaged manifest with the rebuilt one. The old file is kept. The caller must hold the lock.
Result<void> put_in_place(const Layout& layout, StoreState& state);

// Removes what a sound manifest marks as unneeded: superseded segments, leftovers of interrupted sealings whose journal
// files all exist, and journal files whose rows are sealed.
Result<void> sweep(const Layout& layout, const Manifest& manifest);

// Removes the files of one sealing that is not valid yet.
void remove_generation(const Layout& layout, const std::string& generation);

Snapshot snapshot_of(const Layout& layout, const Manifest& manifest);

}  // namespace culprit
