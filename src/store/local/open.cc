#include "store/interface/open.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <unordered_set>

#include "base/text.h"
#include "model/batch_codec.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/local/seal.h"
#include "store/local/store_reader.h"

namespace culprit {

namespace {

// One file of the journal; the writer begins another at 64 MiB, and a frame is at most kMaxFrameRaw.
constexpr uint64_t kMaxJournalFile = uint64_t{1} << 30;
// Segments up to this much in all are checked block by block when a store is opened (0.1 s per GB from the page cache).
constexpr uint64_t kCheckedAtOpen = uint64_t{2} << 30;

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

struct JournalFile {
  std::string name;
  File file;
};

// Opened before the manifest is read: what is sealed and removed meanwhile stays readable, and what the manifest then
// says is sealed is left out. So no row is seen twice and none is missed.
Result<std::vector<JournalFile>> open_journal(const Layout& layout) {
  std::vector<JournalFile> files;
  std::vector<std::string> names = TRY(list_directory(layout.journal()));
  for (const std::string& name : names) {
    if (!name.ends_with(".frames")) continue;
    auto file = File::open(layout.journal_file(name), O_RDONLY | O_NONBLOCK);
    if (!file.has_value() && file.error().kind == Error::Kind::NotFound) continue;
    files.push_back({name, TRY(std::move(file))});
  }
  return files;
}

void remove_sealed(std::vector<JournalFile>& files, const Manifest& manifest) {
  std::set<std::string> sealed(manifest.journals.begin(), manifest.journals.end());
  std::erase_if(files, [&](const JournalFile& file) { return sealed.contains(file.name); });
}

Snapshot snapshot_of(const Layout& layout, const Manifest& manifest) {
  Snapshot snapshot;
  for (const SegmentInfo& info : manifest.segments) snapshot.segments.push_back({info, layout.segment(info.file)});
  snapshot.received = manifest.received;
  if (manifest.damaged_records > 0) {
    snapshot.noticed.push_back(ledger_row(LedgerKind::malformed, manifest.damaged_records, "manifest", "store",
                                          "records of the manifest are damaged: their segments are missing"));
    snapshot.noticed.back().unit = to_string(LedgerUnit::Frame);
  }
  return snapshot;
}

// The reason why a segment can't be trusted; empty where it can.
std::string damage_of(const SegmentFile& segment, bool every_block) {
  if (!is_regular_file(segment.path)) return "is missing";
  auto file = File::open(segment.path, O_RDONLY);
  if (!file.has_value()) return "cannot be opened";
  auto size = file.value().size();
  if (!size.has_value() || size.value() != segment.info.size_bytes) return "has another size than when it was written";
  if (!every_block) return {};
  auto checksums = block_checksums(segment.path);
  if (!checksums.has_value()) return "cannot be read";
  for (size_t i = 0; i < checksums.value().size(); ++i)
    if (i >= segment.info.block_checksums.size() || checksums.value()[i] != segment.info.block_checksums[i])
      return "is damaged in block " + std::to_string(i);
  return {};
}

// DuckDB notices no flipped bit: a damaged segment gives wrong answers, so it is left out, aloud.
void drop_damaged(Snapshot& snapshot) {
  uint64_t total = 0;
  for (const SegmentFile& segment : snapshot.segments) total += segment.info.size_bytes;
  std::vector<SegmentFile> sound;
  for (SegmentFile& segment : snapshot.segments) {
    std::string damage = damage_of(segment, total <= kCheckedAtOpen);
    if (damage.empty()) {
      sound.push_back(std::move(segment));
      continue;
    }
    std::string detail = format_count(static_cast<int64_t>(segment.info.rows)) + " rows of table " +
                         segment.info.table + " are left out: segment " + segment.info.file + " " + damage;
    snapshot.noticed.push_back(ledger_row(LedgerKind::malformed, 1, "segments", "store", detail));
    snapshot.noticed.back().unit = to_string(LedgerUnit::File);
  }
  snapshot.segments = std::move(sound);
}

// Ledger rows about whole traces, over all segments, old and new; they replace those of the sealing before.
Result<void> add_defects(SegmentWriter& writer, const Manifest& before, SealRecord& record, Snapshot all) {
  drop_damaged(all);
  std::unique_ptr<StoreReader> reader = TRY(StoreReader::open(std::move(all)));
  std::vector<LedgerRow> rows = TRY(reader->structure_defects());
  for (const SegmentInfo& segment : before.segments)
    if (segment.derived) record.removed.push_back(segment.file);
  if (rows.empty()) return {};
  SegmentInfo info = TRY(writer.write(rows));
  info.derived = true;
  record.added.push_back(std::move(info));
  return {};
}

// Tells the sealer what it may meet again: all resources, and the stored spans of traces that the journal goes on with.
Result<void> teach_known(Sealer& sealer, const std::vector<JournalFile>& files, const Snapshot& existing) {
  std::vector<SegmentFile> spans = existing.of_table("span");
  SegmentReader reader = TRY(SegmentReader::open());
  std::vector<StoredResource> resources = TRY(reader.resources(existing.of_table("resource")));
  for (const StoredResource& row : resources) sealer.know(row.resource_id);
  if (spans.empty()) return {};
  std::unordered_set<std::string> traces;
  for (const JournalFile& file : files) {
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

// Seals `files` into `directory`. `existing` are the segments that count already.
Result<SealRecord> seal(std::vector<JournalFile>& files, const Manifest& before, const Snapshot& existing,
                        const std::string& directory) {
  SegmentWriter writer = TRY(SegmentWriter::open(directory, fresh_generation(before)));
  Sealer sealer(writer, before);
  if (!existing.segments.empty()) TRY(teach_known(sealer, files, existing));
  SealRecord names;
  for (JournalFile& file : files) {
    std::string bytes = TRY(file.file.read_all(kMaxJournalFile));
    TRY(sealer.add_file(bytes, file.name));
    names.journals.push_back(file.name);
  }
  SealRecord record = TRY(sealer.finish());
  record.journals = std::move(names.journals);
  Snapshot all;
  all.segments = existing.segments;
  for (const SegmentInfo& info : record.added) all.segments.push_back({info, directory + "/" + info.file});
  TRY(add_defects(writer, before, record, std::move(all)));
  return record;
}

// Files that no record names: a sealing that was cut off left them.
void sweep(const Layout& layout, const Manifest& manifest) {
  std::set<std::string> counted;
  for (const SegmentInfo& segment : manifest.segments) counted.insert(segment.file);
  auto names = list_directory(layout.segments());
  if (!names.has_value()) return;
  for (const std::string& name : names.value())
    if (!counted.contains(name)) unlink(layout.segment(name).c_str());
  for (const std::string& name : manifest.journals) unlink(layout.journal_file(name).c_str());
}

// With the lock held: nobody writes, and what is sealed here counts from the manifest's record on.
Result<Snapshot> seal_in_place(const Layout& layout, const ReaderOptions& options) {
  Manifest manifest = TRY(read_manifest(layout.manifest()));
  // Segments that an earlier sealing replaced are removed only now: readers of then have had time.
  sweep(layout, manifest);
  std::vector<JournalFile> files = TRY(open_journal(layout));
  remove_sealed(files, manifest);
  if (files.empty()) return snapshot_of(layout, manifest);
  die_here(options, kBeforeSegments);
  SealRecord record = TRY(seal(files, manifest, snapshot_of(layout, manifest), layout.segments()));
  TRY(sync_directory(layout.segments()));
  die_here(options, kAfterSegments);
  TRY(append_manifest(layout.manifest(), manifest, record));
  TRY(sync_directory(layout.root));
  die_here(options, kAfterManifest);
  manifest.apply(record);
  for (const std::string& name : record.journals) {
    unlink(layout.journal_file(name).c_str());
    die_here(options, kAfterSomeJournals);
  }
  return snapshot_of(layout, manifest);
}

// Without: the store is left as it is, and what is not sealed yet is sealed for this reader only.
Result<Snapshot> seal_privately(const Layout& layout) {
  std::vector<JournalFile> files = TRY(open_journal(layout));
  Manifest manifest = TRY(read_manifest(layout.manifest()));
  remove_sealed(files, manifest);
  Snapshot snapshot = snapshot_of(layout, manifest);
  if (files.empty()) return snapshot;
  TemporaryDirectory directory = TRY(TemporaryDirectory::create("culprit-store"));
  SealRecord record = TRY(seal(files, manifest, snapshot, directory.path()));
  for (const std::string& name : record.removed)
    std::erase_if(snapshot.segments, [&](const SegmentFile& segment) { return segment.info.file == name; });
  for (const SegmentInfo& info : record.added) snapshot.segments.push_back({info, directory.path() + "/" + info.file});
  snapshot.received.insert(snapshot.received.end(), record.received.begin(), record.received.end());
  snapshot.private_directory = std::move(directory);
  return snapshot;
}

// What may be read is named by directory to DuckDB: it must not depend on where we are.
std::string absolute(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? std::string(resolved) : path;
}

std::unique_ptr<Reader> as_reader(std::unique_ptr<StoreReader> reader) { return reader; }

}  // namespace

Result<std::unique_ptr<Reader>> open_reader(const std::string& path, ReaderOptions options) {
  Layout layout{absolute(path)};
  if (!path_exists(path))
    return Error{Error::Kind::NotFound, "cannot open '" + path + "': no such directory",
                 "record one: culprit record -o " + path};
  if (!path_exists(layout.journal()) || !path_exists(layout.segments()))
    return Error{Error::Kind::Corrupt, "'" + path + "' is not a recording or a store",
                 "name a directory that record, import or serve has made"};
  std::optional<File> lock;
  if (options.seal == ReaderOptions::Seal::Lazily) {
    auto opened = File::open(layout.lock(), O_RDWR);
    bool ours = opened.has_value() && access(layout.segments().c_str(), W_OK) == 0 &&
                access(layout.journal().c_str(), W_OK) == 0;
    if (ours && opened.value().try_lock()) lock = std::move(opened).value();
  }
  Snapshot snapshot = lock ? TRY(seal_in_place(layout, options)) : TRY(seal_privately(layout));
  drop_damaged(snapshot);
  return as_reader(TRY(StoreReader::open(std::move(snapshot))));
}

Result<std::unique_ptr<Reader>> open_memory(std::vector<Batch> batches) {
  TemporaryDirectory directory = TRY(TemporaryDirectory::create("culprit-store"));
  Manifest nothing;
  SegmentWriter writer = TRY(SegmentWriter::open(directory.path(), fresh_generation(nothing)));
  Sealer sealer(writer, nothing);
  for (Batch& batch : batches) TRY(sealer.add(std::move(batch)));
  SealRecord record = TRY(sealer.finish());
  Snapshot snapshot;
  for (const SegmentInfo& info : record.added) snapshot.segments.push_back({info, directory.path() + "/" + info.file});
  Snapshot again;
  again.segments = snapshot.segments;
  size_t plain = record.added.size();
  TRY(add_defects(writer, nothing, record, std::move(again)));
  for (size_t i = plain; i < record.added.size(); ++i)
    snapshot.segments.push_back({record.added[i], directory.path() + "/" + record.added[i].file});
  snapshot.received = record.received;
  snapshot.private_directory = std::move(directory);
  return as_reader(TRY(StoreReader::open(std::move(snapshot))));
}

}  // namespace culprit
