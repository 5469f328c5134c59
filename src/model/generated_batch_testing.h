// For tests: makes a batch from a seed, with every kind of row, every type of value, and extreme values.
#pragma once

#include <cstdint>

#include "model/batch.h"

namespace culprit {

Batch generated_batch(uint64_t seed);
// Makes a batch with valid UTF-8 everywhere except in attributes, because tables store only valid UTF-8.
Batch generated_utf8_batch(uint64_t seed);

}  // namespace culprit
