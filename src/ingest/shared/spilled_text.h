// SpilledText: text that may be larger than memory, in a file without a name: gone when its owner is, however it ends.
//
// Written from front to back, then mapped. Under $TMPDIR, else /var/tmp. Writing fails where the disk gets full: a compressed
// file of a few MB can unpack to more than any disk holds, so a part of it stays free for others.
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
  // All of it, mapped; nothing may be appended any more.
  Result<std::string_view> map();
  // These bytes are not needed again soon: memory holds no more of the text than is worked on.
  void release(size_t from, size_t to) const;

 private:
  explicit SpilledText(int fd) : fd_(fd) {}

  int fd_ = -1;
  size_t size_ = 0, checked_at_ = 0;
  char* mapped_ = nullptr;
};

}  // namespace culprit
