// How a person names a trace: its id, the first digits of it, or "slowest".
#pragma once

#include <string>

#include "base/result.h"
#include "store/interface/reader.h"

namespace culprit::cli {

// An id that is there, also without its leading zeros, wins over the ids that begin with these digits. Usage where several
// begin with them (the message names them), NotFound where none does; `source` is for that message.
Result<TraceId> find_trace(Reader& reader, const std::string& word, const std::string& source);

Error no_trace(const std::string& word, const std::string& source);

}  // namespace culprit::cli
