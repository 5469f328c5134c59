// What a store directory holds at one moment: its manifest, put right from the segments' own records where it is damaged.
#pragma once

#include <string>

#include "base/result.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"
#include "store/local/store_reader.h"

namespace culprit {

struct StoreState {
  Manifest manifest;
  bool rebuilt = false;  // in memory: the file is as it was
};
Result<StoreState> read_store_state(const Layout& layout);

// With the lock held: the rebuilt manifest takes the place of the damaged one, which is kept aside.
Result<void> put_in_place(const Layout& layout, StoreState& state);

// Removes what a sound manifest itself says is no longer needed: segments that it superseded, leftovers of sealings that it
// says were begun and whose journal files are all still there, journal files whose rows it names. Nothing else.
Result<void> sweep(const Layout& layout, const Manifest& manifest);

// The files of one sealing, which has not come to count.
void remove_generation(const Layout& layout, const std::string& generation);

Snapshot snapshot_of(const Layout& layout, const Manifest& manifest);

}  // namespace culprit
