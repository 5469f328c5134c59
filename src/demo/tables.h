// The shop's tables, as SQL. Sizes must match those that the load picks from (lab/load/schedule.cc).
#pragma once

#include <array>
namespace culprit::demo {

extern const char* const kOrdersSql;  // the table of 2,000,000 rows; may run beside kOtherTablesSql
extern const char* const kOtherTablesSql;
// One after the other, each in its own transaction: statistics, hint bits, everything in memory and on disk.
extern const std::array<const char*, 4> kSettleSql;
extern const char* const kDropOrdersIndexSql;
extern const char* const kOrdersIndexSql;

}  // namespace culprit::demo
