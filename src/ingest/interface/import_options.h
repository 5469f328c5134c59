// What an import is told, and what it tells: for whoever imports, and for the decoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace culprit {

struct ImportSummary {
  std::string format;                        // otlp-json, otlp, jaeger, notation; "empty" for a file with nothing in it
  std::string compression;                   // gzip, zstd, or empty
  std::string source;                        // the name its rows in the ledger carry: "otlp-json:shop.jsonl"
  int64_t bytes_read = 0;                    // of the file
  int64_t bytes_decoded = 0;                 // after decompression
  int64_t pieces = 0;                        // lines, requests, documents
  int64_t spans = 0, logs = 0, metrics = 0;  // handed to the sink
  int64_t refused = 0;                       // spans, logs and metrics that were not: each in the ledger
  int64_t malformed = 0;                     // lines, requests, values that could not be decoded: each in the ledger
};

struct ImportOptions {
  // Called after each batch, on the caller's thread; may be empty.
  std::function<void(const ImportSummary&)> progress;
  // Rows that travel together. Measured: frames of about 10,000 spans compress well and stay under 10 MB.
  size_t batch_rows = 10'000;
  // One line, request or document after decompression. OTLP 1.11 recommends 64 MiB.
  size_t max_piece_bytes = size_t{64} << 20;
  // A file after decompression: against archives that are made to unpack for ever.
  int64_t max_decoded_bytes = int64_t{1} << 40;
};

}  // namespace culprit
