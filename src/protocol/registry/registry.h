// Registry: the known protocols. Recognises the protocol of a connection and makes its conversation.
//
// A new protocol needs a room with a recogniser and a conversation, and a row in registry.cc.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "protocol/interface/protocol.h"

namespace culprit {

// The protocols in the order of recognition. The last one, "unknown", is never recognised; it stands for connections
// that are split into turns.
std::span<const Protocol> known_protocols();

// The protocols with one cache of normalised statements per dialect, which all conversations share. For use on one
// thread.
class Protocols {
 public:
  explicit Protocols(std::span<const Protocol> protocols = known_protocols()) : protocols_(protocols) {}

  // Recognises the first bytes of a direction.
  Recognised recognise(std::string_view bytes) const;
  // Makes a conversation. Null: the protocol does not exist.
  std::unique_ptr<Conversation> make(std::string_view name);

 private:
  std::span<const Protocol> protocols_;
  std::map<std::string_view, std::shared_ptr<SqlCache>> sql_;  // by dialect
};

}  // namespace culprit
