// ProtoReader: reads the fields of one protobuf message in their order (protobuf.dev, "Encoding").
//
//   field = key varint (number << 3 | wire type), then: 0 varint · 1 eight bytes · 2 length varint, bytes · 5 four
// bytes
//
// Groups (wire types 3 and 4) were abandoned before OTLP existed: they fail, like any other invalid data. After a
// failure the reader stays failed; fields read before it are valid.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace culprit::otlp {

class ProtoReader {
 public:
  enum Wire : uint8_t { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 };

  explicit ProtoReader(std::string_view message) : rest_(message) {}

  // Moves to the next field; returns false at the end and after a failure.
  bool next() {
    if (rest_.empty() || failed_) return false;
    uint64_t key = varint();
    field_ = static_cast<uint32_t>(key >> 3);
    wire_ = static_cast<Wire>(key & 7);
    number_ = 0;
    bytes_ = {};
    if (field_ == 0 || key >> 32 != 0)
      failed_ = true;
    else if (wire_ == Varint)
      number_ = varint();
    else if (wire_ == Fixed64)
      number_ = fixed(8);
    else if (wire_ == Fixed32)
      number_ = fixed(4);
    else if (wire_ == Length)
      bytes_ = take(varint());
    else
      failed_ = true;
    return !failed_;
  }
  bool failed() const { return failed_; }

  uint32_t field() const { return field_; }
  Wire wire() const { return wire_; }
  bool is(uint32_t field, Wire wire) const { return field_ == field && wire_ == wire; }

  // Values of the current field; 0 or empty if its wire type is another.
  uint64_t number() const { return number_; }
  double real() const {
    double value;
    static_assert(sizeof value == sizeof number_);
    std::memcpy(&value, &number_, sizeof value);
    return value;
  }
  // The current field as sint32 or sint64.
  int64_t zigzag() const { return static_cast<int64_t>(number_ >> 1) ^ -static_cast<int64_t>(number_ & 1); }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string_view take(uint64_t size_bytes) {
    if (size_bytes > rest_.size()) {
      failed_ = true;
      return {};
    }
    std::string_view taken = rest_.substr(0, size_bytes);
    rest_.remove_prefix(size_bytes);
    return taken;
  }
  uint64_t varint() {
    uint64_t number = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (rest_.empty()) break;
      auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift < 64) number |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    failed_ = true;
    return 0;
  }
  uint64_t fixed(size_t size_bytes) {
    uint64_t number = 0;
    std::string_view taken = take(size_bytes);
    for (size_t i = taken.size(); i > 0; --i) number = number << 8 | static_cast<uint8_t>(taken[i - 1]);
    return number;
  }

  std::string_view rest_, bytes_;
  uint64_t number_ = 0;
  uint32_t field_ = 0;
  Wire wire_ = Varint;
  bool failed_ = false;
};

}  // namespace culprit::otlp
