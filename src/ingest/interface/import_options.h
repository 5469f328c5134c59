// What an import is told, and what it tells: for whoever imports, and for the decoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/cancel.h"

namespace culprit {

struct ImportSummary {
  std::string format;  // otlp-json, otlp, jaeger, notation …; "json": none of the documents is of a known format;
                       // "empty": a file with nothing in it
  std::string compression;                   // gzip, zstd, or empty
  std::string source;                        // the name its rows in the ledger carry: "otlp-json:shop.jsonl"
  int64_t bytes_read = 0;                    // of the file
  int64_t bytes_decoded = 0;                 // after decompression
  int64_t pieces = 0;                        // lines, requests, documents
  int64_t spans = 0, logs = 0, metrics = 0;  // handed to the sink
  int64_t refused = 0;                       // spans, logs and metrics that were not: each in the ledger
  int64_t malformed = 0;                     // lines, requests, values that could not be decoded: each in the ledger

  int64_t pieces_read = 0;    // lines, requests, documents that are of the format
  int64_t pieces_unread = 0;  // and those that are of none, or could not be decoded
  int64_t text_lines = 0;     // of text between documents
  bool behind_text =
      false;  // documents stood behind or between a logger's text: its lines are no loss, else they are unread
  std::map<std::string, int64_t> reasons;  // why units were refused and pieces not read, without their places
  std::string unread_example;              // what the first piece that could not be read looks like, for a person

  int64_t rows() const { return spans + logs + metrics; }
};

// A file whose format is not known: an error where it was named, a row of the ledger where it was found in a folder.
enum class UnknownFile : uint8_t { Refused, Counted };

// What becomes of literals in statements, ids in paths and secrets: stored as sent and, as far as they are suspected, counted;
// or masked.
enum class Secrets : uint8_t { AsSent, Redacted };

struct ImportOptions {
  Secrets secrets = Secrets::AsSent;
  UnknownFile unknown_file = UnknownFile::Refused;
  // Called after each batch, on the caller's thread; may be empty.
  std::function<void(const ImportSummary&)> progress;
  // Ends the import with an Error of kind Cancelled, within one batch of rows or one read; may be null.
  const CancelToken* cancel = nullptr;
  // Rows that travel together. Measured: frames of about 10,000 spans compress well and stay under 10 MB.
  size_t batch_rows = 10'000;
  // One line or message, or one span of a document, after decompression. OTLP 1.11 recommends 64 MiB.
  size_t max_piece_bytes = size_t{64} << 20;
  // A file after decompression: against archives that are made to unpack for ever.
  int64_t max_decoded_bytes = int64_t{1} << 40;
};

}  // namespace culprit
