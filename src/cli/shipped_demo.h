// The demo's two recordings that come with the program, for machines on which the demo cannot record.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/options.h"

namespace culprit::cli {

// Recorded by `culprit demo --fault missing_index` on a machine that can record.
struct ShippedDemo {
  std::string before, after;
};
// Looks in share/culprit/demo, beside the program or beside its folder.
Result<ShippedDemo> find_shipped_demo();

// Returns why the demo cannot be recorded here: a right, the kernel, or PostgreSQL. Takes as long as loading the
// probes.
Result<void> can_record_demo();

// Returns whether the shipped recordings fit the options: the same fault, and no result to keep.
bool shipped_demo_fits(const Options& options);

// Prints in one line why the demo is not recorded, then answers from the shipped recordings.
Result<int> tell_shipped_demo(const Options& options, const Error& why_not);

}  // namespace culprit::cli
