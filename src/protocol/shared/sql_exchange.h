// Names and describes an exchange that ran SQL by OpenTelemetry's database conventions (v1.44), for every protocol.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "protocol/interface/conversation.h"
#include "statement/normalise.h"

namespace culprit {

using Sql = std::shared_ptr<const NormalisedSql>;

// A text with one or several statements that an exchange ran, once or several times.
struct SqlRun {
  Sql sql;           // null: unknown
  std::string name;  // name of the prepared statement if the text is unknown
};
// Returns true if the text of at least one run was not seen.
bool unknown_text(std::span<const SqlRun> runs);

// Adds the name, db.query.text, db.query.summary, db.operation.name, db.collection.name, db.operation.batch.size, the
// flags and the trace context. `runs` are distinct, in order, and not empty. `executed` is the number of statements,
// including repeats.
void describe_sql(Exchange& exchange, std::span<const SqlRun> runs, uint64_t executed);

// Sets the text of an exchange to the text that the server reported.
void set_statement_text(Exchange& exchange, std::string_view text);

void add_attribute(Exchange& exchange, std::string_view key, Value value);

}  // namespace culprit
