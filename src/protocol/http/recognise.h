// Whether a connection speaks HTTP/1.x, by the first bytes of a direction.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit::http {

std::optional<From> recognise(std::string_view bytes);

}  // namespace culprit::http
