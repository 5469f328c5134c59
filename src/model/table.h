// The elements of a table's lines; tables.h explains them.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace culprit {

// Selects the description of a row type.
template <class Row>
struct Of {};

// The numbers of the columns in which frames store ids.
struct IdColumns {
  uint32_t trace_low, parent, parent_ahead, trace_by_span;
};

// Most row types have no derived columns.
template <class Table, class Row>
void describe_derived(Table&, Of<Row>) {}

inline constexpr std::string_view kAttributeTypes =
    "One letter for each entry of the map, in the same order: e (empty), b (boolean), i (integer), d (double), s "
    "(string), y (bytes, in hex), n (nested, as JSON), h (a string that is not UTF-8, in hex). Upper case: the key "
    "is in hex too.";

// The SQL type of a field.
template <class T>
constexpr std::string_view sql_type() {
  if constexpr (std::is_same_v<T, bool>) return "BOOLEAN";
  if constexpr (std::is_same_v<T, int16_t>) return "SMALLINT";
  if constexpr (std::is_same_v<T, int32_t>) return "INTEGER";
  if constexpr (std::is_same_v<T, uint32_t>) return "UINTEGER";
  if constexpr (std::is_same_v<T, int64_t>) return "BIGINT";
  if constexpr (std::is_same_v<T, uint64_t>) return "UBIGINT";
  if constexpr (std::is_same_v<T, float>) return "FLOAT";
  if constexpr (std::is_same_v<T, double>) return "DOUBLE";
}

struct TableInfo {
  std::string_view name;
  std::string_view sentence;
  // For a subject that a recording reports again after changes: the columns that identify it, and the SQL order of its
  // reports, the last one first. The table shows the last report.
  std::string_view subject = {}, last_first = {};
  // The unit of the rows in the ledger if they are refused. Empty: a writer never sheds these rows, because they are
  // few and other rows refer to them.
  std::string_view unit = {};
  std::string_view parquet = {};  // Parquet options of the table's segments
};

}  // namespace culprit
