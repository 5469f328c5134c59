// Encodes a batch as the payload of a frame, before compression. docs/formats/frame.md describes the format.
//
// Each section holds columns, and a dictionary holds the texts. Unknown sections and columns are skipped by their
// length. The decoder's input is foreign: rows, nested rows and expanded text are limited. The encoder refuses a batch
// beyond these limits.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"

namespace culprit {

// The limit of rows per section. A decoded row takes several hundred bytes, and a small malformed frame must not use
// gigabytes.
constexpr size_t kMaxBatchRows = 1'000'000;
// The limit of attributes, events, links and other nested rows of one section together.
constexpr size_t kMaxNestedRows = 16'000'000;
// The section of texts, each of which occurs once. It is the first section of every batch.
constexpr uint64_t kDictionarySection = 1;
// The limit of text after the dictionary is expanded, because many rows can refer to the same long text.
constexpr size_t kMaxBatchText = size_t{1} << 30;

Result<std::string> encode_batch(const Batch& batch);
Result<Batch> decode_batch(std::string_view bytes);

// Like decode_batch(), but also counts the unknown parts of a later version's frame: sections, columns and values.
struct DecodedBatch {
  Batch batch;
  int64_t unknown_parts = 0;
};
Result<DecodedBatch> decode_batch_parts(std::string_view bytes);

}  // namespace culprit
