// What a table's lines are made of; tables.h explains them.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace culprit {

// Chooses a row type's description.
template <class Row>
struct Of {};

// Numbers of the columns in which frames hold ids together.
struct IdColumns {
  uint32_t trace_low, parent, parent_ahead, trace_by_span;
};

// Most rows have no derived columns.
template <class Table, class Row>
void describe_derived(Table&, Of<Row>) {}

inline constexpr std::string_view kAttributeTypes =
    "One letter an entry of the map, in its order: e(mpty) b(oolean) i(nteger) d(ouble) s(tring) y (bytes, as hex) "
    "n(ested, as JSON) h (a string that is not UTF-8, as hex); upper case: the key is hex too.";

// What SQL calls the type of a field.
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
  // Where a recording tells of one subject again while it changes: the columns that name it, and the order (SQL) of what was
  // told, the last first. The table shows the last.
  std::string_view subject = {}, last_first = {};
  // What its rows are called in the ledger where they are refused; empty: they are few, others are nameless without them,
  // and a writer that sheds keeps them.
  std::string_view unit = {};
  std::string_view parquet = {};  // options of its segments
};

}  // namespace culprit
