#include "store/duckdb/attribute_functions.h"

#include <memory>
#include <optional>
#include <unordered_set>

namespace culprit {

namespace {

constexpr int64_t kExactInDouble = int64_t{1} << 53;

struct Use {
  const PromotedKeys promoted;
  const SpanCells cells;
  Use(const DuckdbApi& api, PromotedKeys keys) : promoted(std::move(keys)), cells(api, promoted) {}
};

std::vector<Attributes> read_input(const DuckdbApi& api, duckdb_function_info info, duckdb_data_chunk input) {
  const auto* use = static_cast<const Use*>(api.scalar_function_get_extra_info(info));
  std::vector<duckdb_vector> vectors;
  idx_t columns = api.data_chunk_get_column_count(input);
  for (idx_t i = 0; i < columns; ++i) vectors.push_back(api.data_chunk_get_vector(input, i));
  return use->cells.read(vectors, api.data_chunk_get_size(input));
}

// For every key, the first attribute for which `take` returns a value. Entries are (key, value), row after row.
template <class Value, class Take>
struct Entries {
  std::vector<duckdb_list_entry> rows;
  std::vector<std::string> keys;
  std::vector<Value> values;

  Entries(const std::vector<Attributes>& all, Take take) {
    std::unordered_set<std::string_view> seen;
    for (const Attributes& attributes : all) {
      rows.push_back({keys.size(), 0});
      seen.clear();
      for (const Attribute& attribute : attributes) {
        std::optional<Value> value = take(attribute.value);
        if (!value || !seen.insert(attribute.key).second) continue;
        keys.push_back(is_utf8(attribute.key) ? attribute.key : hex_of(attribute.key));
        values.push_back(std::move(*value));
      }
      rows.back().length = keys.size() - rows.back().offset;
    }
  }
};

template <class Value, class Take>
std::vector<duckdb_vector> write_entries(const DuckdbApi& api, duckdb_vector output,
                                         const Entries<Value, Take>& entries) {
  auto* lists = static_cast<duckdb_list_entry*>(api.vector_get_data(output));
  for (size_t i = 0; i < entries.rows.size(); ++i) lists[i] = entries.rows[i];
  api.list_vector_reserve(output, entries.keys.size());
  api.list_vector_set_size(output, entries.keys.size());
  std::vector<duckdb_vector> members = struct_members(api, api.list_vector_get_child(output), 2);
  TextCounts counts;
  for (size_t i = 0; i < entries.keys.size(); ++i) write_text(api, counts, members[0], i, entries.keys[i]);
  return members;
}

void text_map(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const DuckdbApi& api = *duckdb_api().value();
  auto take = [](const Value& value) { return std::optional<std::string>(typed_text(value).text); };
  Entries<std::string, decltype(take)> entries(read_input(api, info, input), take);
  std::vector<duckdb_vector> members = write_entries(api, output, entries);
  TextCounts counts;
  for (size_t i = 0; i < entries.values.size(); ++i) write_text(api, counts, members[1], i, entries.values[i]);
}

void number_map(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const DuckdbApi& api = *duckdb_api().value();
  auto take = [](const Value& value) -> std::optional<double> {
    if (auto* real = std::get_if<double>(&value)) return *real;
    auto* integer = std::get_if<int64_t>(&value);
    if (integer == nullptr || *integer < -kExactInDouble || *integer > kExactInDouble) return std::nullopt;
    return static_cast<double>(*integer);
  };
  Entries<double, decltype(take)> entries(read_input(api, info, input), take);
  std::vector<duckdb_vector> members = write_entries(api, output, entries);
  auto* numbers = static_cast<double*>(api.vector_get_data(members[1]));
  for (size_t i = 0; i < entries.values.size(); ++i) numbers[i] = entries.values[i];
}

Result<void> add(Database& database, const std::string& name, const PromotedKeys& promoted, duckdb_type value,
                 duckdb_scalar_function_t call) {
  const DuckdbApi& api = database.api();
  duckdb_scalar_function function = api.create_scalar_function();
  api.scalar_function_set_name(function, name.c_str());
  NamedTypes columns = span_columns(api, promoted);
  size_t first = span_columns(api, {}).size() - 4;
  for (size_t i = first; i < columns.size(); ++i) api.scalar_function_add_parameter(function, columns[i].second.get());
  ColumnTypes result(api);
  result.add_map("result", value);
  NamedTypes types = result.take();
  api.scalar_function_set_return_type(function, types[0].second.get());
  api.scalar_function_set_special_handling(function);  // NULL columns are absent attributes
  api.scalar_function_set_extra_info(function, new Use(api, promoted),
                                     [](void* use) { delete static_cast<Use*>(use); });
  api.scalar_function_set_function(function, call);
  duckdb_state state = api.register_scalar_function(database.connection(), function);
  api.destroy_scalar_function(&function);
  if (state != DuckDBSuccess) return Error{Error::Kind::Unavailable, "DuckDB: a function could not be registered"};
  return {};
}

}  // namespace

Result<void> add_attribute_functions(Database& database, const std::string& number, const PromotedKeys& promoted) {
  TRY(add(database, "attributes_" + number, promoted, DUCKDB_TYPE_VARCHAR, text_map));
  return add(database, "numbers_" + number, promoted, DUCKDB_TYPE_DOUBLE, number_map);
}

}  // namespace culprit
