// Protocol: a row of the registry (protocol/registry). It holds everything that other modules know about a protocol.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit {

class SqlCache;

struct Protocol {
  // The name in Exchange::protocol and in the table connection.
  std::string_view name;
  // Returns the sender if the first bytes of a direction certainly belong to this protocol. Null: the protocol is never
  // recognised.
  std::optional<From> (*recognise)(std::string_view bytes);
  // Makes a conversation. `sql` normalises statements in the protocol's dialect; null if `dialect` is empty.
  std::unique_ptr<Conversation> (*make)(std::shared_ptr<SqlCache> sql);
  // The db.system.name of the server that reads the SQL in this protocol. Empty: the protocol carries no SQL.
  std::string_view dialect;
};

}  // namespace culprit
