// The plan of a statement whose literals are gone, from a server that must not run it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ask/session.h"
#include "model/inquiry.h"

namespace culprit::ask {

// `statement`, whose literals are "?", with parameters $1, $2 … instead. "interval ?" becomes "$1::interval": before a
// parameter no type may stand. Empty where it is no whole statement that has a plan (cut, DDL, COMMIT …).
std::string with_parameters(std::string_view statement);

// The dearest scan of a plan, from EXPLAIN (VERBOSE, FORMAT JSON). Foreign bytes.
struct Scan {
  bool found = false;
  std::string node, schema, relation, alias, index;
  std::string filter;                     // what rows are tested by after they were read
  std::string condition;                  // what the index is asked for
  double rows = 0;                        // estimated to come out
  double total_cost = 0, total_rows = 0;  // of the whole plan
};
Scan dearest_scan(std::string_view explain_json);

// The names among `columns` that occur in `expression`, in the order of `columns`.
std::vector<std::string> columns_in(std::string_view expression, const std::vector<std::string>& columns);

Plan ask_plan(Session& session, const std::string& statement);

}  // namespace culprit::ask
