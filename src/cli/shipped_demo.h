// The demo's two recordings that come with the program: its story for those who cannot record here.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"

namespace culprit::cli {

// Recorded by `culprit demo --fault missing_index` on a machine where that works.
struct ShippedDemo {
  std::string before, after;
};
// In share/culprit/demo, beside the program or beside its folder.
Result<ShippedDemo> find_shipped_demo();

// Why the demo cannot be recorded here: a right, a kernel, PostgreSQL. Takes as long as to load the probes.
Result<void> can_record_demo();

// Whether the shipped recordings answer what was asked for: their fault, and nothing to keep.
bool shipped_demo_fits(const Options& options);

// Says on one line why it is not recorded here, then tells the story from the shipped recordings.
Result<int> tell_shipped_demo(const Options& options, const Error& why_not);

}  // namespace culprit::cli
