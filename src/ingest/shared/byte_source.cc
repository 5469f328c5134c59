#include "ingest/shared/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace culprit {

namespace {

// Several times the capacity of a pipe; larger reads were not faster in measurements.
constexpr size_t kReadBytes = 256 * 1024;

// RFC 1952: a file is a sequence of members, each {1f 8b, header, deflate blocks, CRC, size}.
class Gzip final : public Decompressor {
 public:
  Gzip() { CHECK(inflateInit2(&stream_, 15 + 16) == Z_OK, "zlib has no memory for its window"); }
  ~Gzip() override { inflateEnd(&stream_); }

  Step step(std::string_view in, char* out, size_t room) override {
    if (between_members_) {
      // gzip(1) accepts zeros after a member, as tapes are padded with zeros. Other bytes after a member are damage.
      size_t zeros = std::min(in.find_first_not_of('\0'), in.size());
      if (zeros > 0) return {zeros, 0, {}};
      if (in.front() != '\x1f') return {0, 0, "bytes after the last gzip member"};
      inflateReset(&stream_);
      between_members_ = false;
    }
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(room);
    int state = inflate(&stream_, Z_NO_FLUSH);
    Step step{in.size() - stream_.avail_in, room - stream_.avail_out, {}};
    if (state == Z_STREAM_END)
      between_members_ = true;
    else if (state != Z_OK && state != Z_BUF_ERROR)
      step.damage = "the gzip stream is damaged";
    return step;
  }
  bool at_end() const override { return between_members_; }
  std::string_view name() const override { return "gzip"; }

 private:
  z_stream stream_ = {};
  bool between_members_ = false;
};

// RFC 8878. A frame may need a window of up to 128 MiB, zstd's own default limit.
class Zstd final : public Decompressor {
 public:
  Zstd() : stream_(ZSTD_createDStream()) { CHECK(stream_ != nullptr, "zstd has no memory for a stream"); }
  ~Zstd() override { ZSTD_freeDStream(stream_); }

  Step step(std::string_view in, char* out, size_t room) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out, room, 0};
    size_t state = ZSTD_decompressStream(stream_, &output, &input);
    if (ZSTD_isError(state)) return {input.pos, output.pos, "the zstd stream is damaged"};
    at_end_ = state == 0;
    return {input.pos, output.pos, {}};
  }
  bool at_end() const override { return at_end_; }
  std::string_view name() const override { return "zstd"; }

 private:
  ZSTD_DStream* stream_;
  bool at_end_ = false;
};

Error cannot_read(const std::string& path) {
  Error::Kind kind = errno == ENOENT   ? Error::Kind::NotFound
                     : errno == EACCES ? Error::Kind::Denied
                                       : Error::Kind::Unavailable;
  return {kind, "cannot read '" + path + "': " + std::strerror(errno)};
}

}  // namespace

std::unique_ptr<Decompressor> make_decompressor(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\x1f\x8b"sv)) return std::make_unique<Gzip>();
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return std::make_unique<Zstd>();
  // A skippable frame (0x184D2A5?), which pzstd writes first.
  if (first_bytes.size() >= 4 && (first_bytes[0] & 0xf0) == 0x50 && first_bytes.substr(1, 3) == "\x2a\x4d\x18"sv)
    return std::make_unique<Zstd>();
  return nullptr;
}

Result<std::string> decompress(std::string_view bytes, size_t max_bytes) {
  auto source = ByteSource::from_bytes(std::string(bytes), static_cast<int64_t>(max_bytes));
  std::string text;
  while (true) {
    size_t before = text.size();
    text.resize(before + kReadBytes);
    size_t size_bytes = TRY(source.read(text.data() + before, kReadBytes));
    text.resize(before + size_bytes);
    if (size_bytes == 0) break;
  }
  if (!source.damage().empty()) return Error{Error::Kind::Corrupt, std::string(source.damage())};
  return text;
}

ByteSource::ByteSource(int fd, std::string bytes, int64_t max_decoded_bytes)
    : fd_(fd), input_(std::move(bytes)), input_ended_(fd < 0), max_decoded_bytes_(max_decoded_bytes) {}

ByteSource::ByteSource(ByteSource&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      cancel_(other.cancel_),
      input_(std::move(other.input_)),
      consumed_(other.consumed_),
      input_ended_(other.input_ended_),
      started_(other.started_),
      decompressor_(std::move(other.decompressor_)),
      damage_(std::move(other.damage_)),
      bytes_read_(other.bytes_read_),
      bytes_decoded_(other.bytes_decoded_),
      max_decoded_bytes_(other.max_decoded_bytes_) {}

ByteSource::~ByteSource() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

Result<ByteSource> ByteSource::open(const std::string& path, int64_t max_decoded_bytes, const CancelToken* cancel) {
  if (path == "-") {
    ByteSource source(STDIN_FILENO, {}, max_decoded_bytes);
    source.cancel_ = cancel;
    return source;
  }
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot_read(path);
  ByteSource source(fd, {}, max_decoded_bytes);
  source.cancel_ = cancel;
  struct stat status = {};
  if (fstat(fd, &status) != 0) return cannot_read(path);
  if (S_ISDIR(status.st_mode))
    return Error{Error::Kind::Usage, "cannot import '" + path + "': it is a directory", "name the files in it"};
  return source;
}

ByteSource ByteSource::from_bytes(std::string bytes, int64_t max_decoded_bytes) {
  int64_t size_bytes = static_cast<int64_t>(bytes.size());
  ByteSource source(-1, std::move(bytes), max_decoded_bytes);
  source.bytes_read_ = size_bytes;
  return source;
}

// Waits until input is ready. A pipe may send nothing for a long time: the cancel token is checked several times a
// second. A file is always ready.
Result<void> ByteSource::wait_for_input() {
  constexpr int kWaitMs = 200;
  pollfd input{fd_, POLLIN, 0};
  while (cancel_ && ::poll(&input, 1, kWaitMs) <= 0) TRY(check_cancelled(cancel_));
  return {};
}

// Reads until input_ holds at least one unread byte, or the input has ended.
Result<void> ByteSource::refill() {
  if (consumed_ < input_.size() || input_ended_) return {};
  consumed_ = 0;
  input_.resize(kReadBytes);
  ssize_t size_bytes;
  TRY(wait_for_input());
  do size_bytes = ::read(fd_, input_.data(), kReadBytes);
  while (size_bytes < 0 && errno == EINTR);
  int error = errno;
  input_.resize(size_bytes > 0 ? static_cast<size_t>(size_bytes) : 0);
  failed_ = size_bytes < 0;
  if (failed_) return Error{Error::Kind::Unavailable, std::string("reading failed: ") + std::strerror(error)};
  input_ended_ = size_bytes == 0;
  bytes_read_ += size_bytes;
  return {};
}

Result<size_t> ByteSource::read(char* out, size_t room) {
  TRY(check_cancelled(cancel_));
  if (!damage_.empty()) return size_t{0};
  if (!started_) {
    TRY(refill());
    // A pipe may deliver fewer bytes at first than the four bytes that identify a format.
    while (input_.size() < 4 && !input_ended_) {
      std::string first = input_;
      consumed_ = input_.size();
      TRY(refill());
      input_.insert(0, first);
    }
    decompressor_ = make_decompressor(input_);
    started_ = true;
  }
  // One byte more than the limit is read, so that a file of exactly the limit is not reported as damaged.
  int64_t left = max_decoded_bytes_ - bytes_decoded_ + 1;
  room = static_cast<size_t>(std::min<int64_t>(static_cast<int64_t>(room), left));
  size_t size_bytes = TRY(decompressor_ ? read_compressed(out, room) : read_plain(out, room));
  bytes_decoded_ += static_cast<int64_t>(size_bytes);
  if (bytes_decoded_ > max_decoded_bytes_) {
    damage_ = "it holds more than " + std::to_string(max_decoded_bytes_) + " bytes";
    bytes_decoded_ = max_decoded_bytes_;
    size_bytes -= 1;
  }
  return size_bytes;
}

Result<size_t> ByteSource::read_plain(char* out, size_t room) {
  TRY(refill());
  size_t size_bytes = std::min(room, input_.size() - consumed_);
  if (size_bytes > 0) std::memcpy(out, input_.data() + consumed_, size_bytes);
  consumed_ += size_bytes;
  return size_bytes;
}

Result<size_t> ByteSource::read_compressed(char* out, size_t room) {
  while (true) {
    TRY(refill());
    std::string_view in = std::string_view(input_).substr(consumed_);
    // After the last input byte a decompressor may still have output: it is called once more with empty input.
    bool asked_with_nothing = in.empty();
    if (asked_with_nothing && decompressor_->at_end()) return size_t{0};
    Decompressor::Step step = decompressor_->step(in, out, room);
    consumed_ += step.eaten;
    if (!step.damage.empty()) damage_ = std::string(step.damage);
    if (step.written > 0 || !damage_.empty()) return step.written;
    if (asked_with_nothing) {
      damage_ = "the " + std::string(decompressor_->name()) + " stream ends early";
      return size_t{0};
    }
  }
}

}  // namespace culprit
