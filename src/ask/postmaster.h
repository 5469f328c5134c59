// Postmaster: a PostgreSQL server that runs on this machine, found by its lock file.
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
  uid_t uid = 0;                 // user of the process; its lock file belongs to the same user
  gid_t gid = 0;
};

// Parses postmaster.pid (utils/pidfile.h), which has one line each for pid, data directory, start time, port, socket
// directory … Returns nothing if the text has another form. `uid` is not in the file.
std::optional<Postmaster> parse_postmaster_file(std::string_view text);

// Returns all servers: processes whose working directory has a postmaster.pid that names them and belongs to the
// process's user. The program's name does not matter.
std::vector<Postmaster> find_postmasters();

// Returns the contents of a regular file of at most 8 KiB. Empty if there is none, if it is a link, a pipe or larger,
// or if it belongs to another user than `owner`. Never blocks.
std::string read_file_of(const std::string& path, uid_t owner);

}  // namespace culprit::ask
