// DuckDB's C API. The library is loaded at the first query, so that a program without queries does not need its memory.
//
// duckdb.h is included only here and in the other files of this folder. Only API v1 without deprecated functions is
// used, so that every libduckdb from 1.4 to 2.0 works.
#pragma once

#include <duckdb.h>

#include "base/result.h"

namespace culprit {

// clang-format off
#define CULPRIT_DUCKDB_FUNCTIONS(X) \
  X(create_config) X(set_config) X(destroy_config) X(open_ext) X(close) X(connect) X(disconnect) X(query) \
  X(destroy_result) X(result_error) X(column_count) X(column_name) X(column_type) X(column_logical_type) \
  X(fetch_chunk) X(destroy_data_chunk) X(data_chunk_get_size) X(data_chunk_set_size) X(data_chunk_get_vector) \
  X(data_chunk_get_column_count) X(vector_get_data) X(vector_get_validity) X(vector_ensure_validity_writable) \
  X(vector_assign_string_element_len) X(list_vector_get_child) X(list_vector_get_size) X(list_vector_set_size) \
  X(list_vector_reserve) X(struct_vector_get_child) X(array_vector_get_child) X(create_logical_type) \
  X(create_list_type) X(create_map_type) X(create_struct_type) X(destroy_logical_type) X(get_type_id) \
  X(decimal_scale) X(decimal_internal_type) X(enum_internal_type) X(enum_dictionary_value) X(list_type_child_type) \
  X(array_type_child_type) X(array_type_array_size) X(map_type_key_type) X(map_type_value_type) \
  X(struct_type_child_count) X(struct_type_child_name) X(struct_type_child_type) X(create_table_function) \
  X(destroy_table_function) X(table_function_set_name) X(table_function_set_extra_info) X(table_function_set_bind) \
  X(table_function_set_init) X(table_function_set_function) X(register_table_function) X(bind_get_extra_info) \
  X(bind_add_result_column) X(bind_set_cardinality) X(function_get_extra_info) X(extract_statements) \
  X(prepare_extracted_statement) X(extract_statements_error) X(destroy_extracted) X(prepare_error) \
  X(destroy_prepare) X(prepared_statement_type) X(execute_prepared) X(free) X(create_timestamp) \
  X(create_timestamp_tz) X(create_timestamp_s) X(create_timestamp_ms) X(create_timestamp_ns) X(create_date) \
  X(create_time) X(create_interval) X(create_uuid) X(get_varchar) X(destroy_value) X(library_version) \
  X(create_scalar_function) X(destroy_scalar_function) X(scalar_function_set_name) X(scalar_function_add_parameter) \
  X(scalar_function_set_return_type) X(scalar_function_set_special_handling) X(scalar_function_set_extra_info) \
  X(scalar_function_set_function) X(scalar_function_get_extra_info) X(register_scalar_function) X(pending_prepared) \
  X(pending_execute_task) X(pending_error) X(execute_pending) X(destroy_pending)
// clang-format on

struct DuckdbApi {
#define X(name) decltype(&::duckdb_##name) name;
  CULPRIT_DUCKDB_FUNCTIONS(X)
#undef X
};

// Searches these places for the library: $CULPRIT_DUCKDB, the program's directory, ../lib/culprit relative to it, the
// directory that the build used, the directories of the system.
Result<const DuckdbApi*> duckdb_api();

}  // namespace culprit
