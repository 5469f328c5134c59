#include "store/local/store_state.h"

#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "store/files/file.h"
#include "store/files/side_record.h"
#include "store/local/damage.h"
#include "store/local/journal_files.h"
#include "store/local/unnamed_segments.h"

namespace culprit {

namespace {

std::string counted(int64_t n, const char* one, const char* many) {
  return format_count(n) + " " + (n == 1 ? one : many);
}

}  // namespace

Result<StoreState> read_store_state(const Layout& layout) {
  StoreState state;
  Manifest& manifest = state.manifest;
  manifest = TRY(read_manifest(layout.manifest()));
  Recovery recovery = TRY(find_unnamed(layout, manifest));
  int64_t damaged_records = manifest.damaged_records, segments = 0;
  for (const SealRecord& sealing : recovery.sealings) {
    segments += static_cast<int64_t>(sealing.added.size());
    manifest.apply(sealing);
  }
  if (segments > 0)
    manifest.notes.push_back("the manifest was damaged or missing: rebuilt from the records of " +
                             counted(segments, "segment", "segments"));
  else if (damaged_records > 0)
    manifest.notes.push_back(counted(damaged_records, "record", "records") + " of the manifest could not be read");
  manifest.notes.insert(manifest.notes.end(), recovery.notes.begin(), recovery.notes.end());
  bool doubtful = segments > 0 || damaged_records > 0 || manifest.tail_bytes > 0 || manifest.records == 0;
  Adopted adopted;
  if (doubtful) adopted = TRY(adopt_segments(layout, manifest, unnamed_segments(layout, manifest)));
  if (int64_t n = static_cast<int64_t>(adopted.record.added.size()); n > 0) {
    manifest.apply(adopted.record);
    manifest.notes.push_back(
        counted(n, "segment", "segments") +
        " that no sound record names: taken as they are, unverified, and what was received as what "
        "is in them");
  }
  if (adopted.left_out > 0)
    manifest.notes.push_back(counted(adopted.left_out, "segment", "segments") +
                             " that no sound record names: left out");
  state.rebuilt = segments > 0 || damaged_records > 0 || !adopted.record.added.empty() || adopted.left_out > 0;
  return state;
}

Result<void> put_in_place(const Layout& layout, StoreState& state) {
  if (!state.rebuilt) return {};
  TRY(replace_manifest(layout.manifest(), state.manifest));
  TRY(sync_directory(layout.root));
  state.rebuilt = false;
  return {};
}

void remove_generation(const Layout& layout, const std::string& generation) {
  auto names = list_directory(layout.segments());
  if (!names.has_value()) return;
  for (const std::string& name : names.value())
    if (name.find("-" + generation + "-") != std::string::npos) unlink(layout.segment(name).c_str());
}

Result<void> sweep(const Layout& layout, const Manifest& manifest) {
  for (const std::string& name : manifest.superseded) {
    unlink(layout.segment(name).c_str());
    unlink(layout.side(name).c_str());
  }
  for (auto& [generation, journals] : manifest.intended) {
    bool all_there = std::all_of(journals.begin(), journals.end(),
                                 [&](const std::string& name) { return path_exists(layout.journal_file(name)); });
    if (all_there && !journals.empty()) remove_generation(layout, generation);
  }
  // A journal file is removed only while all segments exist.
  bool whole = std::all_of(manifest.segments.begin(), manifest.segments.end(), [&](const SegmentInfo& info) {
    return damage_of({info, layout.segment(info.file)}, Check::Size, nullptr).empty();
  });
  if (whole) TRY(remove_sealed(layout, manifest));
  return {};
}

Snapshot snapshot_of(const Layout& layout, const Manifest& manifest) {
  Snapshot snapshot;
  for (const SegmentInfo& info : manifest.segments) snapshot.segments.push_back({info, layout.segment(info.file)});
  snapshot.received = manifest.received;
  for (const std::string& note : manifest.notes) {
    snapshot.noticed.push_back(ledger_row(LedgerKind::malformed, 1, "manifest", "store", note));
    snapshot.noticed.back().unit = to_string(LedgerUnit::File);
  }
  return snapshot;
}

}  // namespace culprit
