// Database: an empty DuckDB in memory with one connection, and the answers of its queries chunk by chunk. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/duckdb/api.h"

namespace culprit {

// A DuckDB type that frees itself.
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

// The vectors of a chunk, one a column.
struct Chunk {
  size_t rows;
  std::vector<duckdb_vector> columns;
};

// Rows that DuckDB reads from us, chunk by chunk: what a table function scans.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  virtual NamedTypes columns() = 0;
  virtual size_t row_count() = 0;
  // Begins with the first row again.
  virtual void rewind() = 0;
  // Fills up to `capacity` rows and says how many; 0 at the end.
  virtual size_t fill(const std::vector<duckdb_vector>& vectors, size_t capacity) = 0;
};

class Database {
 public:
  struct Options {
    int threads = 1;
    std::string memory_limit = "1GB";
    std::string temporary_directory;       // empty: never spills
    uint64_t temporary_bytes = 0;          // at most so much there; 0: no limit of its own
    std::vector<std::string> directories;  // with `locked`: the only ones whose files may be read
    bool locked = false;                   // no other files, no settings, no extensions
  };
  static Result<std::unique_ptr<Database>> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;

  const DuckdbApi& api() const { return api_; }
  duckdb_connection connection() const { return connection_; }
  Result<void> run(const std::string& sql);
  Result<void> query(const std::string& sql, const std::function<void(const Chunk&)>& visit);
  // The same where the answer must have just these types: a segment is a foreign file, and vectors are read unchecked.
  Result<void> query(const std::string& sql, const NamedTypes& expected,
                     const std::function<void(const Chunk&)>& visit);
  // The single number that `sql` answers.
  Result<int64_t> number(const std::string& sql);
  // `source` as the table function `name`(); it must live until the queries on it have ended.
  Result<void> add_source(const std::string& name, ChunkSource& source);

 private:
  explicit Database(const DuckdbApi& api) : api_(api) {}
  Result<void> query(const std::string& sql, const NamedTypes* expected,
                     const std::function<void(const Chunk&)>& visit);

  const DuckdbApi& api_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

// `text` in SQL's single quotes; `name` in double quotes.
std::string sql_text(const std::string& text);
std::string sql_name(const std::string& name);

}  // namespace culprit
