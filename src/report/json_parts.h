// Parts of answers that several JSON documents share.
#pragma once

#include "base/json.h"
#include "model/finding.h"

namespace culprit::report {

void write_counts(JsonWriter& json, std::string_view name, const UnitCounts& counts);
void write_account(JsonWriter& json, const Account& account);  // writes the members received, stored and accounted
void write_rows(JsonWriter& json, std::string_view name, const std::vector<LedgerRow>& rows);
void write_quality(JsonWriter& json, const Quality& quality);  // writes the member quality
void write_finding(JsonWriter& json, const Finding& finding);
void write_interval(JsonWriter& json, std::string_view name, const Interval& interval);

}  // namespace culprit::report
