#include "store/files/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/packed.h"
#include "store/files/file.h"

namespace culprit {

namespace {

// A manifest grows by about 1 kB a segment.
constexpr uint64_t kMaxManifest = 1u << 30;

// Fields of a record and of a segment: {number, length, bytes}; unknown numbers are skipped.
enum RecordField : uint64_t { kAdded = 1, kRemoved, kJournals, kReceived, kSequence };
enum SegmentField : uint64_t { kTable = 1, kFile, kRows, kSize, kMin, kMax, kFence, kChecksums, kPromoted, kDerived };

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

// A segment's name comes from a file that anybody may have written: it must stay in the directory.
bool plain_name(const std::string& name) {
  return !name.empty() && name.size() < 200 && name[0] != '.' && name.find('/') == std::string::npos &&
         name.find('\'') == std::string::npos && name.find('\0') == std::string::npos;
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

std::pair<FrameIdentity, uint64_t> read_sequence(std::string_view bytes) {
  PackedReader in(bytes);
  FrameIdentity identity;
  identity.host_id = in.u64();
  for (uint8_t& byte : identity.boot_id) byte = in.u8();
  for (uint8_t& byte : identity.run_id) byte = in.u8();
  return {identity, in.u64()};
}

}  // namespace

void Manifest::apply(const SealRecord& record) {
  for (const SegmentInfo& segment : record.added) segments.push_back(segment);
  for (const std::string& file : record.removed) {
    std::erase_if(segments, [&](const SegmentInfo& segment) { return segment.file == file; });
    superseded.push_back(file);
  }
  journals.insert(journals.end(), record.journals.begin(), record.journals.end());
  received.insert(received.end(), record.received.begin(), record.received.end());
  for (auto& [identity, sequence] : record.last_sequences) last_sequences[identity] = sequence;
  ++records;
}

std::string encode_seal_record(const SealRecord& record) {
  PackedWriter out;
  for (const SegmentInfo& segment : record.added) field(out, kAdded, encode_segment(segment));
  for (const std::string& file : record.removed) field(out, kRemoved, file);
  for (const std::string& file : record.journals) field(out, kJournals, file);
  for (const Received& received : record.received) {
    PackedWriter content;
    content.text(received.source), content.text(received.unit), content.zigzag(received.n);
    field(out, kReceived, std::move(content));
  }
  for (auto& [identity, sequence] : record.last_sequences) {
    PackedWriter content;
    content.u64(identity.host_id);
    for (uint8_t byte : identity.boot_id) content.u8(byte);
    for (uint8_t byte : identity.run_id) content.u8(byte);
    content.u64(sequence);
    field(out, kSequence, std::move(content));
  }
  return out.take();
}

Result<SealRecord> decode_seal_record(std::string_view bytes) {
  PackedReader in(bytes);
  SealRecord record;
  while (!in.at_end()) {
    uint64_t number = in.varint();
    std::string_view content = in.text();
    PackedReader inner(content);
    if (number == kAdded) record.added.push_back(read_segment(content));
    if (number == kRemoved) record.removed.emplace_back(content);
    if (number == kJournals) record.journals.emplace_back(content);
    if (number == kSequence) record.last_sequences.push_back(read_sequence(content));
    if (number != kReceived) continue;
    Received received;
    received.source = inner.text(), received.unit = inner.text(), received.n = inner.zigzag();
    record.received.push_back(received);
  }
  bool sound = !in.failed();
  for (const SegmentInfo& segment : record.added) sound = sound && plain_name(segment.file);
  for (const std::string& name : record.removed) sound = sound && plain_name(name);
  for (const std::string& name : record.journals) sound = sound && plain_name(name);
  if (!sound) return Error{Error::Kind::Corrupt, "a record of the manifest is malformed"};
  return record;
}

Result<Manifest> read_manifest(const std::string& path) {
  Manifest manifest;
  auto file = File::open(path, O_RDONLY);
  if (!file.has_value() && file.error().kind == Error::Kind::NotFound) return manifest;
  if (!file.has_value()) return std::move(file).error();
  std::string bytes = TRY(file.value().read_all(kMaxManifest));
  while (manifest.valid_bytes < bytes.size()) {
    std::string_view rest = std::string_view(bytes).substr(manifest.valid_bytes);
    auto header = decode_frame_header(rest);
    if (!header.has_value() || header.value().frame_length() > rest.size()) break;
    manifest.valid_bytes += header.value().frame_length();
    auto content = decode_frame_content(header.value(), rest);
    if (!content.has_value()) {
      ++manifest.damaged_records;
      continue;
    }
    if (header.value().type != FrameType::Manifest) continue;
    SealRecord record = TRY(decode_seal_record(content.value()));
    manifest.apply(record);
  }
  return manifest;
}

Result<void> append_manifest(const std::string& path, const Manifest& before, const SealRecord& record) {
  FrameHeader header{.type = FrameType::Manifest, .sequence = before.records + 1, .identity = {}};
  std::string frame = TRY(encode_frame(header, std::string_view(encode_seal_record(record))));
  File file = TRY(File::open(path, O_WRONLY | O_CREAT | O_APPEND));
  if (ftruncate(file.fd(), static_cast<off_t>(before.valid_bytes)) != 0) return system_error("cannot write", path);
  TRY(file.write_all(frame));
  return file.sync_data();
}

}  // namespace culprit
