// The journal files of a store. They are opened before the manifest is read: files that a sealing removes meanwhile
// stay readable, and files that the manifest then lists as sealed are left out. Therefore no row is read twice or
// missed.
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

// The limit for reading a journal file. The writer begins another file at 64 MiB, and a frame has at most kMaxFrameRaw
// bytes.
constexpr uint64_t kMaxJournalFile = uint64_t{1} << 30;

Result<std::vector<JournalFile>> open_journal(const Layout& layout);
// Removes the files from the list that `manifest` lists as sealed.
void leave_out_sealed(std::vector<JournalFile>& files, const Manifest& manifest);

// Returns the name under which a sealed journal file is kept if it could not be read completely.
std::string kept_name(const std::string& journal_name);
// Removes the journal files that `manifest` lists as sealed. Renames those that could not be read completely.
Result<void> remove_sealed(const Layout& layout, const Manifest& manifest);

}  // namespace culprit
