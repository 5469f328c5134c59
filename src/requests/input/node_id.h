// NodeId: a request in the request tree. Never reused: of one that is forgotten nothing is found.
#pragma once

#include <cstdint>

namespace culprit::requests {

enum class NodeId : uint64_t { None = 0 };

}  // namespace culprit::requests
