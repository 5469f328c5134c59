// Place: demo's own directory, and the janitor that removes it.
//
// The janitor is a process in its own session. It waits until demo closes its pipe, or dies. Then it ends every process
// that runs a program of the directory or works in it, and removes the directory. Nothing remains, even after kill -9.
// Processes are found by their directory, never by name: other databases are not touched.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace culprit::demo {

class Place {
 public:
  // Creates a directory that every user can enter, under the first of the system's directories that is on a real disk.
  static Result<Place> make();
  Place(Place&& other) noexcept;
  Place& operator=(Place&&) = delete;
  ~Place();  // removes the directory and waits until that is done

  const std::string& path() const { return path_; }
  pid_t janitor() const { return janitor_; }

 private:
  Place(std::string path, pid_t janitor, int pipe) : path_(std::move(path)), janitor_(janitor), pipe_(pipe) {}

  std::string path_;
  pid_t janitor_ = -1;
  int pipe_ = -1;
};

}  // namespace culprit::demo
