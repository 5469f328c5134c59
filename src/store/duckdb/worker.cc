#include "store/duckdb/worker.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "base/packed.h"
#include "base/text.h"
#include "base/tree.h"
#include "store/duckdb/json_cells.h"
#include "store/duckdb/sandbox.h"
#include "store/duckdb/sql_errors.h"
#include "store/duckdb/views.h"

namespace culprit {

namespace {

// A larger result is cut, like a result with too many rows.
constexpr size_t kMaxAnswer = 256u << 20;

enum Tag : uint8_t { kErrorAnswer = 1, kTableAnswer = 2 };

Error usage(const std::string& message, const std::string& fix = {}) { return {Error::Kind::Usage, message, fix}; }

// ---- in the worker process ----

// Returns the first word of `sql` in lower case, without comments. "(" counts as a word.
std::string first_word(std::string_view sql) {
  while (!sql.empty()) {
    if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
    } else if (sql.starts_with("/*")) {
      size_t end = sql.find("*/");
      sql.remove_prefix(end == std::string_view::npos ? sql.size() : end + 2);
    } else if (std::strchr(" \t\r\n\f\v", sql.front()) != nullptr) {
      sql.remove_prefix(1);
    } else {
      break;
    }
  }
  if (sql.starts_with('(')) return "(";
  std::string word;
  for (char c : sql) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) break;
    word += static_cast<char>(c | 0x20);
  }
  return word;
}

// A prepared SELECT. The destructor frees it.
class Prepared {
 public:
  static Result<Prepared> of(Database& database, const std::string& sql) {
    const DuckdbApi& api = database.api();
    duckdb_extracted_statements statements = nullptr;
    idx_t count = api.extract_statements(database.connection(), sql.c_str(), &statements);
    Prepared prepared(api);
    Result<void> outcome = prepare(database, statements, count, prepared);
    api.destroy_extracted(&statements);
    if (!outcome.has_value()) return std::move(outcome).error();
    return prepared;
  }
  Prepared(Prepared&& other) noexcept : api_(other.api_), statement_(std::exchange(other.statement_, nullptr)) {}
  ~Prepared() {
    if (statement_ != nullptr) api_.destroy_prepare(&statement_);
  }
  duckdb_prepared_statement get() const { return statement_; }

 private:
  explicit Prepared(const DuckdbApi& api) : api_(api) {}

  static Result<void> prepare(Database& database, duckdb_extracted_statements statements, idx_t count,
                              Prepared& prepared) {
    const DuckdbApi& api = database.api();
    if (count == 0) {
      const char* message = api.extract_statements_error(statements);
      return usage(message != nullptr && *message != '\0' ? message : "there is no statement");
    }
    if (count > 1) return usage("one SELECT at a time: these are " + std::to_string(count) + " statements");
    duckdb_state state = api.prepare_extracted_statement(database.connection(), statements, 0, &prepared.statement_);
    if (state != DuckDBSuccess) {
      const char* message = api.prepare_error(prepared.statement_);
      return usage(message != nullptr ? message : "the statement could not be prepared");
    }
    if (api.prepared_statement_type(prepared.statement_) != DUCKDB_STATEMENT_TYPE_SELECT)
      return usage("only SELECT is answered here", "for example SELECT service, count(*) FROM span GROUP BY ALL");
    return {};
  }

  const DuckdbApi& api_;
  duckdb_prepared_statement statement_ = nullptr;
};

std::string without_end(std::string sql) {
  while (!sql.empty() && std::strchr(" \t\r\n;", sql.back()) != nullptr) sql.pop_back();
  return sql;
}

// Returns the rows, and one row more than the limit if the result is longer.
Result<SqlTable> execute(Database& database, const Prepared& prepared, SqlLimits limits) {
  const DuckdbApi& api = database.api();
  duckdb_result result;
  if (api.execute_prepared(prepared.get(), &result) != DuckDBSuccess) {
    const char* message = api.result_error(&result);
    Error error = usage(message != nullptr ? message : "the query failed");
    api.destroy_result(&result);
    return error;
  }
  SqlTable table;
  std::vector<LogicalType> types;
  for (idx_t i = 0; i < api.column_count(&result); ++i) {
    types.emplace_back(api, api.column_logical_type(&result, i));
    table.columns.push_back({api.column_name(&result, i), type_name(api, types.back().get())});
  }
  size_t size = 0;
  while (duckdb_data_chunk chunk = api.fetch_chunk(result)) {
    idx_t rows = api.data_chunk_get_size(chunk);
    for (idx_t row = 0; row < rows && !table.capped; ++row) {
      table.capped = static_cast<int64_t>(table.rows.size()) >= limits.max_rows || size > kMaxAnswer;
      if (table.capped) break;
      std::vector<std::string> cells;
      for (size_t i = 0; i < types.size(); ++i) {
        cells.push_back(json_cell(api, api.data_chunk_get_vector(chunk, i), types[i].get(), row));
        size += cells.back().size();
      }
      table.rows.push_back(std::move(cells));
    }
    api.destroy_data_chunk(&chunk);
  }
  api.destroy_result(&result);
  return table;
}

Result<SqlTable> answer(const std::vector<SegmentFile>& segments, const std::string& select, SqlLimits limits,
                        const std::string& spill) {
  std::vector<std::string> directories;
  for (const SegmentFile& segment : segments) directories.push_back(segment.path.substr(0, segment.path.rfind('/')));
  std::sort(directories.begin(), directories.end());
  directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
  bool spills = !spill.empty() && write_only_below(spill);
  if (!spills) limits.spill_bytes = 0;
  set_process_limits(limits);
  auto database = TRY(Database::open({.threads = 2,
                                      .memory_limit = std::to_string(limits.memory_bytes) + "B",
                                      .temporary_directory = spills ? spill : "",
                                      .temporary_bytes = limits.spill_bytes,
                                      .directories = directories,
                                      .locked = true}));
  TRY(add_table_views(*database, segments));
  if (!allow_only_queries(spills ? Writes::BelowDirectory : Writes::None))
    return Error{Error::Kind::Unavailable, "the kernel does not let a query be sandboxed (seccomp)"};

  std::string word = first_word(select);
  static constexpr std::string_view kFirst[] = {"select", "with", "from", "values", "("};
  if (std::find(std::begin(kFirst), std::end(kFirst), word) == std::end(kFirst))
    return usage("only SELECT is answered here", "for example SELECT service, count(*) FROM span GROUP BY ALL");
  Prepared plain = TRY(Prepared::of(*database, select));
  // With a LIMIT, DuckDB does not compute rows that would be cut. A statement that cannot be wrapped runs unchanged.
  auto limited = Prepared::of(
      *database, "SELECT * FROM (\n" + without_end(select) + "\n) LIMIT " + std::to_string(limits.max_rows + 1));
  if (!limited.has_value()) return execute(*database, plain, limits);
  SqlTable table = TRY(execute(*database, limited.value(), limits));
  return table;
}

std::string encode(const Result<SqlTable>& answered) {
  PackedWriter out;
  if (!answered.has_value()) {
    out.u8(kErrorAnswer);
    out.u8(static_cast<uint8_t>(answered.error().kind));
    out.text(answered.error().message), out.text(answered.error().fix);
    return out.take();
  }
  const SqlTable& table = answered.value();
  out.u8(kTableAnswer), out.u8(table.capped);
  out.varint(table.columns.size());
  for (const SqlTable::Column& column : table.columns) out.text(column.name), out.text(column.type);
  out.varint(table.rows.size());
  for (const auto& row : table.rows)
    for (const std::string& cell : row) out.text(cell);
  return out.take();
}

[[noreturn]] void work(int out, const std::vector<SegmentFile>& segments, const std::string& select, SqlLimits limits,
                       const std::string& spill) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_DUMPABLE, 0);
  signal(SIGPIPE, SIG_DFL);
  std::string bytes = encode(in_our_words(answer(segments, select, limits, spill), limits));
  for (std::string_view rest = bytes; !rest.empty();) {
    ssize_t n = write(out, rest.data(), rest.size());
    if (n <= 0) _exit(1);
    rest.remove_prefix(static_cast<size_t>(n));
  }
  _exit(0);
}

// ---- in the calling process ----

int64_t now_ms() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// Returns everything that the worker writes until it closes the pipe, or an error when the time is over.
Result<std::string> receive(int in, int64_t timeout_ms, const CancelToken* cancel) {
  constexpr int64_t kLookMs = 200;  // how often the cancel token is checked
  std::string bytes;
  int64_t end_ms = now_ms() + timeout_ms;
  std::vector<char> buffer(1 << 16);
  while (true) {
    int64_t left_ms = end_ms - now_ms();
    pollfd ready{in, POLLIN, 0};
    TRY(check_cancelled(cancel));
    int n = left_ms <= 0 ? 0 : poll(&ready, 1, static_cast<int>(std::min(left_ms, kLookMs)));
    if (n == 0 && left_ms > 0) continue;
    if (n == 0)
      return Error{Error::Kind::Unavailable, "the query was stopped after " + format_duration(timeout_ms * 1'000'000),
                   "ask for less, or raise the time limit"};
    if (n < 0 && errno == EINTR) continue;
    ssize_t got = read(in, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bytes;
    bytes.append(buffer.data(), static_cast<size_t>(got));
    if (bytes.size() > 2 * kMaxAnswer) return Error{Error::Kind::Full, "the answer is too large", "ask for fewer rows"};
  }
}

Result<SqlTable> decode(std::string_view bytes) {
  PackedReader in(bytes);
  uint8_t tag = in.u8();
  if (tag == kErrorAnswer) {
    Error error{static_cast<Error::Kind>(in.u8() % 6), std::string(in.text())};
    error.fix = in.text();
    return error;
  }
  SqlTable table;
  table.capped = in.u8() != 0;
  uint64_t columns = in.varint();
  for (uint64_t i = 0; i < columns && !in.failed(); ++i) {
    SqlTable::Column column;
    column.name = in.text(), column.type = in.text();
    table.columns.push_back(std::move(column));
  }
  uint64_t rows = in.varint();
  for (uint64_t row = 0; row < rows && !in.failed(); ++row) {
    auto& cells = table.rows.emplace_back();
    for (uint64_t i = 0; i < columns && !in.failed(); ++i) cells.emplace_back(in.text());
  }
  if (tag != kTableAnswer || in.failed())
    return Error{Error::Kind::Unavailable, "the query's process died before it had answered", "ask for less at a time"};
  return table;
}

}  // namespace

namespace {

// Creates a directory that is removed with its contents after the query. Returns nothing if no directory can be
// created; the query then runs in memory only.
std::optional<TemporaryDirectory> spill_directory(const SqlLimits& limits) {
  if (limits.spill_bytes == 0) return std::nullopt;
  auto directory = TemporaryDirectory::create("culprit-sql");
  if (!directory.has_value()) return std::nullopt;
  return std::move(directory).value();
}

}  // namespace

Result<SqlTable> sql_in_worker(const std::vector<SegmentFile>& segments, const std::string& select, SqlLimits limits) {
  TRY(duckdb_api());  // loaded before the fork, so that all workers share its pages
  std::optional<TemporaryDirectory> spill = spill_directory(limits);
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return Error{Error::Kind::Unavailable, std::string("no pipe: ") + std::strerror(errno)};
  pid_t worker = fork();
  if (worker == 0) {
    close(ends[0]);
    work(ends[1], segments, select, limits, spill ? spill->path() : std::string());
  }
  close(ends[1]);
  if (worker < 0) {
    close(ends[0]);
    return Error{Error::Kind::Unavailable, std::string("no process for the query: ") + std::strerror(errno)};
  }
  auto bytes = receive(ends[0], limits.timeout_ms, limits.cancel);
  close(ends[0]);
  kill(worker, SIGKILL);
  while (waitpid(worker, nullptr, 0) < 0 && errno == EINTR) {
  }
  if (!bytes.has_value()) return std::move(bytes).error();
  return decode(bytes.value());
}

}  // namespace culprit
