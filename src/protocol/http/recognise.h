// Recognises HTTP/1.x from the first bytes of a direction.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit::http {

std::optional<From> recognise(std::string_view bytes);

}  // namespace culprit::http
