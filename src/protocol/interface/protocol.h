// Protocol: a row of the registry (protocol/registry): all that the other modules know of a protocol.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit {

class SqlCache;

struct Protocol {
  // As in Exchange::protocol and in table connection.
  std::string_view name;
  // Whether the first bytes of a direction are this protocol's, for sure, and who sent them. Null: it is never recognised.
  std::optional<From> (*recognise)(std::string_view bytes);
  // `sql` normalises its statements, in its dialect; null where it has none.
  std::unique_ptr<Conversation> (*make)(std::shared_ptr<SqlCache> sql);
  // Of the SQL that it carries: db.system.name of the server that reads it. Empty: none.
  std::string_view dialect;
};

}  // namespace culprit
