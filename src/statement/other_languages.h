// Statements of databases that don't speak SQL, without what people put into them.
#pragma once

#include <string>
#include <string_view>

namespace culprit {

struct OtherStatement {
  std::string text, operation, target;
};

// "SET user:4711 secret" is "SET user:? ?": the command, its key as a template, "?" for all arguments behind it. One line a
// command; of equal ones one stays. For Redis, Memcached and what speaks as they do.
OtherStatement normalise_commands(std::string_view text);

// {"find": "users", "filter": {"name": "jane"}} is {"find": "users", "filter": {"name": ?}}: keys stay, and the first key's value
// where it is a name (the command's collection). Arrays keep elements that differ. Also a shell's db.users.find({name: "jane"}).
OtherStatement normalise_documents(std::string_view text);

}  // namespace culprit
