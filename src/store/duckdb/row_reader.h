// RowReader: reads rows from DuckDB's vectors by the description of their table.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/duckdb/column_types.h"
#include "store/duckdb/texts.h"

namespace culprit {

// Reads the vectors' rows from `first` on into `rows`, column after column.
template <class Row>
class RowReader {
  using Fields = RowOf<Row>;

 public:
  // `only`: the names of the columns that the vectors contain; null: all columns.
  RowReader(const DuckdbApi& api, const std::vector<duckdb_vector>& vectors, const std::vector<Row*>& rows,
            size_t first = 0, const std::set<std::string>* only = nullptr)
      : api_(api), vectors_(vectors), rows_(rows), first_(first), only_(only) {}

  template <class Get>
  void number(uint32_t, const char* name, Get get, std::string_view = {}) {
    if (skips(name)) return;
    using T = std::remove_cvref_t<std::invoke_result_t<Get, Fields&>>;
    duckdb_vector vector = next();
    const T* data = static_cast<const T*>(api_.vector_get_data(vector));
    const uint64_t* valid = api_.vector_get_validity(vector);  // null: no NULL among them
    for (size_t i = 0; i < rows_.size(); ++i) {
      const size_t row = first_ + i;
      const bool there = valid == nullptr || (valid[row / 64] >> row % 64 & 1) != 0;  // else older than the column
      std::invoke(get, fields_of(*rows_[i])) = there ? data[row] : T{};
    }
  }
  template <class Get, size_t N>
  void names(uint32_t, const char* name, Get get, const std::string_view (&all)[N], std::string_view = {}) {
    if (skips(name)) return;
    using T = std::remove_cvref_t<std::invoke_result_t<Get, Fields&>>;
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i) {
      std::string_view found = text_at(api_, vector, first_ + i);
      size_t index = 0;
      while (index + 1 < N && all[index] != found) ++index;
      std::invoke(get, fields_of(*rows_[i])) = static_cast<T>(index);
    }
  }
  template <class Get>
  void text(uint32_t, const char* name, Get get, std::string_view = {}) {
    if (skips(name)) return;
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i)
      std::invoke(get, fields_of(*rows_[i])) = text_at(api_, vector, first_ + i);
  }
  template <class Get>
  void trace_id(uint32_t, uint32_t, const char* name, Get get, std::string_view = {}) {
    if (skips(name)) return;
    duckdb_vector vector = next();
    for (size_t i = 0; i < rows_.size(); ++i)
      std::invoke(get, fields_of(*rows_[i])) = parse_trace_id(text_at(api_, vector, first_ + i)).value_or(TraceId());
  }
  template <class Get, size_t N>
  void waits(uint32_t, uint32_t, Get get, const char* const (&)[N]) {
    for (size_t wait = 0; wait < N; ++wait) {
      if (skips(std::string(kWaitNames[wait]) + "_ns")) continue;
      duckdb_vector vector = next();
      const auto* data = static_cast<const int64_t*>(api_.vector_get_data(vector));
      for (size_t i = 0; i < rows_.size(); ++i) {
        WaitSums& waits = std::invoke(get, fields_of(*rows_[i]));
        waits.known = !is_null(api_, vector, first_ + i);
        waits.ns[wait] = waits.known ? data[first_ + i] : 0;
      }
    }
  }
  void own_id(const char* name, std::string_view) {
    if (skips(name)) return;
    const auto* data = static_cast<const uint64_t*>(api_.vector_get_data(next()));
    for (size_t i = 0; i < rows_.size(); ++i)
      if constexpr (requires { rows_[i]->resource_id; }) rows_[i]->resource_id = data[first_ + i];
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
  void attributes(uint32_t, const char* name, const char*, Get get, std::string_view = {}) {
    if (skips(name)) return;
    duckdb_vector map = next(), types = next();
    for (size_t i = 0; i < rows_.size(); ++i)
      std::invoke(get, fields_of(*rows_[i])) = read_attributes(api_, map, types, first_ + i);
  }
  template <class Get, class Child>
  void list(uint32_t, const char* name, Get get, Of<Child> child, std::string_view = {}) {
    if (skips(name)) return;
    duckdb_vector vector = next();
    const auto* entries = static_cast<const duckdb_list_entry*>(api_.vector_get_data(vector));
    duckdb_vector structure = api_.list_vector_get_child(vector);
    ColumnTypes types(api_);
    describe(types, child);
    std::vector<duckdb_vector> members = struct_members(api_, structure, types.take().size());
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (is_null(api_, vector, first_ + i) || entries[first_ + i].length == 0) continue;
      auto& items = std::invoke(get, fields_of(*rows_[i]));
      items.resize(entries[first_ + i].length);
      std::vector<Child*> all;
      for (Child& item : items) all.push_back(&item);
      RowReader<Child> inner(api_, members, all, entries[first_ + i].offset);
      describe(inner, child);
    }
  }
  size_t columns_done() const { return column_; }

 private:
  duckdb_vector next() { return vectors_[column_++]; }
  bool skips(const std::string& name) const { return only_ != nullptr && !only_->contains(name); }

  const DuckdbApi& api_;
  const std::vector<duckdb_vector>& vectors_;
  const std::vector<Row*>& rows_;
  size_t first_;
  const std::set<std::string>* only_;
  size_t column_ = 0;
};

}  // namespace culprit
