#include "ask/postmaster.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.h"

namespace culprit::ask {

namespace {

constexpr size_t kMaxFile = 8192;  // a real file has eight short lines

int number_of(std::string_view text) {
  int number = 0;
  text = trimmed(text);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// Files of /proc belong to root or to the process's user.
std::string read_proc(const std::string& path) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return {};
  char text[kMaxFile];
  ssize_t n = read(fd, text, sizeof text);
  close(fd);
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : std::string();
}

std::optional<Postmaster> postmaster_of(int pid) {
  std::string process = "/proc/" + std::to_string(pid), root = process + "/root";
  struct stat owner;
  if (stat(process.c_str(), &owner) != 0) return std::nullopt;
  std::string text = read_file_of(process + "/cwd/postmaster.pid", owner.st_uid);
  if (text.empty()) return std::nullopt;
  std::optional<Postmaster> found = parse_postmaster_file(text);
  if (!found) return std::nullopt;
  found->uid = owner.st_uid;
  found->gid = owner.st_gid;
  if (found->pid == pid) return found;
  // In a container the file contains the pid of the container's namespace. The server is the process with that pid
  // there.
  std::string status = read_proc(process + "/status");
  size_t spaces = status.find("NSpid:");
  if (spaces == std::string::npos) return std::nullopt;
  std::string_view line = std::string_view(status).substr(spaces, status.find('\n', spaces) - spaces);
  if (number_of(line.substr(line.find_last_of("\t ") + 1)) != found->pid) return std::nullopt;
  found->pid = pid;
  // The socket of a server in a container is reached through the server's root directory.
  if (!found->socket_directory.empty()) found->socket_directory = root + found->socket_directory;
  return found;
}

}  // namespace

std::string read_file_of(const std::string& path, uid_t owner) {
  // O_NONBLOCK: opening a pipe would wait for a writer.
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return {};
  struct stat file;
  bool sound = fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_uid == owner && file.st_nlink == 1 &&
               static_cast<uint64_t>(file.st_size) <= kMaxFile;
  char text[kMaxFile];
  ssize_t n = sound ? read(fd, text, sizeof text) : 0;
  close(fd);
  return n > 0 ? std::string(text, static_cast<size_t>(n)) : std::string();
}

std::optional<Postmaster> parse_postmaster_file(std::string_view text) {
  std::vector<std::string_view> lines = split(text.substr(0, kMaxFile), '\n');
  if (lines.size() < 5) return std::nullopt;
  Postmaster postmaster;
  postmaster.pid = number_of(lines[0]);
  postmaster.data_directory = lines[1];
  postmaster.port = number_of(lines[3]);
  postmaster.socket_directory = trimmed(lines[4]);
  if (postmaster.pid <= 0 || postmaster.port <= 0 || postmaster.port > 65535) return std::nullopt;
  if (postmaster.data_directory.empty() || postmaster.data_directory[0] != '/') return std::nullopt;
  // libpq parses a comma as a list of hosts, and a value without a leading slash as a host name.
  const std::string& socket = postmaster.socket_directory;
  if (!socket.empty() && (socket[0] != '/' || socket.find(',') != std::string::npos)) return std::nullopt;
  return postmaster;
}

std::vector<Postmaster> find_postmasters() {
  std::vector<Postmaster> found;
  DIR* processes = opendir("/proc");
  if (!processes) return found;
  while (dirent* entry = readdir(processes)) {
    int pid = number_of(entry->d_name);
    if (pid <= 0) continue;
    std::optional<Postmaster> postmaster = postmaster_of(pid);
    if (postmaster) found.push_back(std::move(*postmaster));
  }
  closedir(processes);
  std::sort(found.begin(), found.end(), [](const Postmaster& a, const Postmaster& b) { return a.pid < b.pid; });
  return found;
}

}  // namespace culprit::ask
