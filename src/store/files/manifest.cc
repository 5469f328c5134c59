#include "store/files/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/packed.h"
#include "store/files/file.h"
#include "store/files/scan.h"

namespace culprit {

namespace {

// The size limit of a manifest, which grows by about 1 kB per segment.
constexpr uint64_t kMaxManifest = 1u << 30;

// Fields of a record and of a segment: {number, length, bytes}. Unknown numbers are skipped.
enum RecordField : uint64_t {
  kAdded = 1,
  kRemoved,
  kJournals,
  kReceived,
  kSequence,
  kKind,
  kGeneration,
  kSegments,
  kKept,
  kFrames,
  kNote
};
enum SegmentField : uint64_t {
  kTable = 1,
  kFile,
  kRows,
  kSize,
  kMin,
  kMax,
  kFence,
  kChecksums,
  kPromoted,
  kDerived,
  kAlso
};

void field(PackedWriter& out, uint64_t number, std::string_view bytes) { out.varint(number), out.text(bytes); }
void field(PackedWriter& out, uint64_t number, PackedWriter content) {
  field(out, number, std::string_view(content.bytes()));
}
PackedWriter packed(uint64_t number) {
  PackedWriter out;
  out.varint(number);
  return out;
}
PackedWriter packed_signed(int64_t number) {
  PackedWriter out;
  out.zigzag(number);
  return out;
}

PackedWriter encode_segment(const SegmentInfo& segment) {
  PackedWriter out;
  field(out, kTable, segment.table);
  field(out, kFile, segment.file);
  field(out, kRows, packed(segment.rows));
  field(out, kSize, packed(segment.size_bytes));
  field(out, kMin, packed_signed(segment.min_ns));
  field(out, kMax, packed_signed(segment.max_ns));
  for (const std::string& fence : segment.fences) field(out, kFence, fence);
  PackedWriter checksums;
  for (uint32_t checksum : segment.block_checksums) checksums.u32(checksum);
  field(out, kChecksums, std::move(checksums));
  for (auto& [key, type] : segment.promoted) field(out, kPromoted, type + key);
  if (segment.derived) field(out, kDerived, packed(1));
  for (const std::string& key : segment.also) field(out, kAlso, key);
  return out;
}

void read_segment_field(SegmentInfo& segment, uint64_t number, std::string_view bytes) {
  PackedReader in(bytes);
  switch (number) {
    case kTable: segment.table = bytes; break;
    case kFile: segment.file = bytes; break;
    case kRows: segment.rows = in.varint(); break;
    case kSize: segment.size_bytes = in.varint(); break;
    case kMin: segment.min_ns = in.zigzag(); break;
    case kMax: segment.max_ns = in.zigzag(); break;
    case kFence: segment.fences.emplace_back(bytes); break;
    case kChecksums:
      while (!in.at_end()) segment.block_checksums.push_back(in.u32());
      break;
    case kPromoted:
      if (!bytes.empty()) segment.promoted.emplace_back(bytes.substr(1), bytes[0]);
      break;
    case kDerived: segment.derived = in.varint() != 0; break;
    case kAlso: segment.also.emplace_back(bytes); break;
  }
}

SegmentInfo read_segment(std::string_view bytes) {
  PackedReader in(bytes);
  SegmentInfo segment;
  while (!in.at_end()) {
    uint64_t number = in.varint();
    read_segment_field(segment, number, in.text());
  }
  return segment;
}

FrameIdentity read_identity(PackedReader& in) {
  FrameIdentity identity;
  identity.host_id = in.u64();
  for (uint8_t& byte : identity.boot_id) byte = in.u8();
  for (uint8_t& byte : identity.run_id) byte = in.u8();
  return identity;
}

void write_identity(PackedWriter& out, const FrameIdentity& identity) {
  out.u64(identity.host_id);
  for (uint8_t byte : identity.boot_id) out.u8(byte);
  for (uint8_t byte : identity.run_id) out.u8(byte);
}

void read_record_field(SealRecord& record, uint64_t number, std::string_view content) {
  PackedReader in(content);
  switch (number) {
    case kAdded: record.added.push_back(read_segment(content)); break;
    case kRemoved: record.removed.emplace_back(content); break;
    case kJournals: record.journals.emplace_back(content); break;
    case kReceived: {
      Received received;
      received.source = in.text();
      received.unit = in.text();
      received.n = in.zigzag();
      record.received.push_back(received);
      break;
    }
    case kSequence: {
      FrameIdentity identity = read_identity(in);
      record.last_sequences.emplace_back(identity, in.u64());
      break;
    }
    case kKind: record.kind = in.varint() == 0 ? SealRecord::Kind::Sealed : SealRecord::Kind::Intended; break;
    case kGeneration: record.generation = content; break;
    case kSegments: record.segments = in.varint(); break;
    case kKept: record.kept.emplace_back(content); break;
    case kFrames: {
      FrameRange range{.identity = read_identity(in)};
      range.first = in.u64();
      range.last = in.u64();
      record.frames.push_back(range);
      break;
    }
    case kNote: record.notes.emplace_back(content); break;
  }
}

}  // namespace

// Returns true if a segment's name stays in the directory. The name comes from a file that any program may have
// written.
bool plain_name(std::string_view name) {
  return !name.empty() && name.size() < 200 && name[0] != '.' && name.find('/') == std::string_view::npos &&
         name.find('\'') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

void Manifest::apply(const SealRecord& record) {
  if (record.kind == SealRecord::Kind::Intended) {
    intended[record.generation] = record.journals;
    return;
  }
  auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(segments, record.added);
  append(superseded, record.removed);
  // The records of a rebuilt manifest may be in another order than the original ones.
  std::erase_if(segments, [&](const SegmentInfo& segment) {
    return std::find(superseded.begin(), superseded.end(), segment.file) != superseded.end();
  });
  append(journals, record.journals);
  append(kept, record.kept);
  append(received, record.received);
  append(frames, record.frames);
  append(notes, record.notes);
  for (auto& [identity, sequence] : record.last_sequences)
    last_sequences[identity] = std::max(last_sequences[identity], sequence);
  if (record.generation.empty()) return;
  generations.push_back(record.generation);
  intended.erase(record.generation);
}

SealRecord Manifest::as_record() const {
  SealRecord record;
  record.added = segments;
  record.removed = superseded;
  record.journals = journals;
  record.kept = kept;
  record.received = received;
  record.frames = frames;
  record.notes = notes;
  for (auto& [identity, sequence] : last_sequences) record.last_sequences.emplace_back(identity, sequence);
  return record;
}

std::string encode_seal_record(const SealRecord& record) {
  PackedWriter out;
  if (record.kind != SealRecord::Kind::Sealed) field(out, kKind, packed(1));
  if (!record.generation.empty()) field(out, kGeneration, record.generation);
  if (record.segments != 0) field(out, kSegments, packed(record.segments));
  for (const SegmentInfo& segment : record.added) field(out, kAdded, encode_segment(segment));
  for (const std::string& file : record.removed) field(out, kRemoved, file);
  for (const std::string& file : record.journals) field(out, kJournals, file);
  for (const std::string& file : record.kept) field(out, kKept, file);
  for (const std::string& note : record.notes) field(out, kNote, note);
  for (const Received& received : record.received) {
    PackedWriter content;
    content.text(received.source);
    content.text(received.unit);
    content.zigzag(received.n);
    field(out, kReceived, std::move(content));
  }
  for (auto& [identity, sequence] : record.last_sequences) {
    PackedWriter content;
    write_identity(content, identity);
    content.u64(sequence);
    field(out, kSequence, std::move(content));
  }
  for (const FrameRange& range : record.frames) {
    PackedWriter content;
    write_identity(content, range.identity);
    content.u64(range.first);
    content.u64(range.last);
    field(out, kFrames, std::move(content));
  }
  return out.take();
}

Result<SealRecord> decode_seal_record(std::string_view bytes) {
  PackedReader in(bytes);
  SealRecord record;
  while (!in.at_end()) {
    uint64_t number = in.varint();
    read_record_field(record, number, in.text());
  }
  bool sound = !in.failed();
  for (const SegmentInfo& segment : record.added) sound = sound && plain_name(segment.file);
  for (const std::string& name : record.removed) sound = sound && plain_name(name);
  for (const std::string& name : record.journals) sound = sound && plain_name(name);
  for (const std::string& name : record.kept) sound = sound && plain_name(name);
  if (!record.generation.empty()) sound = sound && plain_name(record.generation);
  if (!sound) return Error{Error::Kind::Corrupt, "a record of the manifest is malformed"};
  return record;
}

Result<Manifest> read_manifest(const std::string& path) {
  Manifest manifest;
  auto file = File::open(path, O_RDONLY);
  if (!file.has_value() && file.error().kind == Error::Kind::NotFound) return manifest;
  if (!file.has_value()) return std::move(file).error();
  std::string bytes = TRY(file.value().read_all(kMaxManifest));
  ScanDamage damage = scan_frames(bytes, [&](const FrameHeader& header, std::string_view content) {
    if (header.type != FrameType::Manifest) return;
    auto record = decode_seal_record(content);
    // Records are numbered from 1, so a missing number means a damaged record.
    if (header.sequence > manifest.records + 1)
      manifest.damaged_records += static_cast<int64_t>(header.sequence - manifest.records - 1);
    manifest.records = std::max(manifest.records, header.sequence);
    if (record.has_value())
      manifest.apply(record.value());
    else
      ++manifest.damaged_records;
  });
  manifest.damaged_records = std::max(manifest.damaged_records, damage.frames);
  manifest.tail_bytes = static_cast<uint64_t>(damage.tail_bytes);
  manifest.valid_bytes = bytes.size() - manifest.tail_bytes;
  return manifest;
}

namespace {

Result<std::string> manifest_frame(uint64_t sequence, const SealRecord& record) {
  FrameHeader header{.type = FrameType::Manifest, .sequence = sequence, .identity = {}};
  return encode_frame(header, std::string_view(encode_seal_record(record)));
}

}  // namespace

Result<void> append_manifest(const std::string& path, Manifest& manifest, const SealRecord& record) {
  std::string frame = TRY(manifest_frame(manifest.records + 1, record));
  File file = TRY(File::open(path, O_WRONLY | O_CREAT | O_APPEND));
  if (ftruncate(file.fd(), static_cast<off_t>(manifest.valid_bytes)) != 0) return system_error("cannot write", path);
  auto written = file.write_all(frame);
  if (!written.has_value()) {  // the incomplete record is cut off, so that the next record does not follow it
    (void)!ftruncate(file.fd(), static_cast<off_t>(manifest.valid_bytes));
    return written;
  }
  TRY(file.sync_data());
  manifest.valid_bytes += frame.size();
  manifest.tail_bytes = 0;
  ++manifest.records;
  manifest.apply(record);
  return {};
}

Result<void> replace_manifest(const std::string& path, Manifest& manifest) {
  std::string frame = TRY(manifest_frame(1, manifest.as_record()));
  std::string fresh = path + ".new";
  {
    File file = TRY(File::open(fresh, O_WRONLY | O_CREAT | O_TRUNC));
    TRY(file.write_all(frame));
    TRY(file.sync_data());
  }
  for (int i = 1; path_exists(path); ++i) {
    std::string aside = path + ".damaged-" + std::to_string(i);
    if (!path_exists(aside)) TRY(rename_file(path, aside));
  }
  TRY(rename_file(fresh, path));
  manifest.records = 1;
  manifest.valid_bytes = frame.size();
  manifest.tail_bytes = 0;
  manifest.damaged_records = 0;
  manifest.intended.clear();
  return {};
}

}  // namespace culprit
