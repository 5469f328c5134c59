#include "model/frame.h"

#include <zstd.h>

#include <cstring>

#include "base/crc32c.h"
#include "base/packed.h"
#include "model/batch_codec.h"

namespace culprit {

namespace {

// A recorder writes frames while it records. Level 1 takes about 2 ns per byte here. Level 3 takes twice as long and
// saves 5 %.
constexpr int kZstdLevel = 1;
constexpr size_t kChecksumLength = 4;

Error damaged(const char* what) { return {Error::Kind::Corrupt, std::string("a frame is damaged: ") + what}; }

std::string_view as_text(const Uuid& id) { return {reinterpret_cast<const char*>(id.data()), id.size()}; }

Uuid read_uuid(PackedReader& in) {
  Uuid id{};
  std::string_view bytes = in.raw(id.size());
  if (bytes.size() == id.size()) std::memcpy(id.data(), bytes.data(), id.size());
  return id;
}

}  // namespace

Result<std::string> encode_frame(const FrameHeader& header, std::string_view content) {
  if (content.size() > kMaxFrameRaw)
    return Error{Error::Kind::Full, "a batch is larger than one frame may be", "push smaller batches"};
  std::string payload(ZSTD_compressBound(content.size()), '\0');
  size_t size = ZSTD_compress(payload.data(), payload.size(), content.data(), content.size(), kZstdLevel);
  if (ZSTD_isError(size)) return Error{Error::Kind::Unavailable, std::string("zstd: ") + ZSTD_getErrorName(size)};
  payload.resize(size);

  PackedWriter out;
  out.raw(kFrameMagic);
  out.u16(kFrameHeaderLength);
  out.u8(static_cast<uint8_t>(header.type));
  out.u8(0);  // reserved
  out.u64(header.sequence);
  out.u64(header.identity.host_id);
  out.raw(as_text(header.identity.boot_id));
  out.raw(as_text(header.identity.run_id));
  out.u64(static_cast<uint64_t>(header.monotonic_ns));
  out.u64(static_cast<uint64_t>(header.wall_ns));
  out.u32(static_cast<uint32_t>(content.size()));
  out.u32(static_cast<uint32_t>(payload.size()));
  out.u32(crc32c(payload));
  out.u32(crc32c(out.bytes()));
  out.raw(payload);
  return out.take();
}

Result<std::string> encode_frame(const FrameHeader& header, const Batch& batch) {
  std::string content = TRY(encode_batch(batch));
  return encode_frame(header, std::string_view(content));
}

Result<FrameHeader> decode_frame_header(std::string_view bytes) {
  PackedReader in(bytes);
  FrameHeader header;
  if (in.raw(kFrameMagic.size()) != kFrameMagic) return damaged("no magic number");
  header.header_length = in.u16();
  header.type = static_cast<FrameType>(in.u8());
  in.u8();
  header.sequence = in.u64();
  header.identity.host_id = in.u64();
  header.identity.boot_id = read_uuid(in);
  header.identity.run_id = read_uuid(in);
  header.monotonic_ns = static_cast<int64_t>(in.u64());
  header.wall_ns = static_cast<int64_t>(in.u64());
  header.raw_length = in.u32();
  header.payload_length = in.u32();
  header.payload_crc = in.u32();
  // A longer header comes from a later version. Its additional fields precede the checksum, which is always last.
  if (in.failed() || header.header_length < kFrameHeaderLength || header.header_length > kMaxFrameHeader ||
      header.header_length > bytes.size())
    return damaged("its header is cut off");
  size_t checked = header.header_length - kChecksumLength;
  PackedReader checksum(bytes.substr(checked));
  if (checksum.u32() != crc32c(bytes.substr(0, checked))) return damaged("its header's checksum is wrong");
  if (header.raw_length > kMaxFrameRaw || header.payload_length > ZSTD_COMPRESSBOUND(uint64_t{kMaxFrameRaw}))
    return damaged("it is larger than a frame may be");
  return header;
}

Result<std::string> decode_frame_content(const FrameHeader& header, std::string_view bytes) {
  if (bytes.size() < header.frame_length()) return damaged("its end is missing");
  std::string_view payload = bytes.substr(header.header_length, header.payload_length);
  if (crc32c(payload) != header.payload_crc) return damaged("its checksum is wrong");
  std::string content(header.raw_length, '\0');
  size_t size = ZSTD_decompress(content.data(), content.size(), payload.data(), payload.size());
  if (ZSTD_isError(size) || size != content.size()) return damaged("its payload cannot be decompressed");
  return content;
}

}  // namespace culprit
