#include "store/duckdb/span_cells.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_set>

#include "base/check.h"

namespace culprit {

namespace {

// Column attribute_order has one character per attribute: a letter of this alphabet for an attribute with its own
// column …
constexpr std::string_view kColumnLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static_assert(kColumnLetters.size() == kMaxPromoted);
// … or a mark for the map that holds the attribute.
constexpr char kInTextMap = '.', kIntegerInNumberMap = '%', kRealInNumberMap = '#', kInRest = '!';

constexpr size_t kMaxPromotedKey = 128;
// Up to this many keys of a row, a linear search costs less than a set.
constexpr std::ptrdiff_t kFewKeys = 32;
constexpr int64_t kExactInDouble = int64_t{1} << 53;

char column_type(const Value& value) {
  static constexpr char kTypes[] = {0, 'b', 'i', 'd', 's', 0, 0};
  return kTypes[value.index()];
}

duckdb_type type_of_column(char type) {
  return type == 'b'   ? DUCKDB_TYPE_BOOLEAN
         : type == 'i' ? DUCKDB_TYPE_BIGINT
         : type == 'd' ? DUCKDB_TYPE_DOUBLE
                       : DUCKDB_TYPE_VARCHAR;
}

bool can_be_column(std::string_view key) {
  if (key.empty() || key.size() > kMaxPromotedKey) return false;
  return std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

std::set<std::string> fixed_names(const DuckdbApi& api) {
  std::set<std::string> names;
  for (auto& [name, type] : span_columns(api, {})) names.insert(name);
  return names;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

namespace {

constexpr std::string_view kColumnTypes = "bids";
// For each key, the number of its values of each column type, and last the number of its values of other types.
using TypeCounts = std::unordered_map<std::string_view, std::array<size_t, kColumnTypes.size() + 1>>;

TypeCounts count_types(const std::vector<StoredSpan>& spans) {
  TypeCounts counts;
  for (const StoredSpan& row : spans)
    for (const Attribute& attribute : row.span->attributes) {
      char type = column_type(attribute.value);
      ++counts[attribute.key][type == 0 ? kColumnTypes.size() : kColumnTypes.find(type)];
    }
  return counts;
}

struct Candidate {
  size_t count;
  std::string_view key;
  char type;
};

std::vector<Candidate> candidates_of(const TypeCounts& counts, size_t rows) {
  std::vector<Candidate> candidates;
  for (auto& [key, by_type] : counts)
    for (size_t type = 0; type < kColumnTypes.size(); ++type)
      if (by_type[type] > 0 && by_type[type] * 100 >= rows && can_be_column(key))
        candidates.push_back({by_type[type], key, kColumnTypes[type]});
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(b.count, a.key, a.type) < std::tie(a.count, b.key, b.type);
  });
  return candidates;
}

}  // namespace

Promotion choose_promoted(const std::vector<StoredSpan>& spans) {
  auto api = duckdb_api();
  CHECK(api.has_value(), "segments are written only with DuckDB loaded");
  TypeCounts counts = count_types(spans);
  std::set<std::string> taken = fixed_names(*api.value());
  Promotion promotion;
  std::map<std::string, std::pair<std::string_view, char>> chosen;  // keyed by the name in lower case
  for (const Candidate& candidate : candidates_of(counts, spans.size())) {
    if (promotion.columns.size() == kMaxPromoted || !taken.insert(lower(candidate.key)).second) continue;
    promotion.columns.emplace_back(candidate.key, candidate.type);
    chosen[lower(candidate.key)] = {candidate.key, candidate.type};
  }
  for (auto& [key, by_type] : counts) {
    auto column = chosen.find(lower(key));
    if (column == chosen.end()) continue;
    size_t others = 0;
    for (size_t type = 0; type < by_type.size(); ++type)
      if (key != column->second.first || type != kColumnTypes.find(column->second.second)) others += by_type[type];
    if (others > 0) promotion.also.emplace_back(key);
  }
  std::sort(promotion.also.begin(), promotion.also.end());
  return promotion;
}

NamedTypes span_columns(const DuckdbApi& api, const PromotedKeys& promoted) {
  ColumnTypes types(api);
  describe(types, Of<Span>());
  types.add_map("attributes", DUCKDB_TYPE_VARCHAR);
  types.add_map("attributes_number", DUCKDB_TYPE_DOUBLE);
  types.add_rest("attributes_rest");
  types.add("attribute_order", DUCKDB_TYPE_VARCHAR);
  for (auto& [key, type] : promoted) types.add(key, type_of_column(type));
  return types.take();
}

// The attributes of one chunk, arranged by column.
struct SpanCells::Chunk {
  size_t rows;
  std::vector<const Value*> columns;  // promoted columns × rows; a null pointer becomes NULL
  std::vector<duckdb_list_entry> texts, numbers, rests;
  std::vector<std::string_view> text_keys, text_values, number_keys;
  std::vector<double> number_values;
  std::vector<Rest> rest_values;
  std::vector<std::string> orders;
  // Keys of the row, filled if there are more than kFewKeys.
  std::unordered_set<std::string_view> text_keys_seen, number_keys_seen;
};

SpanCells::SpanCells(const DuckdbApi& api, const PromotedKeys& promoted) : api_(api), promoted_(promoted) {
  for (size_t i = 0; i < promoted.size(); ++i) index_.emplace(promoted[i].first, i);
}

void SpanCells::place(Chunk& chunk, size_t row, const Attribute& attribute, std::string& order) {
  auto found = index_.find(attribute.key);
  bool utf8 = is_utf8(attribute.key);
  auto* text = std::get_if<std::string>(&attribute.value);
  auto* integer = std::get_if<int64_t>(&attribute.value);
  auto* real = std::get_if<double>(&attribute.value);
  auto is_new = [&](const std::vector<std::string_view>& keys, const duckdb_list_entry& entry, auto& seen) {
    auto begin = keys.begin() + static_cast<ptrdiff_t>(entry.offset);
    if (keys.end() - begin <= kFewKeys) return std::find(begin, keys.end(), attribute.key) == keys.end();
    if (seen.empty()) seen.insert(begin, keys.end());
    return seen.insert(attribute.key).second;
  };
  bool text_fits = text == nullptr || is_utf8(*text);
  if (found != index_.end() && promoted_[found->second].second == column_type(attribute.value) && text_fits &&
      chunk.columns[found->second * chunk.rows + row] == nullptr) {
    chunk.columns[found->second * chunk.rows + row] = &attribute.value;
    order += kColumnLetters[found->second];
  } else if (text != nullptr && text_fits && utf8 && is_new(chunk.text_keys, chunk.texts[row], chunk.text_keys_seen)) {
    chunk.text_keys.push_back(attribute.key), chunk.text_values.push_back(*text);
    order += kInTextMap;
  } else if (integer != nullptr && utf8 && *integer >= -kExactInDouble && *integer <= kExactInDouble &&
             is_new(chunk.number_keys, chunk.numbers[row], chunk.number_keys_seen)) {
    chunk.number_keys.push_back(attribute.key), chunk.number_values.push_back(static_cast<double>(*integer));
    order += kIntegerInNumberMap;
  } else if (real != nullptr && utf8 && is_new(chunk.number_keys, chunk.numbers[row], chunk.number_keys_seen)) {
    chunk.number_keys.push_back(attribute.key), chunk.number_values.push_back(*real);
    order += kRealInNumberMap;
  } else {
    TypedText value = typed_text(attribute.value);
    std::string type(1, utf8 ? value.type : static_cast<char>(value.type - 'a' + 'A'));
    chunk.rest_values.push_back({utf8 ? attribute.key : hex_of(attribute.key), type, std::move(value.text)});
    order += kInRest;
  }
}

void SpanCells::fill(TextCounts& counts, const std::vector<duckdb_vector>& vectors,
                     const std::vector<StoredSpan*>& rows) {
  Chunk chunk{.rows = rows.size(),
              .columns = std::vector<const Value*>(promoted_.size() * rows.size()),
              .texts = {},
              .numbers = {},
              .rests = {},
              .text_keys = {},
              .text_values = {},
              .number_keys = {},
              .number_values = {},
              .rest_values = {},
              .orders = {},
              .text_keys_seen = {},
              .number_keys_seen = {}};
  for (size_t row = 0; row < rows.size(); ++row) {
    chunk.texts.push_back({chunk.text_keys.size(), 0});
    chunk.numbers.push_back({chunk.number_keys.size(), 0});
    chunk.rests.push_back({chunk.rest_values.size(), 0});
    chunk.text_keys_seen.clear();
    chunk.number_keys_seen.clear();
    std::string order;
    for (const Attribute& attribute : rows[row]->span->attributes) place(chunk, row, attribute, order);
    chunk.texts[row].length = chunk.text_keys.size() - chunk.texts[row].offset;
    chunk.numbers[row].length = chunk.number_keys.size() - chunk.numbers[row].offset;
    chunk.rests[row].length = chunk.rest_values.size() - chunk.rests[row].offset;
    chunk.orders.push_back(std::move(order));
  }
  write_columns(counts, vectors, chunk);
}

void SpanCells::write_columns(TextCounts& counts, const std::vector<duckdb_vector>& vectors, const Chunk& chunk) {
  auto begin_list = [&](duckdb_vector vector, const std::vector<duckdb_list_entry>& entries, size_t total,
                        size_t members) {
    std::memcpy(api_.vector_get_data(vector), entries.data(), entries.size() * sizeof(duckdb_list_entry));
    api_.list_vector_reserve(vector, total);
    api_.list_vector_set_size(vector, total);
    return struct_members(api_, api_.list_vector_get_child(vector), members);
  };
  auto texts = begin_list(vectors[0], chunk.texts, chunk.text_keys.size(), 2);
  for (size_t i = 0; i < chunk.text_keys.size(); ++i) {
    write_text(api_, counts, texts[0], i, chunk.text_keys[i]);
    write_text(api_, counts, texts[1], i, chunk.text_values[i]);
  }
  auto numbers = begin_list(vectors[1], chunk.numbers, chunk.number_keys.size(), 2);
  auto* number_data = static_cast<double*>(api_.vector_get_data(numbers[1]));
  for (size_t i = 0; i < chunk.number_keys.size(); ++i) {
    write_text(api_, counts, numbers[0], i, chunk.number_keys[i]);
    number_data[i] = chunk.number_values[i];
  }
  auto rests = begin_list(vectors[2], chunk.rests, chunk.rest_values.size(), 3);
  for (size_t i = 0; i < chunk.rest_values.size(); ++i) {
    write_text(api_, counts, rests[0], i, chunk.rest_values[i].key);
    write_text(api_, counts, rests[1], i, chunk.rest_values[i].type);
    write_text(api_, counts, rests[2], i, chunk.rest_values[i].value);
  }
  for (size_t row = 0; row < chunk.rows; ++row) write_text(api_, counts, vectors[3], row, chunk.orders[row]);

  for (size_t column = 0; column < promoted_.size(); ++column) {
    duckdb_vector vector = vectors[4 + column];
    void* data = api_.vector_get_data(vector);
    for (size_t row = 0; row < chunk.rows; ++row) {
      const Value* value = chunk.columns[column * chunk.rows + row];
      if (value == nullptr)
        set_null(api_, vector, row);
      else if (auto* truth = std::get_if<bool>(value))
        static_cast<bool*>(data)[row] = *truth;
      else if (auto* integer = std::get_if<int64_t>(value))
        static_cast<int64_t*>(data)[row] = *integer;
      else if (auto* real = std::get_if<double>(value))
        static_cast<double*>(data)[row] = *real;
      else
        write_text(api_, counts, vector, row, std::get<std::string>(*value));
    }
  }
}

namespace {

struct ListColumn {
  const duckdb_list_entry* entries;
  std::vector<duckdb_vector> members;
  uint64_t at = 0, end = 0;

  ListColumn(const DuckdbApi& api, duckdb_vector vector, size_t member_count)
      : entries(static_cast<const duckdb_list_entry*>(api.vector_get_data(vector))),
        members(struct_members(api, api.list_vector_get_child(vector), member_count)) {}
  void start(const DuckdbApi& api, duckdb_vector vector, size_t row) {
    at = entries[row].offset;
    end = is_null(api, vector, row) ? at : at + entries[row].length;
  }
  bool has_next() const { return at < end; }
};

Value column_value(const DuckdbApi& api, char type, duckdb_vector vector, size_t row) {
  const void* data = api.vector_get_data(vector);
  if (is_null(api, vector, row)) return {};
  if (type == 'b') return static_cast<const bool*>(data)[row];
  if (type == 'i') return static_cast<const int64_t*>(data)[row];
  if (type == 'd') return static_cast<const double*>(data)[row];
  return std::string(text_at(api, vector, row));
}

}  // namespace

std::vector<Attributes> SpanCells::read(const std::vector<duckdb_vector>& vectors, size_t rows) const {
  ListColumn texts(api_, vectors[0], 2), numbers(api_, vectors[1], 2), rests(api_, vectors[2], 3);
  auto read_one = [&](char place, size_t row) -> std::optional<Attribute> {
    if (place == kInTextMap && texts.has_next()) {
      uint64_t at = texts.at++;
      return Attribute{std::string(text_at(api_, texts.members[0], at)),
                       std::string(text_at(api_, texts.members[1], at))};
    }
    if ((place == kIntegerInNumberMap || place == kRealInNumberMap) && numbers.has_next()) {
      uint64_t at = numbers.at++;
      double number = static_cast<const double*>(api_.vector_get_data(numbers.members[1]))[at];
      std::string key(text_at(api_, numbers.members[0], at));
      // A number in a foreign file may be out of range.
      bool whole = place == kIntegerInNumberMap && number >= -static_cast<double>(kExactInDouble) &&
                   number <= static_cast<double>(kExactInDouble);
      return Attribute{key, whole ? Value(static_cast<int64_t>(number)) : Value(number)};
    }
    if (place == kInRest && rests.has_next()) {
      uint64_t at = rests.at++;
      std::string_view type = text_at(api_, rests.members[1], at);
      char letter = type.empty() ? 's' : type[0];
      bool hex_key = letter >= 'A' && letter <= 'Z';
      std::string_view key = text_at(api_, rests.members[0], at);
      return Attribute{
          hex_key ? bytes_of_hex(key) : std::string(key),
          value_of(hex_key ? static_cast<char>(letter - 'A' + 'a') : letter, text_at(api_, rests.members[2], at))};
    }
    size_t column = kColumnLetters.find(place);
    if (column >= promoted_.size() || vectors.size() <= 4 + column) return std::nullopt;
    return Attribute{promoted_[column].first, column_value(api_, promoted_[column].second, vectors[4 + column], row)};
  };
  std::vector<Attributes> all(rows);
  for (size_t row = 0; row < rows; ++row) {
    texts.start(api_, vectors[0], row);
    numbers.start(api_, vectors[1], row);
    rests.start(api_, vectors[2], row);
    std::string_view order = text_at(api_, vectors[3], row);
    all[row].reserve(order.size());
    for (char place : order)
      if (auto attribute = read_one(place, row)) all[row].push_back(std::move(*attribute));
  }
  return all;
}

void SpanCells::read(const std::vector<duckdb_vector>& vectors, const std::vector<StoredSpan*>& rows) const {
  std::vector<Attributes> all = read(vectors, rows.size());
  for (size_t row = 0; row < rows.size(); ++row) rows[row]->span->attributes = std::move(all[row]);
}

}  // namespace culprit
