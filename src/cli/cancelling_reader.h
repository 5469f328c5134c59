// A Reader that ends with an Error of kind Cancelled once a token is requested: before each table, and between traces.
#pragma once

#include <memory>

#include "base/cancel.h"
#include "store/interface/reader.h"

namespace culprit::cli {

// `token` outlives the reader.
std::unique_ptr<Reader> until_cancelled(std::unique_ptr<Reader> reader, const CancelToken& token);

}  // namespace culprit::cli
