// The options and the result of an import, for its caller and for the decoders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/cancel.h"

namespace culprit {

struct ImportSummary {
  // otlp-json, otlp, jaeger, notation …; "json": no document has a known format; "empty": an empty file; "unreadable": the
  // file could not be opened or read
  std::string format;
  std::string compression;                   // gzip, zstd, or empty
  std::string source;                        // the source in its ledger rows: "otlp-json:shop.jsonl"
  int64_t bytes_read = 0;                    // size read from the file
  int64_t bytes_decoded = 0;                 // size after decompression
  int64_t pieces = 0;                        // number of lines, requests, documents
  int64_t spans = 0, logs = 0, metrics = 0;  // rows passed to the sink
  int64_t refused = 0;                       // spans, logs and metrics that were refused: each is in the ledger
  // lines, requests and values that could not be decoded: each is in the ledger
  int64_t malformed = 0;

  int64_t pieces_read = 0;    // lines, requests, documents of the format
  int64_t pieces_unread = 0;  // lines, requests, documents of no known format, or not decodable
  int64_t text_lines = 0;     // lines of text between documents
  // Documents were behind or between a logger's text: then its lines are no loss, otherwise they are unread.
  bool behind_text = false;
  std::map<std::string, int64_t> reasons;  // reasons for refused units and unread pieces, without their places
  // a description of the first piece that could not be read, for the error message
  std::string unread_example;

  int64_t rows() const { return spans + logs + metrics; }
};

// The treatment of a file in an unknown format, or that cannot be read: an error if the file was named by the user, a
// ledger row if it was found in a folder.
enum class UnknownFile : uint8_t { Refused, Counted };

// The treatment of literals in statements, ids in paths, and secrets. AsSent: stored as sent, and suspected secrets are
// counted. Redacted: masked.
enum class Secrets : uint8_t { AsSent, Redacted };

struct ImportOptions {
  Secrets secrets = Secrets::AsSent;
  UnknownFile unknown_file = UnknownFile::Refused;
  // Called after each batch, on the caller's thread; may be empty.
  std::function<void(const ImportSummary&)> progress;
  // Ends the import with an Error of kind Cancelled, within one batch of rows or one read; may be null.
  const CancelToken* cancel = nullptr;
  // The number of rows in a batch. Measured: frames of about 10,000 spans compress well and stay under 10 MB.
  size_t batch_rows = 10'000;
  // The limit for one line or message, or one span of a document, after decompression. OTLP 1.11 recommends 64 MiB.
  size_t max_piece_bytes = size_t{64} << 20;
  // The limit for a file after decompression: protects against archives that unpack endlessly.
  int64_t max_decoded_bytes = int64_t{1} << 40;
};

}  // namespace culprit
