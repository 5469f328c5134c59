// The keys of an index that would serve a scan's filter or a sort, derived from EXPLAIN's texts.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace culprit::ask {

struct Column {
  std::string name;  // in quotes if SQL needs them
  std::string type;  // as format_type() without the modifier: "character varying"; for a domain, its base type
};

// A table as named in the expressions of its scan.
struct Table {
  std::string alias;  // prefix of each of its columns; empty: no prefix
  std::vector<Column> columns;
  // Only immutable functions may be used in an index.
  std::function<bool(const std::string& function)> immutable;
};

// In the syntax of CREATE INDEX: "owner", "lower(title)".
struct FilterKeys {
  std::vector<std::string> keys;      // keys compared by =, ANY and IS NULL, then one compared by < > <= >=
  std::vector<std::string> patterns;  // keys compared by LIKE
};
// Uses those conjuncts of `filter` that compare a column, or a function of a column, with a value from outside this
// table. The input is foreign.
FilterKeys keys_of_filter(std::string_view filter, const Table& table);

// "t.due DESC" becomes "due DESC". Empty if one of the keys cannot be part of an index of this table. The input is
// foreign.
std::vector<std::string> keys_of_sort(const std::vector<std::string>& sort_keys, const Table& table);

}  // namespace culprit::ask
