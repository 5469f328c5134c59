// Phrases that several answers share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "model/finding.h"

namespace culprit::report {

// Returns "slow_statement/scan", or the class alone.
std::string cause_name(const Finding& finding);
// Returns "612 → 38 ms (33–44)": `interval` is in the unit of the second figure, and left out if it is empty.
std::string change_text(int64_t from_ns, int64_t to_ns, const Interval& interval);
// Returns "33–44 ms".
std::string interval_text(const Interval& interval);
// Returns "240 spans received = 240 stored + 0 accounted for", followed by the number of ledger rows, in one line.
std::string account_text(const Account& account, const std::vector<LedgerRow>& rows);
// Returns "1,204 events ring_full (kernel, recorder): sentence".
std::string ledger_text(const LedgerRow& row);
// Returns "at most 5 % of comparisons …": how often a comparison reports a change where nothing changed.
std::string false_alarms_text(double share);
// Returns "2026-01-01T00:00:00Z to 2026-01-01T00:00:15Z", or "no time" for 0 and 0.
std::string window_text(int64_t from_ns, int64_t to_ns, Zone zone);
std::string plural(int64_t n, std::string_view unit);  // "1 span", "2 spans"

}  // namespace culprit::report
