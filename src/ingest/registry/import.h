// import_file: takes in a file of traces, logs or metrics in any format that we know, told by its content.
//
// Reads as a stream: memory is bounded by the limits below, not by the file. What cannot be decoded costs the smallest unit
// around it and a ledger row (docs/formats/ingest.md), never the import.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "ingest/interface/import_options.h"
#include "model/sink.h"

namespace culprit {

// `path` "-" is standard input. Pushes, and does not flush: what is durable is the caller's to ask for.
Result<ImportSummary> import_file(const std::string& path, Sink& sink, const ImportOptions& options = {});

// The same for bytes at hand; `name` stands for the file's.
Result<ImportSummary> import_bytes(std::string bytes, const std::string& name, Sink& sink,
                                   const ImportOptions& options = {});

// Where less than half of a file's pieces, or of its spans, logs and metrics, could be read: that, and what it looks like.
std::optional<Error> mostly_unread(const ImportSummary& summary, const std::string& name);

}  // namespace culprit
