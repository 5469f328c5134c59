// Registry: the protocols that are known. Which one a connection speaks, and the conversation that reads it.
//
// To add one: a room with its recogniser and its conversation, and a row in registry.cc.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "protocol/interface/protocol.h"

namespace culprit {

// In the order in which they are tried. The last is "unknown", which is never recognised: the turns of any connection.
std::span<const Protocol> known_protocols();

// The protocols, with a memory of normalised statements for each dialect that all their conversations share. One thread.
class Protocols {
 public:
  explicit Protocols(std::span<const Protocol> protocols = known_protocols()) : protocols_(protocols) {}

  // What the first bytes of a direction look like.
  Recognised recognise(std::string_view bytes) const;
  // Null: there is no such protocol.
  std::unique_ptr<Conversation> make(std::string_view name);

 private:
  std::span<const Protocol> protocols_;
  std::map<std::string_view, std::shared_ptr<SqlCache>> sql_;  // by dialect
};

}  // namespace culprit
