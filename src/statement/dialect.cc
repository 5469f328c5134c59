#include "statement/dialect.h"

#include <algorithm>
#include <array>

namespace culprit {

namespace {

// PostgreSQL 17, chapter "Lexical Structure".
constexpr SqlDialect kPostgresql = {.system = "postgresql",
                                    .nested_comments = true,
                                    .dollar_quotes = true,
                                    .escape_strings = true,
                                    .unicode_strings = true,
                                    .string_prefixes = "bxn"};
// MySQL 8.4, chapter "Language Structure".
constexpr SqlDialect kMysql = {.system = "mysql",
                               .backslash = Backslash::Escapes,
                               .double_quote = DoubleQuote::String,
                               .hash = HashMark::Comment,
                               .backtick_names = true,
                               .dashes_need_blank = true,
                               .string_prefixes = "bxn"};
// "x" is a string if no column has this name (SQLite, "Double-quoted String Literals Are Accepted").
constexpr SqlDialect kSqlite = {.system = "sqlite",
                                .double_quote = DoubleQuote::ByPlace,
                                .backtick_names = true,
                                .bracket_names = true,
                                .string_prefixes = "x"};
constexpr SqlDialect kSqlServer = {.system = "microsoft.sql_server",
                                   .hash = HashMark::Name,  // #temporary
                                   .bracket_names = true,
                                   .nested_comments = true,
                                   .string_prefixes = "n"};
constexpr SqlDialect kOracle = {.system = "oracle.db",
                                .hash = HashMark::Name,  // allowed inside of names
                                .unicode_strings = true,
                                .alternative_quotes = true,
                                .string_prefixes = "n"};
// Databases with backslash escapes in strings, and with names in "…" or `…`.
constexpr SqlDialect kClickhouse = {.system = "clickhouse",
                                    .backslash = Backslash::Escapes,
                                    .hash = HashMark::Comment,
                                    .backtick_names = true,
                                    .nested_comments = true,
                                    .dollar_quotes = true,
                                    .string_prefixes = "bx"};
constexpr SqlDialect kSpark = {.system = "spanner",
                               .backslash = Backslash::Escapes,
                               .double_quote = DoubleQuote::String,
                               .hash = HashMark::Comment,
                               .backtick_names = true,
                               .string_prefixes = "brx"};
constexpr SqlDialect kCypher = {.system = "neo4j",
                                .backslash = Backslash::Escapes,
                                .double_quote = DoubleQuote::String,
                                .backtick_names = true,
                                .slash_comments = true,
                                .colon_parameters = false};
constexpr SqlDialect kOther = {.system = "other_sql",
                               .double_quote = DoubleQuote::ByPlace,
                               .hash = HashMark::ByPlace,
                               .backtick_names = true,
                               .nested_comments = true,
                               .dollar_quotes = true,
                               .escape_strings = true,
                               .unicode_strings = true,
                               .alternative_quotes = true,
                               .guesses = true,
                               .string_prefixes = "bxnr"};
constexpr SqlDialect kCommands = {.system = "redis", .language = StatementLanguage::Commands};
constexpr SqlDialect kDocuments = {.system = "mongodb", .language = StatementLanguage::Documents};

struct Row {
  std::string_view system;
  const SqlDialect& dialect;
};

// Values of db.system.name (OpenTelemetry's conventions 1.44) and of the older db.system. Other values mean other_sql.
constexpr std::array kRows = {
    Row{"postgresql", kPostgresql},
    Row{"cockroachdb", kPostgresql},
    Row{"aws.redshift", kPostgresql},
    Row{"redshift", kPostgresql},
    Row{"greenplum", kPostgresql},
    Row{"edb", kPostgresql},
    Row{"mysql", kMysql},
    Row{"mariadb", kMysql},
    Row{"sqlite", kSqlite},
    Row{"microsoft.sql_server", kSqlServer},
    Row{"mssql", kSqlServer},
    Row{"mssqlcompact", kSqlServer},
    Row{"sybase", kSqlServer},
    Row{"oracle.db", kOracle},
    Row{"oracle", kOracle},
    Row{"clickhouse", kClickhouse},
    Row{"gcp.spanner", kSpark},
    Row{"spanner", kSpark},
    Row{"hive", kSpark},
    Row{"spark", kSpark},
    Row{"databricks", kSpark},
    Row{"neo4j", kCypher},
    Row{"redis", kCommands},
    Row{"valkey", kCommands},
    Row{"memcached", kCommands},
    Row{"mongodb", kDocuments},
    Row{"elasticsearch", kDocuments},
    Row{"opensearch", kDocuments},
    Row{"azure.cosmosdb", kOther},
    Row{"couchdb", kDocuments},
    Row{"aws.dynamodb", kDocuments},
    Row{"dynamodb", kDocuments},
    Row{"other_sql", kOther},
};

}  // namespace

const SqlDialect& sql_dialect(std::string_view system) {
  auto row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& one) { return one.system == system; });
  return row == kRows.end() ? kOther : row->dialect;
}

}  // namespace culprit
