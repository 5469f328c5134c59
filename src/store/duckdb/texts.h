// Single cells: texts (made valid UTF-8, as DuckDB asks), NULLs, and attributes as a map with their types beside it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/attribute.h"
#include "store/duckdb/api.h"

namespace culprit {

// What was changed on the way into vectors, for the ledger.
struct TextCounts {
  int64_t repaired = 0;  // texts that were not UTF-8
};

bool is_utf8(std::string_view text);
void write_text(const DuckdbApi& api, TextCounts& counts, duckdb_vector vector, size_t row, std::string_view text);
void set_null(const DuckdbApi& api, duckdb_vector vector, size_t row);
bool is_null(const DuckdbApi& api, duckdb_vector vector, size_t row);
// Empty for NULL. Valid as long as the vector.
std::string_view text_at(const DuckdbApi& api, duckdb_vector vector, size_t row);
std::vector<duckdb_vector> struct_members(const DuckdbApi& api, duckdb_vector structure, size_t count);

// A value as text and a letter for its type, such that the two give the value back: e(mpty) b(oolean) i(nteger) d(ouble)
// s(tring) y (bytes, hex) n(ested, JSON) h (a string that is not UTF-8, hex).
struct TypedText {
  char type;
  std::string text;
};
TypedText typed_text(const Value& value);
Value value_of(char type, std::string_view text);

// A list of (key, text) in `map`, and in `types` a letter an entry; upper case where the key itself is hex.
void write_attributes(const DuckdbApi& api, TextCounts& counts, duckdb_vector map, duckdb_vector types,
                      const std::vector<const Attributes*>& rows);
Attributes read_attributes(const DuckdbApi& api, duckdb_vector map, duckdb_vector types, size_t row);

std::string hex_of(std::string_view bytes);
std::string bytes_of_hex(std::string_view hex);

}  // namespace culprit
