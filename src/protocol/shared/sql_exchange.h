// How an exchange that ran SQL is named and described: OpenTelemetry's database conventions (v1.44), for every protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "protocol/interface/conversation.h"
#include "statement/normalise.h"

namespace culprit {

using Sql = std::shared_ptr<const NormalisedSql>;

// A text (one or several statements) that an exchange ran, once or several times.
struct SqlRun {
  Sql sql;           // null: not known
  std::string name;  // of the prepared statement, where the text is not known
};
// Whether the text of one of them was never seen.
bool unknown_text(std::span<const SqlRun> runs);

// Adds name, db.query.text, db.query.summary, db.operation.name, db.collection.name, db.operation.batch.size, the flags and the
// trace context. `runs`: distinct, in order, at least one. `executed`: statements, repeats included.
void describe_sql(Exchange& exchange, std::span<const SqlRun> runs, uint64_t executed);

// Of an exchange whose text was not seen: it ran this one, as the server reported.
void set_statement_text(Exchange& exchange, std::string_view text);

void add_attribute(Exchange& exchange, std::string_view key, Value value);

}  // namespace culprit
