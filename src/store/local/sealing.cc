#include "store/local/sealing.h"

#include <sys/random.h>
#include <unistd.h>

#include <cstdio>
#include <unordered_set>

#include "model/batch_codec.h"
#include "store/files/scan.h"
#include "store/files/side_record.h"
#include "store/local/damage.h"
#include "store/local/journal_files.h"
#include "store/local/private_place.h"
#include "store/local/seal.h"
#include "store/local/store_state.h"

namespace culprit {

namespace {

// Steps at which a test ends the process, as kill -9 would.
enum Step { kBeforeSegments = 1, kAfterSegments, kAfterManifest, kAfterSomeJournals };
void die_here(const ReaderOptions& options, Step step) {
  if (options.die_at_step == step) _exit(9);
}

std::string fresh_generation(const Manifest& manifest) {
  uint32_t random = 0;
  if (getrandom(&random, sizeof random, 0) < 0) random = static_cast<uint32_t>(getpid());
  char text[40];
  std::snprintf(text, sizeof text, "%06llu-%08x", static_cast<unsigned long long>(manifest.records + 1), random);
  return text;
}

// Adds the ledger rows about whole traces, from old and new segments. They replace those of the previous sealing.
Result<void> add_defects(SegmentWriter& writer, const Manifest& before, SealRecord& record, Snapshot all) {
  std::unique_ptr<StoreReader> reader = TRY(StoreReader::open(std::move(all)));
  std::vector<LedgerRow> rows = TRY(reader->structure_defects(writer.cancel()));
  for (const SegmentInfo& segment : before.segments)
    if (segment.derived) record.removed.push_back(segment.file);
  if (rows.empty()) return {};
  SegmentInfo info = TRY(writer.write(rows));
  info.derived = true;
  record.added.push_back(std::move(info));
  return {};
}

// Gives the sealer the rows that may arrive again: all resources, and the stored spans of traces that the journal
// continues.
Result<void> teach_known(Sealer& sealer, const std::vector<JournalFile>& files, const Snapshot& existing,
                         const CancelToken* cancel) {
  std::vector<SegmentFile> spans = existing.of_table("span");
  SegmentReader reader = TRY(SegmentReader::open(cancel));
  std::vector<StoredResource> resources = TRY(reader.rows<StoredResource>(existing.of_table("resource")));
  for (const StoredResource& row : resources) sealer.know(row.resource_id);
  if (spans.empty()) return {};
  std::unordered_set<std::string> traces;
  for (const JournalFile& file : files) {
    TRY(check_cancelled(cancel));
    std::string bytes = TRY(file.file.read_all(kMaxJournalFile));
    scan_frames(bytes, [&](const FrameHeader&, std::string_view content) {
      auto batch = decode_batch(content);
      if (!batch.has_value()) return;
      for (const Span& span : batch.value().spans) traces.insert(to_hex(span.trace_id));
    });
  }
  if (TRY(reader.choose_known(spans, traces)) == 0) return {};
  for (const SegmentFile& segment : spans)
    TRY(reader.spans(segment, {}, SegmentReader::Which::Chosen,
                     [&](Span span, uint64_t resource) { sealer.know(span, resource); }));
  return {};
}

// Returns the valid segments without the damaged ones, which are never read.
Result<Snapshot> sound_part(const Snapshot& existing, const CancelToken* cancel) {
  Snapshot sound;
  sound.cancel = cancel;
  for (const SegmentFile& segment : existing.segments) {
    if (damage_of(segment, Check::EveryBlock, cancel).empty()) sound.segments.push_back(segment);
    TRY(check_cancelled(cancel));
  }
  return sound;
}

// Seals `files` with `writer`. `existing` are the segments that are already valid.
Result<SealRecord> seal(std::vector<JournalFile>& files, const Manifest& before, const Snapshot& existing,
                        SegmentWriter& writer) {
  Sealer sealer(writer, before);
  Snapshot sound = TRY(sound_part(existing, writer.cancel()));
  if (!sound.segments.empty()) TRY(teach_known(sealer, files, sound, writer.cancel()));
  SealRecord names;
  for (JournalFile& file : files) {
    TRY(check_cancelled(writer.cancel()));
    std::string bytes = TRY(file.file.read_all(kMaxJournalFile));
    uint64_t unread = TRY(file.file.size()) - bytes.size();
    Sealer::Read read = TRY(sealer.add_file(bytes, file.name));
    if (unread > 0) sealer.count_unread(static_cast<int64_t>(unread), file.name);
    names.journals.push_back(file.name);
    if (read == Sealer::Read::Partly || unread > 0) names.kept.push_back(file.name);
  }
  SealRecord record = TRY(sealer.finish());
  record.journals = std::move(names.journals);
  record.kept = std::move(names.kept);
  for (const SegmentInfo& info : record.added) sound.segments.push_back({info, writer.path_of(info), true});
  TRY(add_defects(writer, before, record, std::move(sound)));
  return record;
}

Result<Snapshot> seal_into(const Layout& layout, Manifest& manifest, std::vector<JournalFile>& files,
                           const std::string& generation, const ReaderOptions& options) {
  SegmentWriter writer =
      TRY(SegmentWriter::open({.directory = layout.segments(), .cancel = options.cancel}, generation));
  SealRecord record = TRY(seal(files, manifest, snapshot_of(layout, manifest), writer));
  record.generation = generation;
  TRY(write_side_records(layout, record));
  TRY(sync_directory(layout.segments()));
  die_here(options, kAfterSegments);
  TRY(append_manifest(layout.manifest(), manifest, record));
  TRY(sync_directory(layout.root));
  die_here(options, kAfterManifest);
  if (options.die_at_step == kAfterSomeJournals) {
    unlink(layout.journal_file(record.journals.front()).c_str());
    die_here(options, kAfterSomeJournals);
  }
  TRY(remove_sealed(layout, manifest));
  return snapshot_of(layout, manifest);
}

}  // namespace

Result<Snapshot> seal_in_place(const Layout& layout, const ReaderOptions& options) {
  StoreState state = TRY(read_store_state(layout));
  if (state.rebuilt)
    TRY(put_in_place(layout, state));
  else
    TRY(sweep(layout, state.manifest));  // removes what the previous sealing replaced: its readers had time to finish
  Manifest& manifest = state.manifest;
  std::vector<JournalFile> files = TRY(open_journal(layout));
  leave_out_sealed(files, manifest);
  if (files.empty()) return snapshot_of(layout, manifest);
  die_here(options, kBeforeSegments);
  std::string generation = fresh_generation(manifest);
  SealRecord intended;
  intended.kind = SealRecord::Kind::Intended;
  intended.generation = generation;
  for (const JournalFile& file : files) intended.journals.push_back(file.name);
  TRY(append_manifest(layout.manifest(), manifest, intended));
  auto sealed = seal_into(layout, manifest, files, generation, options);
  // If only the fsync of the record failed, the record may be durable. The files that it names must stay.
  if (!sealed.has_value() && manifest.intended.contains(generation) &&
      TRY(read_manifest(layout.manifest())).intended.contains(generation))
    remove_generation(layout, generation);
  return sealed;
}

Result<Snapshot> seal_privately(const Layout& layout, const CancelToken* cancel) {
  std::vector<JournalFile> files = TRY(open_journal(layout));
  StoreState state = TRY(read_store_state(layout));
  const Manifest& manifest = state.manifest;
  leave_out_sealed(files, manifest);
  Snapshot snapshot = snapshot_of(layout, manifest);
  if (files.empty()) return snapshot;
  return in_private_place(private_parents(), [&](SegmentWriter::Place place) -> Result<Snapshot> {
    place.cancel = cancel;
    SegmentWriter writer = TRY(SegmentWriter::open(place, fresh_generation(manifest)));
    SealRecord record = TRY(seal(files, manifest, snapshot, writer));
    Snapshot whole = snapshot_of(layout, manifest);
    for (const std::string& name : record.removed)
      std::erase_if(whole.segments, [&](const SegmentFile& segment) { return segment.info.file == name; });
    for (const SegmentInfo& info : record.added) whole.segments.push_back({info, writer.path_of(info), true});
    whole.received.insert(whole.received.end(), record.received.begin(), record.received.end());
    whole.files_in_memory = writer.take_files();
    return whole;
  });
}

Result<Snapshot> seal_batches(std::vector<Batch> batches, const std::vector<std::string>& parents) {
  return in_private_place(parents, [&](const SegmentWriter::Place& place) -> Result<Snapshot> {
    Manifest nothing;
    SegmentWriter writer = TRY(SegmentWriter::open(place, fresh_generation(nothing)));
    Sealer sealer(writer, nothing);
    for (const Batch& batch : batches) TRY(sealer.add(batch));
    SealRecord record = TRY(sealer.finish());
    Snapshot snapshot;
    for (const SegmentInfo& info : record.added) snapshot.segments.push_back({info, writer.path_of(info), true});
    Snapshot again;
    again.segments = snapshot.segments;
    size_t plain = record.added.size();
    TRY(add_defects(writer, nothing, record, std::move(again)));
    for (size_t i = plain; i < record.added.size(); ++i)
      snapshot.segments.push_back({record.added[i], writer.path_of(record.added[i]), true});
    snapshot.received = record.received;
    snapshot.files_in_memory = writer.take_files();
    return snapshot;
  });
}

}  // namespace culprit
