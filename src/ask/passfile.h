// Passwords from a file: lines of host:port:database:user:password, of which
// the first that fits counts (libpq, "The Password File").
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace culprit::ask {

// `connection`: libpq's host, port, dbname, user, as far as they are given.
// Empty: no line fits. An error where the file is no regular file of this user or root, or others may read it.
Result<std::string> password_of_file(const std::string& path, const std::map<std::string, std::string>& connection);

// The same of a file's content.
std::string password_in(std::string_view content, const std::map<std::string, std::string>& connection);

}  // namespace culprit::ask
