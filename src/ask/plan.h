// The plan of a statement whose literals are gone, from a server that must not run it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ask/session.h"
#include "model/database_inspector.h"

namespace culprit::ask {

// `statement`, whose literals are "?", with parameters $1, $2 … instead. "interval ?" becomes "$1::interval": before a
// parameter no type may stand. Empty where it is no whole statement that has a plan (cut, DDL, COMMIT …).
std::string with_parameters(std::string_view statement);

// The dearest scan of a plan, from EXPLAIN (VERBOSE, FORMAT JSON). Foreign bytes.
struct Scan {
  bool found = false;
  std::string node, schema, relation, alias, index;
  std::string filter;                  // what rows are tested by after they were read
  std::string condition;               // what the index is asked for
  std::vector<std::string> sort_keys;  // what its rows are sorted by, only for a LIMIT to take the first of them
  bool joined = false;                 // its rows meet those of another
  double rows = 0;                     // estimated to come out
  double rows_per_turn = 0;            // where a loop scans it again and again
  // Of the whole plan.
  double total_cost = 0;
  std::string written_how, written_schema, written;  // "Delete", and of what; empty: it only reads
};
Scan dearest_scan(std::string_view explain_json);

Plan ask_plan(Session& session, const std::string& statement);

}  // namespace culprit::ask
