// Two uses of a table's description: Filler fills vectors, RowReader reads them. column_types.h is the third.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/duckdb/column_types.h"
#include "store/duckdb/texts.h"

namespace culprit {

// Fills the vectors' rows 0… with `rows`, column after column.
template <class Row>
class Filler {
 public:
  Filler(const DuckdbApi& api, TextCounts& counts, const std::vector<duckdb_vector>& vectors,
         const std::vector<Row*>& rows)
      : api_(api), counts_(counts), vectors_(vectors), rows_(rows) {}

  template <class Get>
  void number(const char*, Get get) {
    using T = std::remove_cvref_t<std::invoke_result_t<Get, Row&>>;
    T* data = static_cast<T*>(api_.vector_get_data(next()));
    for (size_t i = 0; i < rows_.size(); ++i) data[i] = std::invoke(get, *rows_[i]);
  }
  template <class Get, size_t N>
  void named(const char*, Get get, const std::string_view (&names)[N]) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto index = static_cast<size_t>(std::invoke(get, *rows_[i]));
      write_text(api_, counts_, vector, i, names[index < N ? index : N - 1]);
    }
  }
  template <class Get>
  void text(const char*, Get get) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i) write_text(api_, counts_, vector, i, std::invoke(get, *rows_[i]));
  }
  template <class Get>
  void trace_id(const char*, Get get) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i) write_text(api_, counts_, vector, i, to_hex(std::invoke(get, *rows_[i])));
  }
  template <class Get>
  void wait(const char*, int wait, Get get) {
    duckdb_vector vector = next();
    auto* data = static_cast<int64_t*>(api_.vector_get_data(vector));
    for (size_t i = 0; i < rows_.size(); ++i) {
      const WaitSums& waits = std::invoke(get, *rows_[i]);
      data[i] = waits.ns[wait];
      if (!waits.known) set_null(api_, vector, i);
    }
  }
  template <class Get>
  void attributes(const char*, const char*, Get get) {
    std::vector<const Attributes*> all;
    for (Row* row : rows_) all.push_back(&std::invoke(get, *row));
    duckdb_vector map = next();
    write_attributes(api_, counts_, map, next(), all);
  }
  template <class Get, class Child>
  void list(const char*, Get get, table_columns::Of<Child> child) {
    duckdb_vector vector = next();
    auto* entries = static_cast<duckdb_list_entry*>(api_.vector_get_data(vector));
    std::vector<Child*> all;
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto& items = std::invoke(get, *rows_[i]);
      entries[i] = {all.size(), items.size()};
      for (Child& item : items) all.push_back(&item);
    }
    api_.list_vector_reserve(vector, all.size());
    api_.list_vector_set_size(vector, all.size());
    std::vector<duckdb_vector> members = struct_members(api_, api_.list_vector_get_child(vector), child_columns(child));
    Filler<Child> inner(api_, counts_, members, all);
    table_columns::describe(inner, child);
  }
  size_t columns_done() const { return column_; }

 private:
  template <class Child>
  size_t child_columns(table_columns::Of<Child> child) {
    ColumnTypes types(api_);
    table_columns::describe(types, child);
    return types.take().size();
  }
  duckdb_vector next() { return vectors_[column_++]; }

  const DuckdbApi& api_;
  TextCounts& counts_;
  const std::vector<duckdb_vector>& vectors_;
  const std::vector<Row*>& rows_;
  size_t column_ = 0;
};

// Reads vectors' rows from `first` on into `rows`, column after column.
template <class Row>
class RowReader {
 public:
  RowReader(const DuckdbApi& api, const std::vector<duckdb_vector>& vectors, const std::vector<Row*>& rows,
            size_t first = 0)
      : api_(api), vectors_(vectors), rows_(rows), first_(first) {}

  template <class Get>
  void number(const char*, Get get) {
    using T = std::remove_cvref_t<std::invoke_result_t<Get, Row&>>;
    const T* data = static_cast<const T*>(api_.vector_get_data(next()));
    for (size_t i = 0; i < rows_.size(); ++i) std::invoke(get, *rows_[i]) = data[first_ + i];
  }
  template <class Get, size_t N>
  void named(const char*, Get get, const std::string_view (&names)[N]) {
    using T = std::remove_cvref_t<std::invoke_result_t<Get, Row&>>;
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i) {
      std::string_view name = text_at(api_, vector, first_ + i);
      size_t index = 0;
      while (index + 1 < N && names[index] != name) ++index;
      std::invoke(get, *rows_[i]) = static_cast<T>(index);
    }
  }
  template <class Get>
  void text(const char*, Get get) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i) std::invoke(get, *rows_[i]) = text_at(api_, vector, first_ + i);
  }
  template <class Get>
  void trace_id(const char*, Get get) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i)
      std::invoke(get, *rows_[i]) = parse_trace_id(text_at(api_, vector, first_ + i)).value_or(TraceId());
  }
  template <class Get>
  void wait(const char*, int wait, Get get) {
    duckdb_vector vector = next();
    const auto* data = static_cast<const int64_t*>(api_.vector_get_data(vector));
    for (size_t i = 0; i < rows_.size(); ++i) {
      WaitSums& waits = std::invoke(get, *rows_[i]);
      waits.known = !is_null(api_, vector, first_ + i);
      waits.ns[wait] = waits.known ? data[first_ + i] : 0;
    }
  }
  template <class Get>
  void attributes(const char*, const char*, Get get) {
    duckdb_vector map = next(), types = next();
    for (size_t i = 0; i < rows_.size(); ++i)
      std::invoke(get, *rows_[i]) = read_attributes(api_, map, types, first_ + i);
  }
  template <class Get, class Child>
  void list(const char*, Get get, table_columns::Of<Child> child) {
    duckdb_vector vector = next();
    const auto* entries = static_cast<const duckdb_list_entry*>(api_.vector_get_data(vector));
    duckdb_vector structure = api_.list_vector_get_child(vector);
    ColumnTypes types(api_);
    table_columns::describe(types, child);
    std::vector<duckdb_vector> members = struct_members(api_, structure, types.take().size());
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (is_null(api_, vector, first_ + i) || entries[first_ + i].length == 0) continue;
      auto& items = std::invoke(get, *rows_[i]);
      items.resize(entries[first_ + i].length);
      std::vector<Child*> all;
      for (Child& item : items) all.push_back(&item);
      RowReader<Child> inner(api_, members, all, entries[first_ + i].offset);
      table_columns::describe(inner, child);
    }
  }
  size_t columns_done() const { return column_; }

 private:
  duckdb_vector next() { return vectors_[column_++]; }

  const DuckdbApi& api_;
  const std::vector<duckdb_vector>& vectors_;
  const std::vector<Row*>& rows_;
  size_t first_;
  size_t column_ = 0;
};

}  // namespace culprit
