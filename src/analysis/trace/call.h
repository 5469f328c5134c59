// Reads a span as an analysis needs it: a call and its two ends, a statement of a database, an operation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/trace.h"

namespace culprit::analysis {

// Returns the span of the callee that handled the call `caller`. A Client span's callee is its only child, if that is a
// Server span, or the child with the same span id. If kinds are missing, the callee is an only child of another service
// with the call's name. Returns kNoSpan if the callee was not recorded, or `caller` is not a call.
SpanIndex callee_view(const Trace& trace, SpanIndex caller);

// Returns the last span of the same call: from other observers' copies of it (kOtherObserver) down to the callee's
// span.
SpanIndex last_view(const Trace& trace, SpanIndex index);

// Returns whether the span is a call to a database, or the database's handling of a call.
bool is_database(const Span& span);
std::string_view system_of(const Span& span);       // "postgresql"; empty: unknown
std::string_view statement_text(const Span& span);  // the text as recorded; the span's name if there is no text
std::string address_of(const Span& span);           // of the server: "127.0.0.1:5432"; empty: unknown
std::string_view database_of(const Span& span);     // "shop"; empty: unknown
std::string peer_of(const Span& span);              // the callee's name in the caller's span
int64_t rows_of(const Span& span);                  // rows returned or affected; -1: unknown

// Returns a statement without its literals, in one spelling. `system` is the result of system_of(). A statement written
// by the recorder is unchanged.
std::string without_literals(std::string_view statement, std::string_view system);

// Returns an operation without the parts that differ between its requests: "GET /orders/17?page=2" becomes "GET
// /orders/?".
std::string without_ids(std::string_view operation);

// The name of a statement whose text was not recorded (set by src/protocol).
constexpr std::string_view kUnknownStatement = "unknown statement";

enum class StatementSort : uint8_t { Read, Write, Commit, Control, Other };
StatementSort sort_of(std::string_view statement);

// Returns whether the statement sums up or sorts many rows by design (an aggregate, GROUP BY, DISTINCT): a small result
// then does not mean that few rows were read.
bool aggregates(std::string_view statement);
// Returns whether the statement looks up rows by a value: "= ?", "IN (?)", "LIKE ?".
bool looks_up(std::string_view statement);
// Returns whether the statement may wait for a lock of another transaction: a write, a read FOR UPDATE and the like, an
// advisory lock.
bool locks_rows(std::string_view statement);
bool has_limit(std::string_view statement);
// Returns whether the statement changes or maintains whole tables (ALTER, VACUUM, REINDEX, LOCK …): it takes long by
// design and locks the tables.
bool changes_tables(std::string_view statement);
// Returns the first table in the statement ("orders"), or an empty text.
std::string table_of(std::string_view statement);

}  // namespace culprit::analysis
