#include "store/duckdb/texts.h"

#include <charconv>
#include <cstring>

#include "base/text.h"

namespace culprit {

namespace {

// Most texts are ASCII. A check of eight bytes at a time is quicker than decoding.
bool is_ascii(std::string_view text) {
  size_t at = 0;
  uint64_t word = 0, seen = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::memcpy(&word, text.data() + at, 8);
    seen |= word;
  }
  for (; at < text.size(); ++at) seen |= static_cast<uint8_t>(text[at]);
  return (seen & 0x8080808080808080ull) == 0;
}

int hex_digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0; }

}  // namespace

bool is_utf8(std::string_view text) { return is_ascii(text) || valid_utf8(text); }

void write_text(const DuckdbApi& api, TextCounts& counts, duckdb_vector vector, size_t row, std::string_view text) {
  if (is_utf8(text)) return api.vector_assign_string_element_len(vector, row, text.data(), text.size());
  ++counts.repaired;
  std::string repaired = repaired_utf8(text);
  api.vector_assign_string_element_len(vector, row, repaired.data(), repaired.size());
}

void set_null(const DuckdbApi& api, duckdb_vector vector, size_t row) {
  api.vector_ensure_validity_writable(vector);
  api.vector_get_validity(vector)[row / 64] &= ~(uint64_t{1} << row % 64);
}

bool is_null(const DuckdbApi& api, duckdb_vector vector, size_t row) {
  const uint64_t* valid = api.vector_get_validity(vector);
  return valid != nullptr && (valid[row / 64] >> row % 64 & 1) == 0;
}

std::string_view text_at(const DuckdbApi& api, duckdb_vector vector, size_t row) {
  if (is_null(api, vector, row)) return {};
  const auto& text = static_cast<const duckdb_string_t*>(api.vector_get_data(vector))[row];
  // As in duckdb.h: a text of at most 12 bytes is stored in the cell itself.
  uint32_t length = text.value.inlined.length;
  return {length <= 12 ? text.value.inlined.inlined : text.value.pointer.ptr, length};
}

std::vector<duckdb_vector> struct_members(const DuckdbApi& api, duckdb_vector structure, size_t count) {
  std::vector<duckdb_vector> members;
  for (size_t i = 0; i < count; ++i) members.push_back(api.struct_vector_get_child(structure, i));
  return members;
}

std::string hex_of(std::string_view bytes) { return to_text(Bytes{std::string(bytes)}); }

std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(hex_digit(hex[i]) << 4 | hex_digit(hex[i + 1]));
  return bytes;
}

TypedText typed_text(const Value& value) {
  static constexpr char kTypes[] = "ebidsyn";
  auto* text = std::get_if<std::string>(&value);
  if (text != nullptr && !is_utf8(*text)) return {'h', hex_of(*text)};
  return {kTypes[value.index()], to_text(value)};
}

Value value_of(char type, std::string_view text) {
  int64_t integer = 0;
  double real = 0;
  switch (type) {
    case 'e': return {};
    case 'b': return text == "true";
    case 'i': return std::from_chars(text.data(), text.data() + text.size(), integer), integer;
    case 'd': return std::from_chars(text.data(), text.data() + text.size(), real), real;
    case 'y': return Bytes{bytes_of_hex(text)};
    case 'n': return Nested{std::string(text)};
    case 'h': return bytes_of_hex(text);
  }
  return std::string(text);
}

void write_attributes(const DuckdbApi& api, TextCounts& counts, duckdb_vector map, duckdb_vector types,
                      const std::vector<const Attributes*>& rows) {
  auto* entries = static_cast<duckdb_list_entry*>(api.vector_get_data(map));
  size_t total = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    entries[i] = {total, rows[i]->size()};
    total += rows[i]->size();
  }
  api.list_vector_reserve(map, total);
  api.list_vector_set_size(map, total);
  duckdb_vector pairs = api.list_vector_get_child(map);
  duckdb_vector keys = api.struct_vector_get_child(pairs, 0), values = api.struct_vector_get_child(pairs, 1);
  size_t at = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string letters;
    for (const Attribute& attribute : *rows[i]) {
      TypedText value = typed_text(attribute.value);
      bool plain = is_utf8(attribute.key);
      letters += plain ? value.type : static_cast<char>(value.type - 'a' + 'A');
      write_text(api, counts, keys, at, plain ? attribute.key : hex_of(attribute.key));
      write_text(api, counts, values, at++, value.text);
    }
    write_text(api, counts, types, i, letters);
  }
}

Attributes read_attributes(const DuckdbApi& api, duckdb_vector map, duckdb_vector types, size_t row) {
  Attributes attributes;
  if (is_null(api, map, row)) return attributes;
  duckdb_list_entry entry = static_cast<const duckdb_list_entry*>(api.vector_get_data(map))[row];
  std::string_view letters = text_at(api, types, row);
  duckdb_vector pairs = api.list_vector_get_child(map);
  duckdb_vector keys = api.struct_vector_get_child(pairs, 0), values = api.struct_vector_get_child(pairs, 1);
  for (uint64_t i = 0; i < entry.length; ++i) {
    char letter = i < letters.size() ? letters[i] : 's';
    bool hex_key = letter >= 'A' && letter <= 'Z';
    if (hex_key) letter = static_cast<char>(letter - 'A' + 'a');
    std::string_view key = text_at(api, keys, entry.offset + i);
    attributes.push_back(
        {hex_key ? bytes_of_hex(key) : std::string(key), value_of(letter, text_at(api, values, entry.offset + i))});
  }
  return attributes;
}

}  // namespace culprit
