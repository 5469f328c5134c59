#include "store/duckdb/span_view.h"

#include <algorithm>
#include <map>

#include "store/duckdb/attribute_functions.h"
#include "store/duckdb/database.h"
#include "store/duckdb/span_cells.h"

namespace culprit {

namespace {

// Segments with the same columns.
struct Group {
  PromotedKeys promoted;
  std::vector<std::string> also;
  std::string files;
  uint64_t rows = 0;
  std::string number;  // the number in the names of the group's SQL functions
};

std::vector<Group> groups_of(const std::vector<SegmentFile>& segments) {
  std::vector<Group> groups;
  for (const SegmentFile& segment : segments) {
    auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return group.promoted == segment.info.promoted && group.also == segment.info.also;
    });
    if (same == groups.end()) {
      groups.push_back({segment.info.promoted, segment.info.also, {}, 0, std::to_string(groups.size() + 1)});
      same = groups.end() - 1;
    }
    same->files += (same->files.empty() ? "" : ", ") + sql_text(segment.path);
    same->rows += segment.info.rows;
  }
  return groups;
}

// A column of the view: a key that has its own column in at least one segment, whatever the key's case.
struct KeyColumn {
  // for each spelling, the number of rows of the segments in which it is a column
  std::map<std::string, uint64_t> spellings;
  char type = 0;  // s if the types differ between segments

  // Returns the spelling with the most rows.
  std::string name() const {
    auto most = std::max_element(spellings.begin(), spellings.end(),
                                 [](const auto& a, const auto& b) { return a.second < b.second; });
    return most->first;
  }
};

struct KeyColumns {
  std::vector<std::string> order;  // names in the order of their first occurrence
  std::map<std::string, KeyColumn> by_name;
};

KeyColumns key_columns(const std::vector<Group>& groups) {
  KeyColumns columns;
  for (const Group& group : groups)
    for (auto& [key, type] : group.promoted) {
      auto [at, fresh] = columns.by_name.try_emplace(lower(key));
      if (fresh) columns.order.push_back(lower(key));
      at->second.spellings[key] += group.rows;
      at->second.type = fresh || at->second.type == type ? type : 's';
    }
  for (const Group& group : groups)
    for (const std::string& key : group.also) {
      auto at = columns.by_name.find(lower(key));
      if (at == columns.by_name.end()) continue;
      at->second.spellings.try_emplace(key, 0);
      at->second.type = 's';
    }
  return columns;
}

// Returns the call of a group's SQL function.
std::string call(const char* function, const std::string& number, const PromotedKeys& promoted) {
  std::string arguments = "attributes, attributes_number, attributes_rest, attribute_order";
  for (auto& [key, type] : promoted) arguments += ", " + sql_name(key);
  return std::string(function) + "_" + number + "(" + arguments + ")";
}

// Returns the SQL that converts a value's text to `type`; NULL if the text has another type.
std::string typed(const std::string& text, char type) {
  if (type == 'i')
    return "CASE WHEN regexp_full_match(" + text + ", '-?[0-9]{1,19}') THEN TRY_CAST(" + text + " AS BIGINT) END";
  if (type == 'd') return "TRY_CAST(" + text + " AS DOUBLE)";
  if (type == 'b') return "CASE " + text + " WHEN 'true' THEN true WHEN 'false' THEN false END";
  return text;
}

// Returns the SQL for the value of `column` in the rows of `group`.
std::string value_of(const Group& group, const std::string& folded, const KeyColumn& column) {
  const std::pair<std::string, char>* own = nullptr;
  for (const auto& promoted : group.promoted)
    if (lower(promoted.first) == folded) own = &promoted;
  bool complete =
      std::none_of(group.also.begin(), group.also.end(), [&](const std::string& key) { return lower(key) == folded; });
  if (own != nullptr && complete && own->second == column.type) return sql_name(own->first);
  // In a segment without this column, the function without promoted columns is enough.
  std::string map = own == nullptr ? call("attributes", "0", {}) : call("attributes", group.number, group.promoted);
  std::vector<std::string> spellings = {column.name()};
  for (auto& [spelling, rows] : column.spellings)
    if (spelling != spellings[0]) spellings.push_back(spelling);
  std::string values;
  for (const std::string& spelling : spellings)
    values += (values.empty() ? "" : ", ") + typed(map + "[" + sql_text(spelling) + "]", column.type);
  return "coalesce(" + values + ")";
}

}  // namespace

Result<std::string> span_view(Database& database, const std::vector<SegmentFile>& segments) {
  std::vector<Group> groups = groups_of(segments);
  KeyColumns keys = key_columns(groups);
  TRY(add_attribute_functions(database, "0", {}));
  std::string view;
  for (const Group& group : groups) {
    TRY(add_attribute_functions(database, group.number, group.promoted));
    std::string columns;
    for (auto& [name, type] : span_columns(database.api(), {})) {
      columns += columns.empty() ? "" : ", ";
      if (name == "attributes")
        columns += call("attributes", group.number, group.promoted) + " AS ";
      else if (name == "attributes_number")
        columns += call("numbers", group.number, group.promoted) + " AS ";
      columns += sql_name(name);
    }
    for (const std::string& folded : keys.order) {
      const KeyColumn& column = keys.by_name.at(folded);
      columns += ", " + value_of(group, folded, column) + " AS " + sql_name(column.name());
    }
    view += (view.empty() ? "SELECT " : " UNION ALL SELECT ") + columns + " FROM read_parquet([" + group.files + "])";
  }
  return view;
}

}  // namespace culprit
