#include "requests/scheduling/texts.h"

namespace culprit::requests {

namespace {
// The number of bytes of a statement that are searched for locking clauses. In ordinary statements such a clause is the
// last one.
constexpr size_t kMostSearched = 2000;
}  // namespace

bool ends_transaction(std::string_view statement) {
  for (std::string_view word : {"COMMIT", "END", "ROLLBACK", "ABORT", "commit", "end", "rollback", "abort"})
    if (statement.starts_with(word)) return true;
  return false;
}

bool takes_locks(std::string_view statement) {
  std::string upper(statement.substr(0, kMostSearched));
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  const std::string_view word =
      std::string_view(upper).substr(0, upper.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
  for (std::string_view form :
       {"FOR UPDATE", "FOR SHARE", "FOR NO KEY UPDATE", "FOR KEY SHARE", "_LOCK(", "_LOCK_SHARED("})
    if (upper.find(form) != std::string::npos) return true;
  for (std::string_view other : {"SELECT", "WITH", "VALUES", "TABLE", "FETCH", "SHOW", "SET", "BEGIN", "START",
                                 "SAVEPOINT", "RELEASE", "COMMIT", "END", "ROLLBACK", "ABORT"})
    if (word == other) return false;
  return true;
}

}  // namespace culprit::requests
