// Passwords from a file: lines of host:port:database:user:password; the first line that matches is used (libpq, "The
// Password File").
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace culprit::ask {

// `connection`: libpq's host, port, dbname and user, as far as they are given. Returns an empty text if no line
// matches, and an error if the file is no regular file of this user or root, or if others may read it.
Result<std::string> password_of_file(const std::string& path, const std::map<std::string, std::string>& connection);

// The same for the contents of a file.
std::string password_in(std::string_view content, const std::map<std::string, std::string>& connection);

}  // namespace culprit::ask
