// What a span is to an analysis: a call and its two ends, a statement of a database, an operation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/trace.h"

namespace culprit::analysis {

// The callee's view of the call that span `caller` is the caller's view of: a Client span's only child, a Server span, or the
// one that shares its id; where kinds are not said, an only child of another service that carries the call's name. kNoSpan where the callee was not seen,
// or `caller` is not a call.
SpanIndex callee_view(const Trace& trace, SpanIndex caller);

// The last span of the same call: through other observers' copies of it (kOtherObserver) down to the callee's view.
SpanIndex last_view(const Trace& trace, SpanIndex index);

// Whether the span is a call of a database, or a database's handling of one.
bool is_database(const Span& span);
std::string_view system_of(const Span& span);       // "postgresql"; empty: not said
std::string_view statement_text(const Span& span);  // as it came; its name where there is no text
std::string address_of(const Span& span);           // of the server: "127.0.0.1:5432"; empty: not said
std::string_view database_of(const Span& span);     // "shop"; empty: not said
std::string peer_of(const Span& span);              // the callee's name as the caller knows it
int64_t rows_of(const Span& span);                  // rows returned or affected; -1: not said

// A statement of a database system (system_of()) without its literals, in one spelling. What the recorder wrote stays as it is.
std::string without_literals(std::string_view statement, std::string_view system);

// An operation without what varies between its requests: "GET /orders/17?page=2" is "GET /orders/?".
std::string without_ids(std::string_view operation);

// The name of a statement whose text was never seen (src/protocol gives it).
constexpr std::string_view kUnknownStatement = "unknown statement";

enum class StatementSort : uint8_t { Read, Write, Commit, Control, Other };
StatementSort sort_of(std::string_view statement);

// Whether it sums up or sorts many rows by intention (an aggregate, GROUP BY, DISTINCT), so that few rows out say nothing.
bool aggregates(std::string_view statement);
// Whether it looks for rows by a value: "= ?", "IN (?)", "LIKE ?".
bool looks_up(std::string_view statement);
// Whether it may wait for what another transaction holds: a write, a read FOR UPDATE and the like, an advisory lock.
bool locks_rows(std::string_view statement);
bool has_limit(std::string_view statement);
// Whether it changes or keeps whole tables (ALTER, VACUUM, REINDEX, LOCK …): it takes long by nature, and locks them meanwhile.
bool changes_tables(std::string_view statement);
// The first table it names ("orders"), or empty.
std::string table_of(std::string_view statement);

}  // namespace culprit::analysis
