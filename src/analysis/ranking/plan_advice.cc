#include "analysis/ranking/plan_advice.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace culprit::analysis {

namespace {

// A scan that returns a tenth of the rows that it reads would not be faster with an index.
constexpr double kSelective = 10;
// A plan below this cost reads a hundred pages, or some thousand rows, in less than a millisecond: it is not the reason
// for slowness.
constexpr double kCheapCost = 100;
// The planner's estimate may be wrong; the size of a table is not.
constexpr double kCheapRows = 10'000;

constexpr const char* kPageByKey = "page by key (WHERE key > last), not by OFFSET";

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// An index can be read in both directions.
std::string backwards(const std::vector<std::string>& keys) {
  std::vector<std::string> ascending;
  for (const std::string& key : keys)
    if (key.ends_with(" DESC")) ascending.push_back(key.substr(0, key.size() - 5));
  return ascending.size() == keys.size() ? joined(ascending) : joined(keys);
}

bool has_index(const Plan& plan, const std::vector<std::string>& keys) {
  auto begins_with = [](const std::string& index, const std::string& list) {
    std::string wanted = "USING btree (" + list;
    size_t at = index.find(wanted);
    if (at == std::string::npos || at + wanted.size() >= index.size()) return false;
    char next = index[at + wanted.size()];
    return next == ')' || next == ',';
  };
  return std::any_of(plan.indexes.begin(), plan.indexes.end(), [&](const std::string& index) {
    bool partial = index.find(" WHERE ") != std::string::npos;
    return !partial && (begins_with(index, joined(keys)) || begins_with(index, backwards(keys)));
  });
}

std::string index_on(const Plan& plan, const std::vector<std::string>& keys) {
  if (!has_index(plan, keys)) return "CREATE INDEX CONCURRENTLY ON " + plan.relation + " (" + joined(keys) + ");";
  return "the index on " + plan.relation + " (" + joined(keys) +
         ") is there, but the planner does not take it: ANALYZE " + plan.relation +
         ", then EXPLAIN (ANALYZE, BUFFERS) the statement with its values";
}

std::string filter_advice(const Plan& plan) {
  if (!plan.filter_columns.empty()) return index_on(plan, plan.filter_columns);
  if (plan.pattern_columns.empty())
    return "no single plain index serves this filter: compare a column itself to a value, or store what it computes";
  const std::string& column = plan.pattern_columns.front();
  return "an index for patterns: (" + column + " text_pattern_ops) where the pattern begins with the text, else " +
         "pg_trgm (USING gin (" + column + " gin_trgm_ops))";
}

bool selective(const Plan& plan) { return plan.rows_read >= kSelective * std::max(plan.rows_returned, 1.0); }

void confirm_scan(Cause& cause, std::string advice) {
  cause.quality = kConfirmed;
  cause.mechanism = Mechanism::Scan;
  cause.advice = std::move(advice);
}

std::string of_rows(const Plan& plan) {
  return format_count(std::llround(plan.rows_returned)) + " of " + format_count(std::llround(plan.rows_read)) + " rows";
}

void judge_scan(Cause& cause, const Plan& plan) {
  if (!plan.unfiltered && selective(plan)) return confirm_scan(cause, filter_advice(plan));
  if (!plan.sort_keys.empty()) {
    // If most rows pass the filter, the first rows in order are found quickly.
    return confirm_scan(cause, index_on(plan, plan.sort_keys) + (plan.skips ? std::string(" and ") + kPageByKey : ""));
  }
  if (plan.needed_whole) cause.against.push_back("the scan filters by nothing: no index would shorten it");
  if (plan.skips)
    cause.advice = kPageByKey;
  else if (plan.needed_whole)
    cause.advice = "ask for less, or keep what it computes: it reads all of " + plan.relation;
  else if (plan.unfiltered)
    cause.advice = "EXPLAIN (ANALYZE, BUFFERS) it: it reads all of " + plan.relation + " for a join or a sort";
  else if (plan.filter_columns.empty())
    cause.advice = filter_advice(plan);
  else
    cause.advice = "EXPLAIN (ANALYZE, BUFFERS) it with its values: an index on " + plan.relation + " (" +
                   joined(plan.filter_columns) + ") pays where few rows pass, and the planner expects " + of_rows(plan);
}

// The planner does not count the work of triggers and of foreign keys.
void judge_cheap_write(Cause& cause, const Plan& plan) {
  if (cause.mechanism == Mechanism::Scan) cause.mechanism = Mechanism::None;
  if (!plan.unindexed_references.empty()) {
    std::string advice;
    for (const std::string& reference : plan.unindexed_references) {
      cause.evidence.push_back({"each deleted row is looked for in " + reference + ", which has no index for it",
                                0,
                                "",
                                {},
                                "confirmed by the database"});
      advice += (advice.empty() ? "" : " ") + ("CREATE INDEX CONCURRENTLY ON " + reference + ";");
    }
    return confirm_scan(cause, advice);
  }
  // No row refers to a new row.
  cause.advice =
      "its plan is cheap: the time is in its triggers or foreign keys: EXPLAIN (ANALYZE), rolled back, names them";
  if (plan.write != "Insert") cause.advice += "; an index on the referencing column is what is mostly missing";
}

void judge_other(Cause& cause, const Plan& plan) {
  if (cause.mechanism == Mechanism::Scan) cause.mechanism = Mechanism::Plan;
  cause.against.push_back(plan.scan.empty() ? "the plan reads no table" : "the plan is no scan: " + plan.scan);
  bool pages = plan.skips && plan.scan.find("Index") != std::string::npos;
  cause.advice = pages ? kPageByKey : "EXPLAIN (ANALYZE, BUFFERS) it: the plan is no scan";
}

void judge_small_scan(Cause& cause, const Plan& plan) {
  if (cause.mechanism == Mechanism::Scan) cause.mechanism = Mechanism::Plan;
  cause.against.push_back("the planner takes the scan for cheap: " + plan.relation + " is small");
  cause.advice =
      "EXPLAIN (ANALYZE, BUFFERS) it: the time is in a function, or where more rows come than the planner expects";
}

}  // namespace

void judge_plan(Cause& cause, const Plan& plan) {
  cause.evidence.push_back({"EXPLAIN: " + plan.summary, plan.rows_read, "rows", {}, "confirmed by the database"});
  // The sleep, or the large result, was recorded: a plan adds nothing to it, and no index helps.
  if (cause.mechanism == Mechanism::Sleeps || cause.mechanism == Mechanism::BigResult) return;
  bool scans = plan.scan.find("Seq Scan") != std::string::npos;
  bool cheap = plan.cost < kCheapCost && plan.rows_read < kCheapRows;
  if (cheap && !plan.write.empty()) return judge_cheap_write(cause, plan);
  if (!scans) return judge_other(cause, plan);
  if (cheap) return judge_small_scan(cause, plan);
  judge_scan(cause, plan);
}

}  // namespace culprit::analysis
