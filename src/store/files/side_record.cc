#include "store/files/side_record.h"

#include <fcntl.h>

#include <algorithm>
#include <map>

#include "store/files/file.h"

namespace culprit {

namespace {

constexpr std::string_view kEnding = ".side";
// The size of a record for a segment with a million row groups. Actual records are smaller than 10 kB.
constexpr uint64_t kMaxSideRecord = 64u << 20;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_known(const Manifest& manifest, const std::string& segment) {
  return contains(manifest.superseded, segment) ||
         std::any_of(manifest.segments.begin(), manifest.segments.end(),
                     [&](const SegmentInfo& info) { return info.file == segment; });
}

bool share_frames(const std::vector<FrameRange>& a, const std::vector<FrameRange>& b) {
  for (const FrameRange& x : a)
    for (const FrameRange& y : b)
      if (x.identity == y.identity && x.first <= y.last && y.first <= x.last) return true;
  return false;
}

uint64_t frame_count(const SealRecord& record) {
  uint64_t count = 0;
  for (const FrameRange& range : record.frames) count += range.last - range.first + 1;
  return count;
}

// Reassembles the sealings that have side records in the directory and are not in the manifest.
std::map<std::string, SealRecord> unnamed_sealings(const Layout& layout, const Manifest& manifest,
                                                   const std::vector<std::string>& names) {
  std::map<std::string, SealRecord> sealings;
  for (const std::string& name : names) {
    if (!name.ends_with(kEnding)) continue;
    std::string segment = name.substr(0, name.size() - kEnding.size());
    if (is_known(manifest, segment)) continue;
    auto file = File::open(layout.segment(name), O_RDONLY | O_NONBLOCK);
    if (!file.has_value()) continue;
    auto bytes = file.value().read_all(kMaxSideRecord);
    if (!bytes.has_value()) continue;
    auto record = decode_side_record(bytes.value());
    if (!record.has_value() || record.value().added.size() != 1 || record.value().added[0].file != segment) continue;
    SegmentInfo info = record.value().added[0];
    auto [at, fresh] = sealings.try_emplace(record.value().generation, record.value());
    if (!fresh) at->second.added.push_back(std::move(info));
  }
  return sealings;
}

bool journals_are_there(const Layout& layout, const std::vector<std::string>& journals) {
  return std::all_of(journals.begin(), journals.end(),
                     [&](const std::string& name) { return path_exists(layout.journal_file(name)); });
}

}  // namespace

Result<SealRecord> decode_side_record(std::string_view file) {
  FrameHeader header = TRY(decode_frame_header(file));
  if (header.type != FrameType::Side) return Error{Error::Kind::Corrupt, "not a segment's record"};
  std::string content = TRY(decode_frame_content(header, file));
  return decode_seal_record(content);
}

Result<void> write_side_records(const Layout& layout, const SealRecord& record) {
  for (const SegmentInfo& segment : record.added) {
    SealRecord side = record;
    side.added = {segment};
    side.segments = record.added.size();
    FrameHeader header{.type = FrameType::Side, .sequence = 1, .identity = {}};
    std::string frame = TRY(encode_frame(header, std::string_view(encode_seal_record(side))));
    File file = TRY(File::open(layout.side(segment.file), O_WRONLY | O_CREAT | O_TRUNC));
    TRY(file.write_all(frame));
    TRY(file.sync_data());
  }
  return {};
}

Result<Recovery> find_unnamed(const Layout& layout, const Manifest& manifest) {
  std::vector<std::string> names = TRY(list_directory(layout.segments()));
  Recovery recovery;
  std::vector<SealRecord> candidates;
  for (auto& [generation, record] : unnamed_sealings(layout, manifest, names)) {
    // The sealing was interrupted before its manifest record. The journal still has its rows and will be sealed again.
    if (!record.journals.empty() && journals_are_there(layout, record.journals)) continue;
    candidates.push_back(std::move(record));
  }
  // Two sealings can hold the same frame if the first was interrupted and its leftovers were not removed. The larger
  // one is used.
  std::stable_sort(candidates.begin(), candidates.end(), [](const SealRecord& a, const SealRecord& b) {
    return std::pair(frame_count(a), a.added.size()) > std::pair(frame_count(b), b.added.size());
  });
  std::vector<FrameRange> taken = manifest.frames;
  for (SealRecord& record : candidates) {
    if (share_frames(record.frames, taken)) continue;
    taken.insert(taken.end(), record.frames.begin(), record.frames.end());
    if (record.added.size() < record.segments)
      recovery.notes.push_back(std::to_string(record.segments - record.added.size()) +
                               " segments of one sealing have no record any more and are left out");
    recovery.sealings.push_back(std::move(record));
  }
  // Sorts by the order of sealing: a generation begins with the number of its record.
  std::sort(recovery.sealings.begin(), recovery.sealings.end(),
            [](const SealRecord& a, const SealRecord& b) { return a.generation < b.generation; });
  return recovery;
}

}  // namespace culprit
