// The shop's tables, as SQL. Their sizes must match those in lab/load/schedule.cc.
#pragma once

#include <array>
namespace culprit::demo {

extern const char* const kOrdersSql;  // the table of 2,000,000 rows; may run concurrently with kOtherTablesSql
extern const char* const kOtherTablesSql;
// One statement after the other, each in its own transaction: collects statistics, sets hint bits, loads everything
// into memory, writes it to disk.
extern const std::array<const char*, 4> kSettleSql;
extern const char* const kDropOrdersIndexSql;
extern const char* const kOrdersIndexSql;

}  // namespace culprit::demo
