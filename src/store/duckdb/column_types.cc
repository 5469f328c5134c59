#include "store/duckdb/column_types.h"

namespace culprit {

LogicalType ColumnTypes::struct_of(NamedTypes& members) {
  std::vector<duckdb_logical_type> types;
  std::vector<const char*> names;
  for (auto& [name, type] : members) types.push_back(type.get()), names.push_back(name.c_str());
  return LogicalType(api_, api_.create_struct_type(types.data(), names.data(), types.size()));
}

void ColumnTypes::add_rest(const std::string& name) {
  ColumnTypes members(api_);
  for (const char* member : {"key", "type", "value"}) members.add(member, DUCKDB_TYPE_VARCHAR);
  LogicalType structure = struct_of(members.types_);
  types_.emplace_back(name, LogicalType(api_, api_.create_list_type(structure.get())));
}

}  // namespace culprit
