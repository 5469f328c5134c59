// A Reader that returns an Error of kind Cancelled after the token is requested: it checks before each table, and
// between traces.
#pragma once

#include <memory>

#include "base/cancel.h"
#include "store/interface/reader.h"

namespace culprit::cli {

// `token` must outlive the reader.
std::unique_ptr<Reader> until_cancelled(std::unique_ptr<Reader> reader, const CancelToken& token);

}  // namespace culprit::cli
