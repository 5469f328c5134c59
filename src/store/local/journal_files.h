// The journal files of a store, opened before its manifest is read: what is sealed and removed meanwhile stays readable, and
// what the manifest then says is sealed is left out. So no row is seen twice and none is missed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/files/manifest.h"

namespace culprit {

struct JournalFile {
  std::string name;
  File file;
};

// One file of the journal; the writer begins another at 64 MiB, and a frame is at most kMaxFrameRaw. More is not read.
constexpr uint64_t kMaxJournalFile = uint64_t{1} << 30;

Result<std::vector<JournalFile>> open_journal(const Layout& layout);
// Leaves out those that `manifest` says are sealed.
void leave_out_sealed(std::vector<JournalFile>& files, const Manifest& manifest);

// A journal file that is sealed but was not read whole is not read again, and is kept under this name.
std::string kept_name(const std::string& journal_name);
// Removes the journal files that `manifest` names as sealed, and puts those aside that were not read whole.
Result<void> remove_sealed(const Layout& layout, const Manifest& manifest);

}  // namespace culprit
