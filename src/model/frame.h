// Frame: one batch as it lies in a journal and travels to another host: who wrote it, when, which one it is, and its
// rows together with their account, so that nothing can part the two. docs/formats/frame.md draws it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"

namespace culprit {

enum class FrameType : uint8_t { Batch = 1, Manifest = 2, Side = 3 };

using Uuid = std::array<uint8_t, 16>;

// Who writes frames; with the sequence number it makes a frame unique for ever.
struct FrameIdentity {
  uint64_t host_id = 0;  // hash of /etc/machine-id
  Uuid boot_id{};        // /proc/sys/kernel/random/boot_id
  Uuid run_id{};         // random, one a writer
  auto operator<=>(const FrameIdentity&) const = default;
};

struct FrameHeader {
  FrameType type = FrameType::Batch;
  uint64_t sequence = 0;  // from 1, without holes, per identity
  FrameIdentity identity;
  int64_t monotonic_ns = 0, wall_ns = 0;  // both clocks at one moment
  uint32_t header_length = 0, raw_length = 0, payload_length = 0, payload_crc = 0;

  uint64_t frame_length() const { return uint64_t{header_length} + payload_length; }
};

constexpr std::string_view kFrameMagic = "\xc1PF1";
constexpr size_t kFrameHeaderLength = 88;
constexpr size_t kMaxFrameHeader = 4096;
// Of a payload before and after compression: a recorder's frames are below 1 MiB, an importer's below 50.
constexpr uint32_t kMaxFrameRaw = 256u << 20;

// One frame; lengths and checksums of `header` are filled in.
Result<std::string> encode_frame(const FrameHeader& header, std::string_view content);
Result<std::string> encode_frame(const FrameHeader& header, const Batch& batch);

// The header that `bytes` begin with; an error where there is none, or a damaged one. The payload may be cut off.
Result<FrameHeader> decode_frame_header(std::string_view bytes);
// The content of the frame that `bytes` begin with, checked and decompressed.
Result<std::string> decode_frame_content(const FrameHeader& header, std::string_view bytes);

}  // namespace culprit
