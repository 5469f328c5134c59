// A span's fingerprint: equal for copies of one span, whenever they came.
#pragma once

#include "store/files/seen.h"
#include "store/files/stored.h"

namespace culprit {

// Of everything the sender said; not of when it was received.
Fingerprint fingerprint(const Span& span, uint64_t resource_id);

}  // namespace culprit
