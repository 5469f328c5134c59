// Statements of databases without SQL, without the values that users enter.
#pragma once

#include <string>
#include <string_view>

namespace culprit {

struct OtherStatement {
  std::string text, operation, target;
};

// Normalises commands: "SET user:4711 secret" becomes "SET user:? ?". It keeps the command and the template of its key;
// "?" stands for all further arguments. Each command is one line, and equal lines are kept once. For Redis, Memcached
// and databases with their protocols.
OtherStatement normalise_commands(std::string_view text);

// Normalises documents: {"find": "users", "filter": {"name": "jane"}} becomes {"find": "users", "filter": {"name": ?}}.
// Keys are kept, and so is the first key's value if it is a name (the command's collection). Arrays keep only different
// elements. A shell's notation db.users.find({name: "jane"}) is supported too.
OtherStatement normalise_documents(std::string_view text);

}  // namespace culprit
