// Database: an empty in-memory DuckDB database with one connection. Results arrive chunk by chunk. For use on one
// thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "store/duckdb/api.h"

namespace culprit {

// A DuckDB type. The destructor frees it.
class LogicalType {
 public:
  LogicalType(const DuckdbApi& api, duckdb_logical_type type) : api_(&api), type_(type) {}
  LogicalType(LogicalType&& other) noexcept : api_(other.api_), type_(std::exchange(other.type_, nullptr)) {}
  LogicalType& operator=(LogicalType&& other) noexcept {
    return std::swap(api_, other.api_), std::swap(type_, other.type_), *this;
  }
  ~LogicalType() {
    if (type_ != nullptr) api_->destroy_logical_type(&type_);
  }
  duckdb_logical_type get() const { return type_; }

 private:
  const DuckdbApi* api_;
  duckdb_logical_type type_;
};

using NamedTypes = std::vector<std::pair<std::string, LogicalType>>;

// The vectors of a chunk, one for each column.
struct Chunk {
  size_t rows;
  std::vector<duckdb_vector> columns;
};

// A source of rows for a DuckDB table function, which scans it chunk by chunk.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  virtual NamedTypes columns() = 0;
  virtual size_t row_count() = 0;
  // Restarts at the first row.
  virtual void rewind() = 0;
  // Fills up to `capacity` rows and returns their number; 0 at the end.
  virtual size_t fill(const std::vector<duckdb_vector>& vectors, size_t capacity) = 0;
};

class Database {
 public:
  struct Options {
    int threads = 1;
    std::string memory_limit = "1GB";
    std::string temporary_directory;       // empty: DuckDB never writes temporary files
    uint64_t temporary_bytes = 0;          // limit of the temporary files; 0: no limit
    std::vector<std::string> directories;  // with `locked`: only files in these directories can be read
    bool locked = false;                   // access to other files, settings and extensions is refused
    const CancelToken* cancel = nullptr;   // ends each query with an Error of kind Cancelled; may be null
  };
  static Result<std::unique_ptr<Database>> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;

  const DuckdbApi& api() const { return api_; }
  duckdb_connection connection() const { return connection_; }
  Result<void> run(const std::string& sql);
  Result<void> query(const std::string& sql, const std::function<void(const Chunk&)>& visit);
  // Like query(), but the result must have exactly these types. A segment is a foreign file, and its vectors are read
  // without checks.
  Result<void> query(const std::string& sql, const NamedTypes& expected,
                     const std::function<void(const Chunk&)>& visit);
  // Returns the single number of a query's result.
  Result<int64_t> number(const std::string& sql);
  // Registers `source` as the table function `name`(). `source` must outlive all queries that use the function.
  Result<void> add_source(const std::string& name, ChunkSource& source);

 private:
  Database(const DuckdbApi& api, const CancelToken* cancel) : api_(api), cancel_(cancel) {}
  Result<void> execute(const std::string& sql, duckdb_result& result);
  Result<void> execute_in_pieces(const std::string& sql, duckdb_result& result);
  Result<void> query(const std::string& sql, const NamedTypes* expected,
                     const std::function<void(const Chunk&)>& visit);

  const DuckdbApi& api_;
  const CancelToken* cancel_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

// Return `text` in single quotes and `name` in double quotes, as SQL needs them.
std::string sql_text(const std::string& text);
std::string sql_name(const std::string& name);

}  // namespace culprit
