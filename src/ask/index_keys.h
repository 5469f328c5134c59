// What an index would have to hold to serve a scan's filter or a sort, read from EXPLAIN's texts.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace culprit::ask {

struct Column {
  std::string name;  // in quotes where SQL needs them
  std::string type;  // as format_type() says without its modifier: "character varying"; a domain's own base type
};

// A table as the expressions of its scan name it.
struct Table {
  std::string alias;  // stands before each of its columns; empty: before none
  std::vector<Column> columns;
  // No other function may stand in an index.
  std::function<bool(const std::string& function)> immutable;
};

// As CREATE INDEX takes them: "owner", "lower(title)".
struct FilterKeys {
  std::vector<std::string> keys;      // those compared by =, ANY and IS NULL, then one that is compared by < > <= >=
  std::vector<std::string> patterns;  // those compared by LIKE
};
// Of those conjuncts of `filter` that compare a column, or a function of one, to what is not of this table. Foreign bytes.
FilterKeys keys_of_filter(std::string_view filter, const Table& table);

// "t.due DESC" → "due DESC". Empty where one of the keys can't stand in an index of this table. Foreign bytes.
std::vector<std::string> keys_of_sort(const std::vector<std::string>& sort_keys, const Table& table);

}  // namespace culprit::ask
