// ByteSource: the decompressed bytes of a file, read as a stream. Plain, gzip (several members) and zstd (several frames)
// are told by their first bytes.
//
// A compressed stream that is damaged or cut ends the bytes early and says so in damage(): what came before counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/result.h"

namespace culprit {

// One step of a decompressor: eats from the front of `in`, writes to `out`, says how much it wrote.
class Decompressor {
 public:
  struct Step {
    size_t eaten = 0, written = 0;
    std::string_view damage;  // a reason; empty: none
  };
  virtual ~Decompressor() = default;
  virtual Step step(std::string_view in, char* out, size_t room) = 0;
  // Whether the stream may end here.
  virtual bool at_end() const = 0;
  virtual std::string_view name() const = 0;
};
// By the first bytes of a stream; null: not compressed.
std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes);

// `bytes` decompressed as a whole, where that gives at most `max_bytes`; else an error of kind Corrupt.
Result<std::string> decompress(std::string_view bytes, size_t max_bytes);

class ByteSource {
 public:
  // "-": standard input.
  static Result<ByteSource> open(const std::string& path, int64_t max_decoded_bytes,
                                 const CancelToken* cancel = nullptr);
  // For tests and fuzzers: the bytes themselves.
  static ByteSource from_bytes(std::string bytes, int64_t max_decoded_bytes);
  ByteSource(ByteSource&& other) noexcept;
  ByteSource& operator=(ByteSource&&) = delete;
  ~ByteSource();

  // Up to `room` bytes into `out`; 0 at the end. Ends within a second with an Error of kind Cancelled once that is requested.
  Result<size_t> read(char* out, size_t room);

  std::string_view compression() const { return decompressor_ ? decompressor_->name() : std::string_view(); }
  std::string_view damage() const { return damage_; }
  int64_t bytes_read() const { return bytes_read_; }
  int64_t bytes_decoded() const { return bytes_decoded_; }

 private:
  ByteSource(int fd, std::string bytes, int64_t max_decoded_bytes);
  Result<void> refill();
  Result<void> wait_for_input();
  Result<size_t> read_plain(char* out, size_t room);
  Result<size_t> read_compressed(char* out, size_t room);

  int fd_;  // -1: input_ is all there is
  const CancelToken* cancel_ = nullptr;
  std::string input_;  // raw bytes; those before consumed_ are used up
  size_t consumed_ = 0;
  bool input_ended_ = false, started_ = false;
  std::unique_ptr<Decompressor> decompressor_;
  std::string damage_;
  int64_t bytes_read_ = 0, bytes_decoded_ = 0, max_decoded_bytes_;
};

}  // namespace culprit
