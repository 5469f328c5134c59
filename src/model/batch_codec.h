// A batch as bytes: what a frame's payload holds, before compression. docs/formats/frame.md draws it.
//
// Columns by section, texts by a dictionary, unknown sections and columns skipped by their length. The decoder's input is
// foreign: it is bounded in rows, nested rows and expanded text, and the encoder refuses what the decoder would.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"

namespace culprit {

// Rows of one section: several hundred bytes each once decoded, so that a small hostile frame can't claim gigabytes.
constexpr size_t kMaxBatchRows = 1'000'000;
// Attributes, events, links … of one section together.
constexpr size_t kMaxNestedRows = 16'000'000;
// Texts, each once; first in every batch.
constexpr uint64_t kDictionarySection = 1;
// Text after the dictionary is expanded: a long text may be named by many rows.
constexpr size_t kMaxBatchText = size_t{1} << 30;

Result<std::string> encode_batch(const Batch& batch);
Result<Batch> decode_batch(std::string_view bytes);

// The same, with what a later version's frame holds besides: sections, columns and values that this one does not know.
struct DecodedBatch {
  Batch batch;
  int64_t unknown_parts = 0;
};
Result<DecodedBatch> decode_batch_parts(std::string_view bytes);

}  // namespace culprit
