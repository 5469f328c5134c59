// Recognises TLS from the first bytes of a direction.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit {

std::optional<From> recognise_tls(std::string_view bytes);

}  // namespace culprit
