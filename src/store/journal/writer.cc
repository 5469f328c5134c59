#include "store/interface/writer.h"

#include <fcntl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <optional>

#include "base/hash.h"
#include "model/batch_codec.h"
#include "model/frame.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/interface/open.h"
#include "store/journal/journal_file.h"
#include "store/journal/waiting.h"

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
    // the file name also contains the time, so the run stays distinguishable
    identity.run_id[0] = static_cast<uint8_t>(getpid());
  return identity;
}

std::string file_prefix(const FrameIdentity& identity, int64_t began_ns) {
  char name[64];
  std::snprintf(name, sizeof name, "%016llx-%02x%02x%02x%02x", static_cast<unsigned long long>(began_ns),
                identity.run_id[0], identity.run_id[1], identity.run_id[2], identity.run_id[3]);
  return name;
}

// The interval of retries while the disk is full.
constexpr int64_t kRetryNs = 100'000'000;
// Disk space that is kept free for the account of shed batches: some hundred ledger rows and the processes.
constexpr uint64_t kReserveBytes = 256u << 10;

// Writes each batch as a frame with one write(). Frames are durable after flush(). For use on any thread.
class JournalWriter : public Writer {
 public:
  JournalWriter(Layout layout, File lock, WriterOptions options)
      : layout_(std::move(layout)),
        lock_(std::move(lock)),
        options_(std::move(options)),
        identity_(own_identity()),
        files_(layout_.journal(), file_prefix(identity_, clock_ns(CLOCK_REALTIME)), options_) {
    make_reserve();
  }

  Result<Ticket> push(Batch batch) override {
    std::lock_guard guard(mutex_);
    if (closed_) return Error{Error::Kind::Unavailable, "the store is closed"};
    TRY(waiting_.add(batch));
    if (options_.when_full == WriterOptions::WhenFull::Wait) {
      auto written = write_patiently();
      if (!written.has_value()) {
        waiting_.pop();  // the caller counts the batch
        return std::move(written).error();
      }
    } else if (auto written = write_waiting(clock_ns(CLOCK_MONOTONIC)); !written.has_value()) {
      reason_ = written.error().message;
    }
    while (waiting_.bytes() > options_.waiting_bytes) waiting_.shed(reason_);
    return Ticket{++pushed_};
  }

  Result<void> flush() override {
    std::lock_guard guard(mutex_);
    return make_durable();
  }

  Result<void> close() override {
    std::lock_guard guard(mutex_);
    return close_now();
  }

  Result<void> close_with(const LedgerRow& last) override {
    std::lock_guard guard(mutex_);
    waiting_.account().ledger.push_back(last);
    remove_reserve();
    return close_now();
  }

  uint64_t frames_written() const override {
    std::lock_guard guard(mutex_);
    return sequence_;
  }

 private:
  Result<void> close_now() {
    if (closed_) return {};
    auto durable = make_durable();
    closed_ = true;
    files_.close();
    remove_reserve();
    lock_.reset();
    return durable;
  }

  Result<void> write_frame(const std::string& content) {
    FrameHeader header{.sequence = sequence_ + 1, .identity = identity_};
    header.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
    header.wall_ns = clock_ns(CLOCK_REALTIME);
    TRY(files_.append(TRY(encode_frame(header, std::string_view(content)))));
    ++sequence_;
    return {};
  }

  // Writes as many batches as the disk accepts. Does nothing before the time of the next retry.
  Result<void> write_waiting(int64_t now_ns) {
    if (now_ns < retry_ns_) return Error{Error::Kind::Full, reason_};
    auto written = write_all();
    retry_ns_ = written.has_value() ? 0 : now_ns + kRetryNs;
    return written;
  }

  Result<void> write_all() {
    while (!waiting_.empty()) {
      TRY(write_frame(waiting_.front()));
      waiting_.pop();
    }
    if (!waiting_.has_account()) return {};
    TRY(write_frame(TRY(encode_batch(waiting_.account()))));
    waiting_.account() = {};
    return {};
  }

  // Retries until the given time is over. The caller waits, because it has no other work.
  Result<void> write_patiently() {
    auto written = write_all();
    int64_t end_ns = clock_ns(CLOCK_MONOTONIC) + options_.patience_ms * 1'000'000;
    while (!written.has_value() && clock_ns(CLOCK_MONOTONIC) < end_ns) {
      usleep(kRetryNs / 1000);
      written = write_all();
    }
    return written;
  }

  Result<void> make_durable() {
    auto written = write_patiently();
    if (!written.has_value() && options_.when_full == WriterOptions::WhenFull::Shed) {
      while (!waiting_.empty()) waiting_.shed(written.error().message);
      remove_reserve();
      written = write_all();
    }
    TRY(std::move(written));
    return files_.sync();
  }

  void make_reserve() {
    auto file = File::open(layout_.reserve(), O_WRONLY | O_CREAT);
    if (file.has_value()) (void)file.value().allocate(kReserveBytes);
  }
  void remove_reserve() { unlink(layout_.reserve().c_str()); }

  Layout layout_;
  std::optional<File> lock_;
  const WriterOptions options_;
  FrameIdentity identity_;
  mutable std::mutex mutex_;
  JournalFiles files_;
  WaitingBatches waiting_;
  std::string reason_;
  int64_t retry_ns_ = 0;
  uint64_t pushed_ = 0, sequence_ = 0;
  bool closed_ = false;
};

Result<void> make_layout(const Layout& layout) {
  TRY(make_directory(layout.root));
  TRY(make_directory(layout.journal()));
  TRY(make_directory(layout.segments()));
  return {};
}

}  // namespace

void remove_unwritten(const std::string& path) {
  Layout layout{path};
  if (rmdir(layout.journal().c_str()) != 0) return;
  rmdir(layout.segments().c_str());
  unlink(layout.reserve().c_str());
  unlink(layout.lock().c_str());
  rmdir(path.c_str());
}

Result<std::unique_ptr<Writer>> open_writer(const std::string& path, WriterOptions options) {
  Layout layout{path};
  bool exists = path_exists(path);
  if (exists && options.existing == WriterOptions::Existing::Refuse)
    return Error{Error::Kind::Usage, "'" + path + "' is there already", "choose another name; nothing is overwritten"};
  if (exists && !path_exists(layout.journal()))
    return Error{Error::Kind::Usage, "'" + path + "' is not a store", "name a directory that record or serve has made"};
  if (!exists) {
    auto made = make_layout(layout);
    if (!made.has_value()) {  // removes only the directories that were made here and are empty
      remove_unwritten(path);
      return std::move(made).error();
    }
  }
  File lock = TRY(File::open(layout.lock(), O_RDWR | O_CREAT));
  if (!lock.try_lock())
    return Error{Error::Kind::Unavailable, "'" + path + "' is being written by another process",
                 "wait for it, or choose another name"};
  if (!exists) TRY(sync_directory(path));
  return std::unique_ptr<Writer>(std::make_unique<JournalWriter>(std::move(layout), std::move(lock), options));
}

}  // namespace culprit
