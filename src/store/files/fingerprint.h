// A span's fingerprint: equal for copies of the same span, independent of their time of arrival.
#pragma once

#include "store/files/seen.h"
#include "store/files/stored.h"

namespace culprit {

// Contains every field that the sender set, but not the time of reception.
Fingerprint fingerprint(const Span& span, uint64_t resource_id);

}  // namespace culprit
