#include "store/duckdb/segment_info.h"

#include <fcntl.h>

#include <algorithm>
#include <limits>
#include <set>

#include "store/duckdb/segment_writer.h"
#include "store/duckdb/span_cells.h"
#include "store/duckdb/texts.h"
#include "store/files/file.h"

namespace culprit {

namespace {

using Columns = std::vector<std::pair<std::string, std::string>>;  // name, type as SQL writes it

bool has(const Columns& columns, std::string_view name) {
  return std::any_of(columns.begin(), columns.end(), [&](const auto& column) { return column.first == name; });
}

Result<std::vector<std::string>> texts(Database& database, const std::string& sql) {
  std::vector<std::string> all;
  TRY(database.query(sql, [&](const Chunk& chunk) {
    for (size_t i = 0; i < chunk.rows; ++i) all.emplace_back(text_at(database.api(), chunk.columns[0], i));
  }));
  return all;
}

Result<Columns> columns_in(Database& database, const std::string& file) {
  Columns columns;
  TRY(database.query("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM " + file + ")",
                     [&](const Chunk& chunk) {
                       for (size_t i = 0; i < chunk.rows; ++i)
                         columns.emplace_back(text_at(database.api(), chunk.columns[0], i),
                                              text_at(database.api(), chunk.columns[1], i));
                     }));
  return columns;
}

// HUGEINT, for a hostile start and duration overflow BIGINT.
Result<void> read_times(Database& database, const std::string& file, const Columns& columns, SegmentInfo& info) {
  info.min_ns = std::numeric_limits<int64_t>::max();
  info.max_ns = std::numeric_limits<int64_t>::min();
  bool lasting = has(columns, "start_ns") && has(columns, "duration_ns");
  if (!lasting && (!has(columns, "time_ns") || info.table == "ledger")) return {};
  const std::string begin = lasting ? "start_ns::HUGEINT" : "time_ns::HUGEINT", end = lasting ? " + duration_ns" : "";
  auto held = [](const std::string& value) {
    return "greatest(-9223372036854775808, least(9223372036854775807, " + value + "))::BIGINT";
  };
  info.min_ns =
      TRY(database.number("SELECT " + held("min(least(" + begin + ", " + begin + end + "))") + " FROM " + file));
  info.max_ns =
      TRY(database.number("SELECT " + held("max(greatest(" + begin + ", " + begin + end + "))") + " FROM " + file));
  return {};
}

Result<void> read_promoted(Database& database, const std::string& file, const Columns& columns, SegmentInfo& info) {
  std::set<std::string> fixed;
  for (auto& [name, type] : span_columns(database.api(), {})) fixed.insert(name);
  std::set<std::string> names;
  for (auto& [name, type] : columns) {
    if (fixed.contains(name)) continue;
    static constexpr std::pair<std::string_view, char> kTypes[] = {
        {"BOOLEAN", 'b'}, {"BIGINT", 'i'}, {"DOUBLE", 'd'}, {"VARCHAR", 's'}};
    auto known = std::find_if(std::begin(kTypes), std::end(kTypes), [&](auto& entry) { return entry.first == type; });
    if (known == std::end(kTypes)) return Error{Error::Kind::Corrupt, "column " + name + " is of a foreign type"};
    info.promoted.emplace_back(name, known->second);
    names.insert(lower(name));
  }
  std::vector<std::string> elsewhere =
      TRY(texts(database, "SELECT DISTINCT key FROM (SELECT unnest(map_keys(attributes)) AS key FROM " + file +
                              " UNION ALL SELECT unnest(map_keys(attributes_number)) FROM " + file +
                              " UNION ALL SELECT unnest(attributes_rest).key FROM " + file + ") ORDER BY key"));
  for (std::string& key : elsewhere)
    if (names.contains(lower(key))) info.also.push_back(std::move(key));
  return {};
}

}  // namespace

Result<SegmentInfo> read_segment_info(Database& database, const std::string& path, const std::string& name) {
  SegmentInfo info;
  info.file = name;
  info.table = name.substr(0, name.find('-'));
  const std::string file = "read_parquet(" + sql_text(path) + ")";
  Columns columns = TRY(columns_in(database, file));
  info.rows = static_cast<uint64_t>(TRY(database.number("SELECT count(*) FROM " + file)));
  info.size_bytes = TRY(TRY(File::open(path, O_RDONLY)).size());
  info.block_checksums = TRY(block_checksums(path, nullptr));
  TRY(read_times(database, file, columns, info));
  if (info.table == "ledger") info.derived = TRY(is_derived(database, path));
  if (info.table != "span") return info;
  if (!has(columns, "trace_id")) return Error{Error::Kind::Corrupt, "not a segment of spans"};
  const std::string numbered = "read_parquet(" + sql_text(path) + ", file_row_number = true)";
  info.fences = TRY(
      texts(database, "SELECT trace_id FROM " + numbered + " WHERE file_row_number % " + std::to_string(kFenceRows) +
                          " = 0 OR file_row_number = " + std::to_string(info.rows - 1) + " ORDER BY file_row_number"));
  // The last row is a fence of its own, also where it is the first of its rows.
  if (!info.fences.empty() && (info.rows - 1) % kFenceRows == 0) info.fences.push_back(info.fences.back());
  TRY(read_promoted(database, file, columns, info));
  return info;
}

Result<bool> is_derived(Database& database, const std::string& path) {
  // What make_trace() tells.
  static constexpr const char* kKinds =
      "'negative_duration', 'zero_duration', 'child_outside', 'self_parent', 'orphan_local', 'orphan_remote', "
      "'id_collision', 'cycle', 'rootless', 'multi_root'";
  int64_t others = TRY(database.number("SELECT count(*) FROM read_parquet(" + sql_text(path) +
                                       ") WHERE stage <> 'store' OR kind NOT IN (" + kKinds + ")"));
  return others == 0;
}

}  // namespace culprit
