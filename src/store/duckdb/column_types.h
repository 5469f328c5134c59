// ColumnTypes: the names and types that a table's description comes to.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/duckdb/database.h"
#include "store/duckdb/table_columns.h"

namespace culprit {

class ColumnTypes {
 public:
  explicit ColumnTypes(const DuckdbApi& api) : api_(api) {}

  template <class Get>
  void number(const char* name, Get) {
    add(name, type_of<FieldOf<Get>>());
  }
  template <class Get, size_t N>
  void named(const char* name, Get, const std::string_view (&)[N]) {
    add(name, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get>
  void text(const char* name, Get) {
    add(name, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get>
  void trace_id(const char* name, Get) {
    add(name, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get>
  void wait(const char* name, int, Get) {
    add(name, DUCKDB_TYPE_BIGINT);
  }
  template <class Get>
  void attributes(const char* name, const char* types, Get) {
    add_map(name, DUCKDB_TYPE_VARCHAR);
    add(types, DUCKDB_TYPE_VARCHAR);
  }
  template <class Get, class Child>
  void list(const char* name, Get, table_columns::Of<Child> child) {
    ColumnTypes inner(api_);
    table_columns::describe(inner, child);
    LogicalType structure = struct_of(inner.types_);
    types_.emplace_back(name, LogicalType(api_, api_.create_list_type(structure.get())));
  }

  void add(const std::string& name, duckdb_type type) {
    types_.emplace_back(name, LogicalType(api_, api_.create_logical_type(type)));
  }
  void add_map(const std::string& name, duckdb_type value) {
    LogicalType text(api_, api_.create_logical_type(DUCKDB_TYPE_VARCHAR)), of(api_, api_.create_logical_type(value));
    types_.emplace_back(name, LogicalType(api_, api_.create_map_type(text.get(), of.get())));
  }
  void add_rest(const std::string& name);
  NamedTypes take() { return std::move(types_); }

 private:
  // The field that a member pointer or an accessor leads to: descriptions are generic, so ask with a row of any kind.
  template <class Get>
  struct Field;
  template <class Row, class T>
  struct Field<T Row::*> {
    using type = T;
  };
  template <class Get>
    requires std::is_class_v<Get>
  struct Field<Get> {
    struct Any {
      Span* span;
      Resource resource;
      LogRecord log;
    };
    using type = std::remove_cvref_t<std::invoke_result_t<Get, Any&>>;
  };
  template <class Get>
  using FieldOf = typename Field<Get>::type;

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

  const DuckdbApi& api_;
  NamedTypes types_;
};

}  // namespace culprit
