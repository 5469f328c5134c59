// import_file: imports a file of traces, logs or metrics. The format is recognised by the contents.
//
// The file is read as a stream: memory is bounded by the limits in ImportOptions, not by the file. Data that cannot be
// decoded costs the smallest unit around it and a ledger row (docs/formats/ingest.md); the import continues.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "ingest/interface/import_options.h"
#include "model/sink.h"

namespace culprit {

// `path` "-" is standard input. Pushes rows without a flush: the caller decides when they must be durable.
Result<ImportSummary> import_file(const std::string& path, Sink& sink, const ImportOptions& options = {});

// The same for bytes in memory; `name` is used in place of the file's name.
Result<ImportSummary> import_bytes(std::string bytes, const std::string& name, Sink& sink,
                                   const ImportOptions& options = {});

// Returns an error if less than half of a file's pieces, or of its spans, logs and metrics, could be read. The error
// describes an unread piece.
std::optional<Error> mostly_unread(const ImportSummary& summary, const std::string& name);

}  // namespace culprit
