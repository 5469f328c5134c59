// Registry: which protocol a connection speaks, and the conversation that reads it.
#pragma once

#include <memory>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit {

// What the first bytes of a direction look like.
Recognised recognise(std::string_view bytes);

// For "postgresql", "http"; for "tls" and "" an opaque conversation whose exchanges are the turns: the client's bytes until
// the server's last byte before the client's next. Opaque turns take their text from told_text().
std::unique_ptr<Conversation> make_conversation(std::string_view protocol);

// The same with a memory of normalised statements that all conversations of one thread share: what a recorder wants, whose
// hundred connections say the same things.
class SqlCache;
std::unique_ptr<Conversation> make_conversation(std::string_view protocol, std::shared_ptr<SqlCache> sql);

}  // namespace culprit
