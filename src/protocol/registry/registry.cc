#include "protocol/registry/registry.h"

#include "protocol/http/conversation.h"
#include "protocol/opaque/opaque.h"
#include "protocol/postgresql/conversation.h"

namespace culprit {

std::unique_ptr<Conversation> make_conversation(std::string_view protocol, std::shared_ptr<SqlCache> sql) {
  if (protocol == "postgresql") {
    postgresql::MakeConversation make = &make_conversation;
    return std::make_unique<postgresql::PostgresqlConversation>(std::move(sql), make);
  }
  if (protocol == "http") return std::make_unique<http::HttpConversation>();
  return std::make_unique<OpaqueConversation>(protocol.empty() ? "unknown" : protocol, std::move(sql));
}

std::unique_ptr<Conversation> make_conversation(std::string_view protocol) {
  return make_conversation(protocol, std::make_shared<SqlCache>());
}

}  // namespace culprit
