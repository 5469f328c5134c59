#include "store/interface/writer.h"

#include <fcntl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <optional>

#include "base/hash.h"
#include "model/frame.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/interface/open.h"

namespace culprit {

namespace {

int64_t clock_ns(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000ll + now.tv_nsec;
}

std::string first_line(const char* path) {
  auto file = File::open(path, O_RDONLY);
  if (!file.has_value()) return {};
  char buffer[256];
  ssize_t n = ::read(file.value().fd(), buffer, sizeof buffer);
  std::string text(buffer, n > 0 ? static_cast<size_t>(n) : 0);
  return text.substr(0, text.find('\n'));
}

Uuid parse_uuid(const std::string& text) {
  Uuid id{};
  size_t digits = 0;
  for (char c : text) {
    int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0 || digits >= 32) continue;
    id[digits / 2] = static_cast<uint8_t>(id[digits / 2] << 4 | digit);
    ++digits;
  }
  return id;
}

FrameIdentity own_identity() {
  FrameIdentity identity;
  identity.host_id = hash64(first_line("/etc/machine-id"));
  identity.boot_id = parse_uuid(first_line("/proc/sys/kernel/random/boot_id"));
  if (getrandom(identity.run_id.data(), identity.run_id.size(), 0) < 0)
    identity.run_id[0] = static_cast<uint8_t>(getpid());  // still told apart by the file's name, which has the time
  return identity;
}

// Writes frames as they come, one write() each; durable from flush() on. Any thread.
class JournalWriter : public Writer {
 public:
  JournalWriter(Layout layout, File lock, WriterOptions options)
      : layout_(std::move(layout)),
        lock_(std::move(lock)),
        options_(options),
        identity_(own_identity()),
        began_ns_(clock_ns(CLOCK_REALTIME)) {}

  Result<Ticket> push(Batch batch) override {
    std::lock_guard guard(mutex_);
    if (closed_) return Error{Error::Kind::Unavailable, "the store is closed"};
    FrameHeader header{.sequence = sequence_ + 1, .identity = identity_};
    header.monotonic_ns = clock_ns(CLOCK_MONOTONIC), header.wall_ns = clock_ns(CLOCK_REALTIME);
    std::string frame = TRY(encode_frame(header, batch));
    if (!file_ || (length_ > 0 && length_ + frame.size() > options_.journal_file_bytes)) TRY(next_file());
    auto written = file_->write_all(frame);
    if (!written.has_value()) {
      // Half a frame must not stand before a whole one; where it can't be taken back, the next frame gets a new file.
      if (ftruncate(file_->fd(), static_cast<off_t>(length_)) != 0) file_.reset();
      return std::move(written).error();
    }
    length_ += frame.size();
    return Ticket{++sequence_};
  }

  Result<void> flush() override {
    std::lock_guard guard(mutex_);
    return sync();
  }

  Result<void> close() override {
    std::lock_guard guard(mutex_);
    if (closed_) return {};
    auto synced = sync();
    closed_ = true;
    file_.reset();
    lock_.reset();
    return synced;
  }

 private:
  Result<void> sync() {
    if (!file_) return {};
    auto synced = file_->sync_data();
    // After a failed fsync the kernel may have dropped the pages and will say "done" next time: never ask that file again.
    if (!synced.has_value()) file_.reset();
    return synced;
  }

  Result<void> next_file() {
    if (file_) TRY(sync());
    char name[80];
    std::snprintf(name, sizeof name, "%016llx-%02x%02x%02x%02x-%06u.frames", static_cast<unsigned long long>(began_ns_),
                  identity_.run_id[0], identity_.run_id[1], identity_.run_id[2], identity_.run_id[3], ++files_);
    file_ = TRY(File::open(layout_.journal_file(name), O_WRONLY | O_CREAT | O_EXCL | O_APPEND));
    length_ = 0;
    return sync_directory(layout_.journal());
  }

  Layout layout_;
  std::optional<File> lock_;
  WriterOptions options_;
  FrameIdentity identity_;
  int64_t began_ns_;
  std::mutex mutex_;
  std::optional<File> file_;
  uint64_t length_ = 0, sequence_ = 0;
  unsigned files_ = 0;
  bool closed_ = false;
};

Result<void> make_layout(const Layout& layout) {
  TRY(make_directory(layout.root));
  TRY(make_directory(layout.journal()));
  TRY(make_directory(layout.segments()));
  return {};
}

}  // namespace

Result<std::unique_ptr<Writer>> open_writer(const std::string& path, WriterOptions options) {
  Layout layout{path};
  bool exists = path_exists(path);
  if (exists && options.existing == WriterOptions::Existing::Refuse)
    return Error{Error::Kind::Usage, "'" + path + "' is there already", "choose another name; nothing is overwritten"};
  if (exists && !path_exists(layout.journal()))
    return Error{Error::Kind::Usage, "'" + path + "' is not a store", "name a directory that record or serve has made"};
  if (!exists) TRY(make_layout(layout));
  File lock = TRY(File::open(layout.lock(), O_RDWR | O_CREAT));
  if (!lock.try_lock())
    return Error{Error::Kind::Unavailable, "'" + path + "' is being written by another process",
                 "wait for it, or choose another name"};
  if (!exists) TRY(sync_directory(path));
  return std::unique_ptr<Writer>(std::make_unique<JournalWriter>(std::move(layout), std::move(lock), options));
}

}  // namespace culprit
