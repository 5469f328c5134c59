// ByteSource: the decompressed bytes of a file, read as a stream. Plain, gzip (several members) and zstd (several
// frames) are distinguished by their first bytes.
//
// If a compressed stream is damaged or cut, the bytes end early and damage() gives the reason: bytes before the damage
// remain valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/result.h"

namespace culprit {

// One step of a decompressor: reads from the front of `in` and writes to `out`; the result gives both lengths.
class Decompressor {
 public:
  struct Step {
    size_t eaten = 0, written = 0;
    std::string_view damage;  // the reason; empty: no damage
  };
  virtual ~Decompressor() = default;
  virtual Step step(std::string_view in, char* out, size_t room) = 0;
  // Returns whether the stream may end here.
  virtual bool at_end() const = 0;
  virtual std::string_view name() const = 0;
};
// Chooses the decompressor by the first bytes of a stream; null: not compressed.
std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes);

// Decompresses all of `bytes`. Returns an error of kind Corrupt if the result would be longer than `max_bytes`.
Result<std::string> decompress(std::string_view bytes, size_t max_bytes);

class ByteSource {
 public:
  // The path "-" is standard input.
  static Result<ByteSource> open(const std::string& path, int64_t max_decoded_bytes,
                                 const CancelToken* cancel = nullptr);
  // For tests and fuzzers: a source of given bytes.
  static ByteSource from_bytes(std::string bytes, int64_t max_decoded_bytes);
  ByteSource(ByteSource&& other) noexcept;
  ByteSource& operator=(ByteSource&&) = delete;
  ~ByteSource();

  // Reads up to `room` bytes into `out`; returns 0 at the end. After a cancellation, it returns an Error of kind
  // Cancelled within a second.
  Result<size_t> read(char* out, size_t room);

  std::string_view compression() const { return decompressor_ ? decompressor_->name() : std::string_view(); }
  // Whether read() has failed: the disk, not a cancel token.
  bool failed() const { return failed_; }
  std::string_view damage() const { return damage_; }
  int64_t bytes_read() const { return bytes_read_; }
  int64_t bytes_decoded() const { return bytes_decoded_; }

 private:
  ByteSource(int fd, std::string bytes, int64_t max_decoded_bytes);
  Result<void> refill();
  Result<void> wait_for_input();
  Result<size_t> read_plain(char* out, size_t room);
  Result<size_t> read_compressed(char* out, size_t room);

  int fd_;  // -1: no file, input_ holds all bytes
  const CancelToken* cancel_ = nullptr;
  std::string input_;  // raw bytes; those before consumed_ are already used
  size_t consumed_ = 0;
  bool input_ended_ = false, started_ = false, failed_ = false;
  std::unique_ptr<Decompressor> decompressor_;
  std::string damage_;
  int64_t bytes_read_ = 0, bytes_decoded_ = 0, max_decoded_bytes_;
};

}  // namespace culprit
