#include "ask/passfile.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/text.h"

namespace culprit::ask {

namespace {

constexpr size_t kMaxFile = 64u << 10;

// Returns the fields of a line; a backslash removes the meaning of the next character.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size()) {
      fields.back() += line[++i];
    } else if (line[i] == ':' && fields.size() < 5) {
      fields.emplace_back();
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::string given(const std::map<std::string, std::string>& connection, const char* name, const char* otherwise) {
  auto found = connection.find(name);
  return found == connection.end() ? otherwise : found->second;
}

}  // namespace

std::string password_in(std::string_view content, const std::map<std::string, std::string>& connection) {
  std::string user = given(connection, "user", "");
  std::string host = given(connection, "host", given(connection, "hostaddr", "localhost").c_str());
  if (host.starts_with('/')) host = "localhost";
  const std::string wanted[] = {host, given(connection, "port", "5432"), given(connection, "dbname", user.c_str()),
                                user};
  for (std::string_view line : split(content, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    std::vector<std::string> fields = fields_of(line);
    if (fields.size() != 5) continue;
    bool fits = true;
    for (size_t i = 0; i < 4; ++i) fits &= fields[i] == "*" || fields[i] == wanted[i];
    if (fits) return fields[4];
  }
  return {};
}

Result<std::string> password_of_file(const std::string& path, const std::map<std::string, std::string>& connection) {
  auto refused = [&](Error::Kind kind, const std::string& why, const std::string& fix = {}) {
    return Error{kind, "--ask-passfile: '" + path + "' " + why, fix};
  };
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 && errno == ELOOP) return refused(Error::Kind::Unavailable, "is a symbolic link", "name the file itself");
  if (fd < 0) {
    Error::Kind kind = errno == EACCES ? Error::Kind::Denied : Error::Kind::NotFound;
    return refused(kind, std::string("cannot be opened: ") + std::strerror(errno));
  }
  struct stat file {};
  bool regular = fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && static_cast<uint64_t>(file.st_size) <= kMaxFile;
  bool ours = regular && (file.st_uid == geteuid() || file.st_uid == 0);
  bool secret = regular && (file.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  std::string content(kMaxFile, '\0');
  ssize_t n = ours && secret ? read(fd, content.data(), content.size()) : 0;
  close(fd);
  if (!regular) return refused(Error::Kind::Unavailable, "is not a regular file, or is larger than 64 KiB");
  if (!ours) return refused(Error::Kind::Unavailable, "belongs to another user", "copy it to a file of your own");
  if (!secret)
    return refused(Error::Kind::Unavailable, "may be read by other users", "chmod 600 " + shell_quoted(path));
  if (n < 0) return refused(Error::Kind::Unavailable, "cannot be read");
  content.resize(static_cast<size_t>(n));
  return password_in(content, connection);
}

}  // namespace culprit::ask
