// ColumnTypes: collects the column names and types of a table from its description.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "model/tables.h"
#include "store/duckdb/database.h"
#include "store/files/stored.h"

namespace culprit {

class ColumnTypes {
 public:
  // `only`: the names of the wanted columns; null: all columns.
  explicit ColumnTypes(const DuckdbApi& api, const std::set<std::string>* only = nullptr) : api_(api), only_(only) {}

  template <class Row, class T>
  void number(uint32_t, const char* name, T Row::*, std::string_view = {}) {
    add(name, type_of<T>());
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
  template <class Get, size_t N>
  void names(uint32_t, const char* name, Get, const std::string_view (&)[N], std::string_view = {}) {
    add(name, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get>
  void text(uint32_t, const char* name, Get, std::string_view = {}) {
    add(name, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get>
  void trace_id(uint32_t, uint32_t, const char* name, Get, std::string_view = {}) {
    add(name, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get>
  void trace_high(uint32_t, const char* name, Get, std::string_view) {
    add(name, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get>
  void resource(uint32_t, const char* name, Get, std::string_view) {
    add(name, DUCKDB_TYPE_UBIGINT);
  }
  void own_id(const char* name, std::string_view) { add(name, DUCKDB_TYPE_UBIGINT); }
  template <class Get, size_t N>
  void waits(uint32_t, uint32_t, Get, const char* const (&)[N]) {
    for (std::string_view wait : kWaitNames) add(std::string(wait) + "_ns", DUCKDB_TYPE_BIGINT);
  }
  template <class Get>
  void attributes(uint32_t, const char* name, const char* types, Get, std::string_view = {}) {
    if (skips(name)) return;
    add_map(name, DUCKDB_TYPE_VARCHAR);
    types_.emplace_back(types, LogicalType(api_, api_.create_logical_type(DUCKDB_TYPE_VARCHAR)));
  }
  template <class Get, class Child>
  void list(uint32_t, const char* name, Get, Of<Child> child, std::string_view = {}) {
    if (skips(name)) return;
    ColumnTypes inner(api_);
    describe(inner, child);
    LogicalType structure = struct_of(inner.types_);
    types_.emplace_back(name, LogicalType(api_, api_.create_list_type(structure.get())));
  }
  template <class Get>
  void span_attributes(uint32_t, Get) {}

  void add(const std::string& name, duckdb_type type) {
    if (skips(name)) return;
    types_.emplace_back(name, LogicalType(api_, api_.create_logical_type(type)));
  }
  void add_map(const std::string& name, duckdb_type value) {
    LogicalType text(api_, api_.create_logical_type(DUCKDB_TYPE_VARCHAR)), of(api_, api_.create_logical_type(value));
    types_.emplace_back(name, LogicalType(api_, api_.create_map_type(text.get(), of.get())));
  }
  void add_rest(const std::string& name);
  NamedTypes take() { return std::move(types_); }

 private:
  template <class T>
  static constexpr duckdb_type type_of() {
    if constexpr (std::is_same_v<T, bool>) return DUCKDB_TYPE_BOOLEAN;
    if constexpr (std::is_same_v<T, int16_t>) return DUCKDB_TYPE_SMALLINT;
    if constexpr (std::is_same_v<T, int32_t>) return DUCKDB_TYPE_INTEGER;
    if constexpr (std::is_same_v<T, uint32_t>) return DUCKDB_TYPE_UINTEGER;
    if constexpr (std::is_same_v<T, int64_t>) return DUCKDB_TYPE_BIGINT;
    if constexpr (std::is_same_v<T, uint64_t>) return DUCKDB_TYPE_UBIGINT;
    if constexpr (std::is_same_v<T, float>) return DUCKDB_TYPE_FLOAT;
    if constexpr (std::is_same_v<T, double>) return DUCKDB_TYPE_DOUBLE;
  }
  LogicalType struct_of(NamedTypes& members);
  bool skips(const std::string& name) const { return only_ != nullptr && !only_->contains(name); }

  const DuckdbApi& api_;
  const std::set<std::string>* only_;
  NamedTypes types_;
};

}  // namespace culprit
