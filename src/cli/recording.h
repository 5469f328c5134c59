// How `record`, `why` without a source, and `demo` record: into a directory, with progress, until the time is over or a
// signal comes.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "capture/recorder/record.h"
#include "cli/options.h"

namespace culprit::cli {

// Returns the recording options from --pid, --for, --ring-size and --tier.
capture::RecordOptions record_options_of(const Options& options);

// Adds progress and the stop flag to `options`. `directory` must not exist.
Result<capture::RecordSummary> record_into(const std::string& directory, capture::RecordOptions options);

// Adds to `error`, which ended a recording or an import, that what was stored before is kept in the directory.
Error kept_in(const std::string& directory, Error error);

// Returns "culprit-2026-11-24-180730.culprit", in UTC.
std::string default_directory();

// Returns two lines: what was recorded at which cost, and the account of its events. With `zone`, a third line has the times.
std::string summary_text(const capture::RecordSummary& summary, const std::string& directory,
                         std::optional<Zone> zone = std::nullopt);
// Returns the zone for summary_text(); nullopt without --tz.
std::optional<Zone> zone_of(const Options& options);
std::string summary_json(const capture::RecordSummary& summary, const std::string& directory);

}  // namespace culprit::cli
