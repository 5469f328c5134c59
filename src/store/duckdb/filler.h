// Filler: writes rows into DuckDB's vectors by the description of their table.
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

// Writes `rows` into the vectors from row 0 on, column after column.
template <class Row>
class Filler {
  using Fields = RowOf<Row>;

 public:
  Filler(const DuckdbApi& api, TextCounts& counts, const std::vector<duckdb_vector>& vectors,
         const std::vector<Row*>& rows)
      : api_(api), counts_(counts), vectors_(vectors), rows_(rows) {}

  template <class Get>
  void number(uint32_t, const char*, Get get, std::string_view = {}) {
    using T = std::remove_cvref_t<std::invoke_result_t<Get, Fields&>>;
    T* data = static_cast<T*>(api_.vector_get_data(next()));
    for (size_t i = 0; i < rows_.size(); ++i) data[i] = std::invoke(get, fields_of(*rows_[i]));
  }
  template <class Get, size_t N>
  void names(uint32_t, const char*, Get get, const std::string_view (&all)[N], std::string_view = {}) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto index = static_cast<size_t>(std::invoke(get, fields_of(*rows_[i])));
      write_text(api_, counts_, vector, i, all[index < N ? index : N - 1]);
    }
  }
  template <class Get>
  void text(uint32_t, const char*, Get get, std::string_view = {}) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i)
      write_text(api_, counts_, vector, i, std::invoke(get, fields_of(*rows_[i])));
  }
  template <class Get>
  void trace_id(uint32_t, uint32_t, const char*, Get get, std::string_view = {}) {
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i)
      write_text(api_, counts_, vector, i, to_hex(std::invoke(get, fields_of(*rows_[i]))));
  }
  template <class Get, size_t N>
  void waits(uint32_t, uint32_t, Get get, const char* const (&)[N]) {
    for (size_t wait = 0; wait < N; ++wait) {
      duckdb_vector vector = next();
      auto* data = static_cast<int64_t*>(api_.vector_get_data(vector));
      for (size_t i = 0; i < rows_.size(); ++i) {
        const WaitSums& waits = std::invoke(get, fields_of(*rows_[i]));
        data[i] = waits.ns[wait];
        if (!waits.known) set_null(api_, vector, i);
      }
    }
  }
  void own_id(const char*, std::string_view) {
    auto* data = static_cast<uint64_t*>(api_.vector_get_data(next()));
    for (size_t i = 0; i < rows_.size(); ++i) data[i] = rows_[i]->resource_id;
  }
  template <class Get>
  void delta(uint32_t id, const char* name, Get get, std::string_view = {}) {
    number(id, name, get);
  }
  template <class Get>
  void fixed(uint32_t id, const char* name, Get get, std::string_view = {}) {
    number(id, name, get);
  }
  template <class Get>
  void real(uint32_t id, const char* name, Get get, std::string_view = {}) {
    number(id, name, get);
  }
  template <class Get>
  void derived(const char* name, Get get, std::string_view) {
    number(0, name, get);
  }
  template <class Get>
  void trace_high(uint32_t id, const char* name, Get get, std::string_view) {
    trace_id(id, 0, name, get);
  }
  template <class Get>
  void resource(uint32_t, const char* name, Get, std::string_view sentence) {
    own_id(name, sentence);
  }
  template <class Get>
  void span_attributes(uint32_t, Get) {}
  template <class Get>
  void attributes(uint32_t, const char*, const char*, Get get, std::string_view = {}) {
    std::vector<const Attributes*> all;
    for (Row* row : rows_) all.push_back(&std::invoke(get, fields_of(*row)));
    duckdb_vector map = next();
    write_attributes(api_, counts_, map, next(), all);
  }
  template <class Get, class Child>
  void list(uint32_t, const char*, Get get, Of<Child> child, std::string_view = {}) {
    duckdb_vector vector = next();
    auto* entries = static_cast<duckdb_list_entry*>(api_.vector_get_data(vector));
    std::vector<Child*> all;
    for (size_t i = 0; i < rows_.size(); ++i) {
      auto& items = std::invoke(get, fields_of(*rows_[i]));
      entries[i] = {all.size(), items.size()};
      for (Child& item : items) all.push_back(&item);
    }
    api_.list_vector_reserve(vector, all.size());
    api_.list_vector_set_size(vector, all.size());
    std::vector<duckdb_vector> members = struct_members(api_, api_.list_vector_get_child(vector), child_columns(child));
    Filler<Child> inner(api_, counts_, members, all);
    describe(inner, child);
  }
  size_t columns_done() const { return column_; }

 private:
  template <class Child>
  size_t child_columns(Of<Child> child) {
    ColumnTypes types(api_);
    describe(types, child);
    return types.take().size();
  }
  duckdb_vector next() { return vectors_[column_++]; }

  const DuckdbApi& api_;
  TextCounts& counts_;
  const std::vector<duckdb_vector>& vectors_;
  const std::vector<Row*>& rows_;
  size_t column_ = 0;
};

}  // namespace culprit
