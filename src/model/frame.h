// Frame: one batch in a journal or on its way to another host. It holds the writer, the time, a sequence number, the
// rows and their account. Rows and account are in one frame so that they cannot be separated. docs/formats/frame.md
// describes it.
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

// The writer of frames. Together with the sequence number, it identifies a frame uniquely.
struct FrameIdentity {
  uint64_t host_id = 0;  // hash of /etc/machine-id
  Uuid boot_id{};        // /proc/sys/kernel/random/boot_id
  Uuid run_id{};         // random, different for each writer
  auto operator<=>(const FrameIdentity&) const = default;
};

struct FrameHeader {
  FrameType type = FrameType::Batch;
  uint64_t sequence = 0;  // begins at 1 and has no gaps, per identity
  FrameIdentity identity;
  int64_t monotonic_ns = 0, wall_ns = 0;  // both clocks at the same moment
  uint32_t header_length = 0, raw_length = 0, payload_length = 0, payload_crc = 0;

  uint64_t frame_length() const { return uint64_t{header_length} + payload_length; }
};

constexpr std::string_view kFrameMagic = "\xc1PF1";
constexpr size_t kFrameHeaderLength = 88;
constexpr size_t kMaxFrameHeader = 4096;
// The limit of a payload's size, compressed or not. A recorder's frames are below 1 MiB, an importer's below 50 MiB.
constexpr uint32_t kMaxFrameRaw = 256u << 20;

// Encodes one frame. Sets the lengths and checksums of `header`.
Result<std::string> encode_frame(const FrameHeader& header, std::string_view content);
Result<std::string> encode_frame(const FrameHeader& header, const Batch& batch);

// Decodes the header at the start of `bytes`. An absent or damaged header is an error. The payload may be incomplete.
Result<FrameHeader> decode_frame_header(std::string_view bytes);
// Checks and decompresses the content of the frame at the start of `bytes`.
Result<std::string> decode_frame_content(const FrameHeader& header, std::string_view bytes);

}  // namespace culprit
