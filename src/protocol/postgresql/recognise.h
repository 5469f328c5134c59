// Recognises PostgreSQL's protocol 3 from the first bytes of a direction.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/interface/conversation.h"

namespace culprit::postgresql {

std::optional<From> recognise(std::string_view bytes);

}  // namespace culprit::postgresql
