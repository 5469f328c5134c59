#include "store/duckdb/json_cells.h"

#include <algorithm>
#include <string_view>

#include "base/json.h"
#include "store/duckdb/texts.h"

namespace culprit {

namespace {

std::string decimal_digits(unsigned __int128 number) {
  std::string digits;
  do digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(number % 10))), number /= 10;
  while (number != 0);
  return digits;
}

std::string integer_text(__int128 number) {
  auto magnitude = static_cast<unsigned __int128>(number);
  return number < 0 ? "-" + decimal_digits(0 - magnitude) : decimal_digits(magnitude);
}

std::string decimal_text(__int128 number, size_t scale) {
  if (scale == 0) return integer_text(number);
  bool negative = number < 0;
  auto magnitude = static_cast<unsigned __int128>(number);
  std::string digits = decimal_digits(negative ? 0 - magnitude : magnitude);
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  digits.insert(digits.size() - scale, ".");
  return negative ? "-" + digits : digits;
}

std::string real_text(double number) {
  JsonWriter json;
  json.value(number);
  return json.take();
}

__int128 wide(duckdb_hugeint number) { return static_cast<__int128>(number.upper) << 64 | number.lower; }

template <class T>
T cell(const DuckdbApi& api, duckdb_vector vector, size_t row) {
  return static_cast<const T*>(api.vector_get_data(vector))[row];
}

std::string quoted_value(const DuckdbApi& api, duckdb_value value) {
  char* text = api.get_varchar(value);
  std::string quoted = text == nullptr ? "null" : json_quoted(text);
  api.free(text);
  api.destroy_value(&value);
  return quoted;
}

std::string decimal_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, size_t row) {
  size_t scale = api.decimal_scale(type);
  switch (api.decimal_internal_type(type)) {
    case DUCKDB_TYPE_SMALLINT: return decimal_text(cell<int16_t>(api, vector, row), scale);
    case DUCKDB_TYPE_INTEGER: return decimal_text(cell<int32_t>(api, vector, row), scale);
    case DUCKDB_TYPE_BIGINT: return decimal_text(cell<int64_t>(api, vector, row), scale);
    default: return decimal_text(wide(cell<duckdb_hugeint>(api, vector, row)), scale);
  }
}

std::string enum_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, size_t row) {
  duckdb_type width = api.enum_internal_type(type);
  uint64_t index = width == DUCKDB_TYPE_UTINYINT    ? cell<uint8_t>(api, vector, row)
                   : width == DUCKDB_TYPE_USMALLINT ? cell<uint16_t>(api, vector, row)
                                                    : cell<uint32_t>(api, vector, row);
  char* text = api.enum_dictionary_value(type, index);
  std::string quoted = json_quoted(text);
  api.free(text);
  return quoted;
}

std::string items(const DuckdbApi& api, duckdb_vector child, LogicalType type, uint64_t first, uint64_t count,
                  int depth) {
  std::string text = "[";
  for (uint64_t i = 0; i < count; ++i)
    text += (i == 0 ? "" : ",") + json_cell(api, child, type.get(), first + i, depth + 1);
  return text + "]";
}

// Returns a map as a JSON object. Its keys become text.
std::string map_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, size_t row, int depth) {
  auto entry = cell<duckdb_list_entry>(api, vector, row);
  duckdb_vector pairs = api.list_vector_get_child(vector);
  duckdb_vector keys = api.struct_vector_get_child(pairs, 0), values = api.struct_vector_get_child(pairs, 1);
  LogicalType key_type(api, api.map_type_key_type(type)), value_type(api, api.map_type_value_type(type));
  std::string text = "{";
  for (uint64_t i = 0; i < entry.length; ++i) {
    std::string key = json_cell(api, keys, key_type.get(), entry.offset + i, depth + 1);
    text += (i == 0 ? "" : ",") + (key.starts_with('"') ? key : json_quoted(key)) + ":" +
            json_cell(api, values, value_type.get(), entry.offset + i, depth + 1);
  }
  return text + "}";
}

std::string struct_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, size_t row, int depth) {
  std::string text = "{";
  for (idx_t i = 0; i < api.struct_type_child_count(type); ++i) {
    char* name = api.struct_type_child_name(type, i);
    LogicalType child(api, api.struct_type_child_type(type, i));
    text += (i == 0 ? "" : ",") + json_quoted(name) + ":" +
            json_cell(api, api.struct_vector_get_child(vector, i), child.get(), row, depth + 1);
    api.free(name);
  }
  return text + "}";
}

std::string time_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_type id, size_t row) {
  switch (id) {
    case DUCKDB_TYPE_TIMESTAMP:
      return quoted_value(api, api.create_timestamp(cell<duckdb_timestamp>(api, vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return quoted_value(api, api.create_timestamp_tz(cell<duckdb_timestamp>(api, vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_S:
      return quoted_value(api, api.create_timestamp_s(cell<duckdb_timestamp_s>(api, vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return quoted_value(api, api.create_timestamp_ms(cell<duckdb_timestamp_ms>(api, vector, row)));
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return quoted_value(api, api.create_timestamp_ns(cell<duckdb_timestamp_ns>(api, vector, row)));
    case DUCKDB_TYPE_DATE: return quoted_value(api, api.create_date(cell<duckdb_date>(api, vector, row)));
    case DUCKDB_TYPE_TIME: return quoted_value(api, api.create_time(cell<duckdb_time>(api, vector, row)));
    case DUCKDB_TYPE_INTERVAL: return quoted_value(api, api.create_interval(cell<duckdb_interval>(api, vector, row)));
    default: return "null";
  }
}

std::string uuid_cell(const DuckdbApi& api, duckdb_vector vector, size_t row) {
  auto stored = cell<duckdb_uhugeint>(api, vector, row);
  stored.upper ^= uint64_t{1} << 63;  // DuckDB stores UUIDs with the top bit inverted, so that they sort as numbers
  return quoted_value(api, api.create_uuid(stored));
}

}  // namespace

std::string json_cell(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, size_t row, int depth) {
  if (depth > kMaxCellDepth || is_null(api, vector, row)) return "null";
  duckdb_type id = api.get_type_id(type);
  switch (id) {
    case DUCKDB_TYPE_BOOLEAN: return cell<bool>(api, vector, row) ? "true" : "false";
    case DUCKDB_TYPE_TINYINT: return integer_text(cell<int8_t>(api, vector, row));
    case DUCKDB_TYPE_SMALLINT: return integer_text(cell<int16_t>(api, vector, row));
    case DUCKDB_TYPE_INTEGER: return integer_text(cell<int32_t>(api, vector, row));
    case DUCKDB_TYPE_BIGINT: return integer_text(cell<int64_t>(api, vector, row));
    case DUCKDB_TYPE_UTINYINT: return integer_text(cell<uint8_t>(api, vector, row));
    case DUCKDB_TYPE_USMALLINT: return integer_text(cell<uint16_t>(api, vector, row));
    case DUCKDB_TYPE_UINTEGER: return integer_text(cell<uint32_t>(api, vector, row));
    case DUCKDB_TYPE_UBIGINT: return integer_text(cell<uint64_t>(api, vector, row));
    case DUCKDB_TYPE_HUGEINT: return integer_text(wide(cell<duckdb_hugeint>(api, vector, row)));
    case DUCKDB_TYPE_UHUGEINT: {
      auto number = cell<duckdb_uhugeint>(api, vector, row);
      return decimal_digits(static_cast<unsigned __int128>(number.upper) << 64 | number.lower);
    }
    case DUCKDB_TYPE_FLOAT: return real_text(cell<float>(api, vector, row));
    case DUCKDB_TYPE_DOUBLE: return real_text(cell<double>(api, vector, row));
    case DUCKDB_TYPE_DECIMAL: return decimal_cell(api, vector, type, row);
    case DUCKDB_TYPE_VARCHAR: return json_quoted(text_at(api, vector, row));
    case DUCKDB_TYPE_BLOB: return json_quoted(hex_of(text_at(api, vector, row)));
    case DUCKDB_TYPE_ENUM: return enum_cell(api, vector, type, row);
    case DUCKDB_TYPE_UUID: return uuid_cell(api, vector, row);
    case DUCKDB_TYPE_LIST: {
      auto entry = cell<duckdb_list_entry>(api, vector, row);
      return items(api, api.list_vector_get_child(vector), LogicalType(api, api.list_type_child_type(type)),
                   entry.offset, entry.length, depth);
    }
    case DUCKDB_TYPE_ARRAY: {
      uint64_t size = api.array_type_array_size(type);
      return items(api, api.array_vector_get_child(vector), LogicalType(api, api.array_type_child_type(type)),
                   row * size, size, depth);
    }
    case DUCKDB_TYPE_MAP: return map_cell(api, vector, type, row, depth);
    case DUCKDB_TYPE_STRUCT: return struct_cell(api, vector, type, row, depth);
    default: return time_cell(api, vector, id, row);
  }
}

std::string type_name(const DuckdbApi& api, duckdb_logical_type type, int depth) {
  static constexpr std::string_view kNames[] = {
      "INVALID",      "BOOLEAN",      "TINYINT", "SMALLINT",    "INTEGER",  "BIGINT",    "UTINYINT",
      "USMALLINT",    "UINTEGER",     "UBIGINT", "FLOAT",       "DOUBLE",   "TIMESTAMP", "DATE",
      "TIME",         "INTERVAL",     "HUGEINT", "VARCHAR",     "BLOB",     "DECIMAL",   "TIMESTAMP_S",
      "TIMESTAMP_MS", "TIMESTAMP_NS", "ENUM",    "LIST",        "STRUCT",   "MAP",       "UUID",
      "UNION",        "BIT",          "TIMETZ",  "TIMESTAMPTZ", "UHUGEINT", "ARRAY"};
  duckdb_type id = api.get_type_id(type);
  if (id == DUCKDB_TYPE_LIST && depth < kMaxCellDepth)
    return type_name(api, LogicalType(api, api.list_type_child_type(type)).get(), depth + 1) + "[]";
  return id < std::size(kNames) ? std::string(kNames[id]) : "OTHER";
}

}  // namespace culprit
