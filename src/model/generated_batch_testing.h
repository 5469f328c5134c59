// For tests: a batch with every kind of row, every type of value and the odd ends of each, made from a seed.
#pragma once

#include <cstdint>

#include "model/batch.h"

namespace culprit {

Batch generated_batch(uint64_t seed);
// The same with valid UTF-8 everywhere but in attributes: tables hold no other.
Batch generated_utf8_batch(uint64_t seed);

}  // namespace culprit
