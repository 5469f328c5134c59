// NodeId: the id of a request in the request tree. An id is never reused, so the id of a forgotten request finds
// nothing.
#pragma once

#include <cstdint>

namespace culprit::requests {

enum class NodeId : uint64_t { None = 0 };

}  // namespace culprit::requests
