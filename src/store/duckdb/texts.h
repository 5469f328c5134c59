// Single cells: texts (repaired to valid UTF-8, as DuckDB requires), NULLs, and attributes as a map with a list of
// their types.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/attribute.h"
#include "store/duckdb/api.h"

namespace culprit {

// The number of texts that were changed when they were written into vectors. The ledger reports it.
struct TextCounts {
  int64_t repaired = 0;  // texts that were not valid UTF-8
};

bool is_utf8(std::string_view text);
void write_text(const DuckdbApi& api, TextCounts& counts, duckdb_vector vector, size_t row, std::string_view text);
void set_null(const DuckdbApi& api, duckdb_vector vector, size_t row);
bool is_null(const DuckdbApi& api, duckdb_vector vector, size_t row);
// Returns an empty text for NULL. The view is valid as long as the vector.
std::string_view text_at(const DuckdbApi& api, duckdb_vector vector, size_t row);
std::vector<duckdb_vector> struct_members(const DuckdbApi& api, duckdb_vector structure, size_t count);

// A value as text with a letter for its type. Both together restore the value: e (empty), b (boolean), i (integer), d
// (double), s (string), y (bytes, in hex), n (nested, as JSON), h (a string that is not UTF-8, in hex).
struct TypedText {
  char type;
  std::string text;
};
TypedText typed_text(const Value& value);
Value value_of(char type, std::string_view text);

// Writes a list of (key, text) into `map` and one letter per entry into `types`. An upper-case letter means that the
// key is in hex.
void write_attributes(const DuckdbApi& api, TextCounts& counts, duckdb_vector map, duckdb_vector types,
                      const std::vector<const Attributes*>& rows);
Attributes read_attributes(const DuckdbApi& api, duckdb_vector map, duckdb_vector types, size_t row);

std::string hex_of(std::string_view bytes);
std::string bytes_of_hex(std::string_view hex);

}  // namespace culprit
