// Place: demo's own directory and the janitor that clears it.
//
// The janitor is a process in its own session that waits for us to close its pipe, or to die. Then it ends every process
// that runs a program of the directory or works in it, and removes the directory. So nothing stays behind, also after
// kill -9. It takes processes by where they are, never by name: others' databases are not touched.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace culprit::demo {

class Place {
 public:
  // A fresh directory that every user can enter, below the first of the system's directories that lies on a real disk.
  static Result<Place> make();
  Place(Place&& other) noexcept;
  Place& operator=(Place&&) = delete;
  ~Place();  // clears, and waits until that is done

  const std::string& path() const { return path_; }
  pid_t janitor() const { return janitor_; }

 private:
  Place(std::string path, pid_t janitor, int pipe) : path_(std::move(path)), janitor_(janitor), pipe_(pipe) {}

  std::string path_;
  pid_t janitor_ = -1;
  int pipe_ = -1;
};

}  // namespace culprit::demo
