// SpilledText: text that may be larger than memory, in a file without a name: the file disappears with its owner,
// however the process ends.
//
// The text is appended, then mapped. The file is under $TMPDIR, else /var/tmp. Writing fails when the disk becomes
// full. A compressed file of a few MB may unpack to more than any disk holds: a part of the disk stays free for other
// programs.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/result.h"

namespace culprit {

class SpilledText {
 public:
  static Result<SpilledText> create();
  SpilledText(SpilledText&& other) noexcept;
  SpilledText& operator=(SpilledText&& other) noexcept;
  ~SpilledText();

  Result<void> append(std::string_view text);
  size_t size() const { return size_; }
  // Maps the whole text; afterwards nothing may be appended.
  Result<std::string_view> map();
  // Releases the memory of these bytes, which are not needed again soon: only the part in use stays in memory.
  void release(size_t from, size_t to) const;

 private:
  explicit SpilledText(int fd) : fd_(fd) {}

  int fd_ = -1;
  size_t size_ = 0, checked_at_ = 0;
  char* mapped_ = nullptr;
};

}  // namespace culprit
