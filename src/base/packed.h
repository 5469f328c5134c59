// PackedWriter, PackedReader: numbers and texts in the encoding of our formats: LEB128 varints, zigzag, little endian.
//
// The reader's bytes are foreign. Like Cursor, the reader returns zeros past the end and then stays failed.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace culprit {

class PackedWriter {
 public:
  void u8(uint8_t number) { bytes_.push_back(static_cast<char>(number)); }
  void varint(uint64_t number) {
    while (number >= 0x80) u8(static_cast<uint8_t>(number | 0x80)), number >>= 7;
    u8(static_cast<uint8_t>(number));
  }
  // Encodes numbers of small magnitude, positive or negative, in few bytes.
  void zigzag(int64_t number) { varint(static_cast<uint64_t>(number) << 1 ^ static_cast<uint64_t>(number >> 63)); }
  void u16(uint16_t number) { little_endian(number); }
  void u32(uint32_t number) { little_endian(number); }
  void u64(uint64_t number) { little_endian(number); }
  void real(double number) {
    uint64_t bits;
    std::memcpy(&bits, &number, 8);
    u64(bits);
  }
  void raw(std::string_view bytes) { bytes_.append(bytes); }
  void text(std::string_view bytes) { varint(bytes.size()), raw(bytes); }

  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }

 private:
  template <class T>
  void little_endian(T number) {
    for (size_t i = 0; i < sizeof(T); ++i) u8(static_cast<uint8_t>(number >> 8 * i));
  }

  std::string bytes_;
};

class PackedReader {
 public:
  explicit PackedReader(std::string_view bytes = {}) : rest_(bytes) {}

  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  uint8_t u8() { return static_cast<uint8_t>(little_endian<1>()); }
  uint64_t varint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return fail(), 0;
      auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    return fail(), 0;
  }
  int64_t zigzag() {
    uint64_t number = varint();
    return static_cast<int64_t>(number >> 1 ^ (0 - (number & 1)));
  }
  uint16_t u16() { return static_cast<uint16_t>(little_endian<2>()); }
  uint32_t u32() { return static_cast<uint32_t>(little_endian<4>()); }
  uint64_t u64() { return little_endian<8>(); }
  double real() {
    uint64_t bits = u64();
    double number;
    std::memcpy(&number, &bits, 8);
    return number;
  }
  std::string_view raw(uint64_t size) {
    if (size > rest_.size()) return fail(), std::string_view();
    std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view text() { return raw(varint()); }
  void fail() { failed_ = true, rest_ = {}; }

 private:
  template <size_t N>
  uint64_t little_endian() {
    std::string_view bytes = raw(N);
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.size(); ++i) number |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << 8 * i;
    return number;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace culprit
