#include "store/duckdb/database.h"

#include <unistd.h>

#include <utility>

namespace culprit {

namespace {

Error refused(const char* message) {
  return {Error::Kind::Unavailable, std::string("DuckDB: ") + (message != nullptr ? message : "no reason given")};
}

// Types of culprit's own tables have at most three levels.
constexpr int kMaxTypeDepth = 8;

bool same_type(const DuckdbApi& api, duckdb_logical_type a, duckdb_logical_type b, int depth = 0) {
  duckdb_type id = api.get_type_id(a);
  if (id != api.get_type_id(b) || depth > kMaxTypeDepth) return false;
  auto same = [&](auto child) {
    LogicalType x(api, child(a)), y(api, child(b));
    return same_type(api, x.get(), y.get(), depth + 1);
  };
  if (id == DUCKDB_TYPE_LIST) return same(api.list_type_child_type);
  if (id == DUCKDB_TYPE_MAP) return same(api.map_type_key_type) && same(api.map_type_value_type);
  if (id != DUCKDB_TYPE_STRUCT) return true;
  idx_t count = api.struct_type_child_count(a);
  bool equal = count == api.struct_type_child_count(b);
  for (idx_t i = 0; equal && i < count; ++i)
    equal = same([&](duckdb_logical_type type) { return api.struct_type_child_type(type, i); });
  return equal;
}

bool has_types(const DuckdbApi& api, duckdb_result& result, const NamedTypes& expected) {
  if (api.column_count(&result) != expected.size()) return false;
  for (idx_t i = 0; i < expected.size(); ++i) {
    LogicalType type(api, api.column_logical_type(&result, i));
    if (!same_type(api, type.get(), expected[i].second.get())) return false;
  }
  return true;
}

struct SourceUse {
  const DuckdbApi& api;
  ChunkSource& source;
};

void bind_source(duckdb_bind_info info) {
  // The API is needed to read the extra info, so it cannot be stored there. It comes from the process-wide library.
  const DuckdbApi& api = *duckdb_api().value();
  auto* use = static_cast<SourceUse*>(api.bind_get_extra_info(info));
  for (auto& [name, type] : use->source.columns()) api.bind_add_result_column(info, name.c_str(), type.get());
  api.bind_set_cardinality(info, use->source.row_count(), true);
}

void init_source(duckdb_init_info) {}

void fill_source(duckdb_function_info info, duckdb_data_chunk output) {
  const DuckdbApi& api = *duckdb_api().value();
  auto* use = static_cast<SourceUse*>(api.function_get_extra_info(info));
  std::vector<duckdb_vector> vectors;
  idx_t columns = api.data_chunk_get_column_count(output);
  for (idx_t i = 0; i < columns; ++i) vectors.push_back(api.data_chunk_get_vector(output, i));
  api.data_chunk_set_size(output, use->source.fill(vectors, 2048));  // 2048: DuckDB's vector size
}

}  // namespace

std::string sql_text(const std::string& text) {
  std::string quoted = "'";
  for (char c : text) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return quoted + "'";
}

std::string sql_name(const std::string& name) {
  std::string quoted = "\"";
  for (char c : name) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

Result<std::unique_ptr<Database>> Database::open(const Options& options) {
  const DuckdbApi& api = *TRY(duckdb_api());
  std::unique_ptr<Database> database(new Database(api, options.cancel));
  duckdb_config config;
  if (api.create_config(&config) != DuckDBSuccess) return refused("no configuration");
  api.set_config(config, "threads", std::to_string(options.threads).c_str());
  api.set_config(config, "memory_limit", options.memory_limit.c_str());
  api.set_config(config, "temp_directory", options.temporary_directory.c_str());
  if (options.temporary_bytes > 0)
    api.set_config(config, "max_temp_directory_size", (std::to_string(options.temporary_bytes) + "B").c_str());
  api.set_config(config, "autoinstall_known_extensions", "false");
  api.set_config(config, "autoload_known_extensions", "false");
  api.set_config(config, "allow_community_extensions", "false");
  char* message = nullptr;
  duckdb_state opened = api.open_ext(nullptr, &database->database_, config, &message);
  api.destroy_config(&config);
  if (opened != DuckDBSuccess) {
    Error error = refused(message);
    api.free(message);
    return error;
  }
  if (api.connect(database->database_, &database->connection_) != DuckDBSuccess) return refused("no connection");
  if (!options.locked) return database;
  std::string list;
  for (const std::string& directory : options.directories)
    list += (list.empty() ? "" : ", ") + sql_text(directory + "/");
  TRY(database->run("SET allowed_directories = [" + list + "]"));
  TRY(database->run("SET enable_external_access = false"));
  TRY(database->run("SET lock_configuration = true"));
  return database;
}

Database::~Database() {
  if (connection_ != nullptr) api_.disconnect(&connection_);
  if (database_ != nullptr) api_.close(&database_);
}

Result<void> Database::run(const std::string& sql) {
  return query(sql, [](const Chunk&) {});
}

Result<void> Database::query(const std::string& sql, const std::function<void(const Chunk&)>& visit) {
  return query(sql, nullptr, visit);
}

Result<void> Database::query(const std::string& sql, const NamedTypes& expected,
                             const std::function<void(const Chunk&)>& visit) {
  return query(sql, &expected, visit);
}

Result<void> Database::execute(const std::string& sql, duckdb_result& result) {
  if (cancel_ != nullptr) return execute_in_pieces(sql, result);
  if (api_.query(connection_, sql.c_str(), &result) == DuckDBSuccess) return {};
  Error error = refused(api_.result_error(&result));
  api_.destroy_result(&result);
  return error;
}

// Executes the query in tasks of some 100,000 rows of an operator, and checks the token between them.
Result<void> Database::execute_in_pieces(const std::string& sql, duckdb_result& result) {
  TRY(check_cancelled(cancel_));
  duckdb_extracted_statements statements = nullptr;
  duckdb_prepared_statement prepared = nullptr;
  duckdb_pending_result pending = nullptr;
  auto give_back = [&](Result<void> outcome) {
    api_.destroy_pending(&pending);
    api_.destroy_prepare(&prepared);
    api_.destroy_extracted(&statements);
    return outcome;
  };
  if (api_.extract_statements(connection_, sql.c_str(), &statements) != 1)
    return give_back(refused(api_.extract_statements_error(statements)));
  if (api_.prepare_extracted_statement(connection_, statements, 0, &prepared) != DuckDBSuccess)
    return give_back(refused(api_.prepare_error(prepared)));
  if (api_.pending_prepared(prepared, &pending) != DuckDBSuccess)
    return give_back(refused(api_.pending_error(pending)));
  for (;;) {
    if (cancel_->requested()) return give_back(check_cancelled(cancel_));
    duckdb_pending_state state = api_.pending_execute_task(pending);
    if (state == DUCKDB_PENDING_RESULT_READY) break;
    if (state == DUCKDB_PENDING_ERROR) return give_back(refused(api_.pending_error(pending)));
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) usleep(1000);
  }
  if (api_.execute_pending(pending, &result) == DuckDBSuccess) return give_back({});
  Error error = refused(api_.result_error(&result));
  api_.destroy_result(&result);
  return give_back(error);
}

Result<void> Database::query(const std::string& sql, const NamedTypes* expected,
                             const std::function<void(const Chunk&)>& visit) {
  duckdb_result result;
  TRY(execute(sql, result));
  if (expected != nullptr && !has_types(api_, result, *expected)) {
    api_.destroy_result(&result);
    return Error{Error::Kind::Corrupt, "a segment's columns have other types than they should"};
  }
  while (cancel_ == nullptr || !cancel_->requested()) {
    duckdb_data_chunk chunk = api_.fetch_chunk(result);
    if (chunk == nullptr) break;
    Chunk view{api_.data_chunk_get_size(chunk), {}};
    idx_t columns = api_.data_chunk_get_column_count(chunk);
    for (idx_t i = 0; i < columns; ++i) view.columns.push_back(api_.data_chunk_get_vector(chunk, i));
    if (view.rows > 0) visit(view);
    api_.destroy_data_chunk(&chunk);
  }
  api_.destroy_result(&result);
  return check_cancelled(cancel_);
}

Result<int64_t> Database::number(const std::string& sql) {
  int64_t answer = 0;
  TRY(query("SELECT CAST((" + sql + ") AS BIGINT)",
            [&](const Chunk& chunk) { answer = *static_cast<int64_t*>(api_.vector_get_data(chunk.columns[0])); }));
  return answer;
}

Result<void> Database::add_source(const std::string& name, ChunkSource& source) {
  duckdb_table_function function = api_.create_table_function();
  api_.table_function_set_name(function, name.c_str());
  api_.table_function_set_extra_info(function, new SourceUse{api_, source},
                                     [](void* use) { delete static_cast<SourceUse*>(use); });
  api_.table_function_set_bind(function, bind_source);
  api_.table_function_set_init(function, init_source);
  api_.table_function_set_function(function, fill_source);
  duckdb_state state = api_.register_table_function(connection_, function);
  api_.destroy_table_function(&function);
  if (state != DuckDBSuccess) return refused("a table function could not be registered");
  return {};
}

}  // namespace culprit
