#include "store/journal/journal_file.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace culprit {

namespace {

// Returns the largest file size that the process is allowed to write.
uint64_t size_limit() {
  rlimit limit = {};
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 ? uint64_t{limit.rlim_cur} : ~uint64_t{0};
}

}  // namespace

Result<void> JournalFiles::may(FileStep step) const {
  int number = options_.fails ? options_.fails(step) : 0;
  if (number == 0) return {};
  errno = number;
  return system_error("cannot write", path_);
}

Result<void> JournalFiles::append(std::string_view frame) {
  uint64_t most = std::min(options_.journal_file_bytes, size_limit());
  if (!file_ || (length_ > 0 && length_ + frame.size() > most)) TRY(next_file());
  auto written = may(FileStep::Write);
  if (written.has_value()) written = file_->write_all(frame);
  if (!written.has_value()) {
    // An incomplete frame must not precede a complete one. If the file cannot be truncated, the next frame goes to a
    // new file.
    if (ftruncate(file_->fd(), static_cast<off_t>(length_)) != 0) file_.reset();
    if (length_ == 0) {  // a file without a frame is not left behind
      unlink(path_.c_str());
      file_.reset();
    }
    return written;
  }
  length_ += frame.size();
  return {};
}

Result<void> JournalFiles::sync() {
  if (!file_ || synced_ == length_) return {};
  auto synced = may(FileStep::Sync);
  if (synced.has_value()) synced = file_->sync_data();
  if (!synced.has_value()) return rescue();
  synced_ = length_;
  return {};
}

Result<void> JournalFiles::rescue() {
  File suspect = std::move(*file_);
  uint64_t from = synced_;
  std::string frames = TRY(suspect.read_all(length_));
  frames.erase(0, from);
  file_.reset();
  TRY(next_file());
  TRY(may(FileStep::Write));
  TRY(file_->write_all(frames));
  length_ = frames.size();
  TRY(may(FileStep::Sync));
  TRY(file_->sync_data());
  synced_ = length_;
  // If the truncation fails, the frames exist twice. Their sequence numbers show it.
  (void)!ftruncate(suspect.fd(), static_cast<off_t>(from));
  return {};
}

Result<void> JournalFiles::next_file() {
  if (file_) TRY(sync());
  file_.reset();
  char number[24];
  std::snprintf(number, sizeof number, "-%06u.frames", files_ + 1);
  path_ = directory_ + "/" + prefix_ + number;
  TRY(may(FileStep::Create));
  file_ = TRY(File::open(path_, O_RDWR | O_CREAT | O_EXCL | O_APPEND));
  ++files_;
  length_ = 0;
  synced_ = 0;
  return sync_directory(directory_);
}

}  // namespace culprit
