// Postmaster: a PostgreSQL server that runs on this machine, found by its own lock file.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace culprit::ask {

struct Postmaster {
  int pid = 0;
  std::string data_directory;
  int port = 0;
  std::string socket_directory;  // empty: it has no Unix socket
  uid_t uid = 0;                 // of the process; its file belongs to the same
  gid_t gid = 0;
};

// The content of postmaster.pid (utils/pidfile.h): a line each for pid, data directory, start time, port, socket directory …
// Nothing where it is not such a file. `uid` is not in it.
std::optional<Postmaster> parse_postmaster_file(std::string_view text);

// All servers: processes that work in a directory whose postmaster.pid names them and belongs to the process's user. Never
// found by a program's name.
std::vector<Postmaster> find_postmasters();

// A regular file's content, at most 8 KiB; empty: there is none, it is a link, a pipe or larger, or belongs to another user
// than `owner`. Never waits.
std::string read_file_of(const std::string& path, uid_t owner);

}  // namespace culprit::ask
