// The ways to name a trace: its id, the first digits of it, or "slowest".
#pragma once

#include <string>

#include "base/result.h"
#include "store/interface/reader.h"

namespace culprit::cli {

// An existing id, also without its leading zeros, has precedence over ids that begin with these digits. Errors: Usage
// if several ids begin with them (the message names them), NotFound if none does; `source` is used in that message.
Result<TraceId> find_trace(Reader& reader, const std::string& word, const std::string& source);

Error no_trace(const std::string& word, const std::string& source);

}  // namespace culprit::cli
