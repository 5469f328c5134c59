// The plan of a statement without its literals, from a server that must not execute it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ask/session.h"
#include "model/database_inspector.h"

namespace culprit::ask {

// Returns `statement` with parameters $1, $2 … instead of "?". "interval ?" becomes "$1::interval", as no type may
// precede a parameter. Empty if it is no complete statement that has a plan (cut, DDL, COMMIT …).
std::string with_parameters(std::string_view statement);

// The most expensive scan of a plan, from EXPLAIN (VERBOSE, FORMAT JSON). The input is foreign.
struct Scan {
  bool found = false;
  std::string node, schema, relation, alias, index;
  std::string filter;                  // condition that is checked after a row was read
  std::string condition;               // condition that the index is searched for
  std::vector<std::string> sort_keys;  // sort keys of its rows, if a LIMIT takes only the first of them
  bool joined = false;                 // its rows are joined with those of another table
  double rows = 0;                     // estimated number of result rows
  double rows_per_turn = 0;            // estimated, for each pass of a loop that scans repeatedly
  // About the whole plan.
  double total_cost = 0;
  std::string written_how, written_schema, written;  // "Delete", and of which table; empty: the plan only reads
};
Scan most_expensive_scan(std::string_view explain_json);

Plan ask_plan(Session& session, const std::string& statement);

}  // namespace culprit::ask
