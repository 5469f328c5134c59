#include "analysis/ranking/plan_advice.h"

#include <gtest/gtest.h>

namespace culprit::analysis {

namespace {

Cause slow() {
  Cause cause;
  cause.cause = FindingClass::SlowStatement;
  cause.mechanism = Mechanism::Scan;
  cause.quality = kObserved;
  return cause;
}

Plan scan_of_books() {
  Plan plan;
  plan.known = true;
  plan.scan = "Seq Scan", plan.relation = "books", plan.summary = "Seq Scan on books";
  plan.rows_read = 200'000, plan.rows_returned = 20;
  plan.cost = 5'000;
  plan.indexes = {"CREATE UNIQUE INDEX books_pkey ON public.books USING btree (isbn)"};
  return plan;
}

Plan unfiltered_scan_of_books() {
  Plan plan = scan_of_books();
  plan.unfiltered = true;
  plan.rows_returned = plan.rows_read;
  return plan;
}

Plan write(const std::string& how) {
  Plan plan;
  plan.known = true;
  plan.write = how, plan.summary = how + " on cards";
  plan.rows_read = 1, plan.cost = 8.3;
  if (how != "Insert") plan.scan = "Index Scan", plan.relation = "cards";
  return plan;
}

Cause judged(const Plan& plan) {
  Cause cause = slow();
  judge_plan(cause, plan);
  return cause;
}

TEST(PlanAdvice, IsAnIndexOnWhatTheFilterCompares) {
  Plan plan = scan_of_books();
  plan.filter_columns = {"shelf", "due"};
  Cause cause = judged(plan);
  EXPECT_EQ(cause.advice, "CREATE INDEX CONCURRENTLY ON books (shelf, due);");
  EXPECT_EQ(cause.quality, kConfirmed);
  EXPECT_TRUE(cause.against.empty());
  plan.filter_columns = {"lower(title)"};
  EXPECT_EQ(judged(plan).advice, "CREATE INDEX CONCURRENTLY ON books (lower(title));");
}

TEST(PlanAdvice, NamesIndexesForPatterns) {
  Plan plan = scan_of_books();
  plan.pattern_columns = {"title"};
  EXPECT_EQ(judged(plan).advice,
            "an index for patterns: (title text_pattern_ops) where the pattern begins with the text, else pg_trgm "
            "(USING gin (title gin_trgm_ops))");
}

TEST(PlanAdvice, IsNoIndexWhereNoneServesTheFilter) {
  Cause cause = judged(scan_of_books());
  EXPECT_TRUE(cause.advice.starts_with("no single plain index serves this filter")) << cause.advice;
  EXPECT_EQ(cause.mechanism, Mechanism::Scan);
}

TEST(PlanAdvice, IsNoSecondIndexWhereThePlannerLeavesTheFirst) {
  Plan plan = scan_of_books();
  plan.filter_columns = {"isbn"};
  EXPECT_TRUE(judged(plan).advice.starts_with("the index on books (isbn) is there")) << judged(plan).advice;
  plan.indexes = {"CREATE INDEX ON public.books USING btree (isbn) WHERE lent"};
  EXPECT_EQ(judged(plan).advice, "CREATE INDEX CONCURRENTLY ON books (isbn);") << "a part of the rows is not enough";
  plan = unfiltered_scan_of_books();
  plan.sort_keys = {"due DESC", "isbn DESC"};
  plan.indexes = {"CREATE INDEX ON public.books USING btree (due, isbn, shelf)"};
  EXPECT_TRUE(judged(plan).advice.starts_with("the index on books (due DESC, isbn DESC) is there"));
  plan.sort_keys = {"due DESC", "isbn"};
  EXPECT_EQ(judged(plan).advice, "CREATE INDEX CONCURRENTLY ON books (due DESC, isbn);");
}

TEST(PlanAdvice, ServesTheOrderThatALimitCutsOff) {
  Plan plan = unfiltered_scan_of_books();
  plan.sort_keys = {"due DESC", "isbn"};
  Cause cause = judged(plan);
  EXPECT_EQ(cause.advice, "CREATE INDEX CONCURRENTLY ON books (due DESC, isbn);");
  EXPECT_EQ(cause.quality, kConfirmed);
  EXPECT_TRUE(cause.against.empty());
}

TEST(PlanAdvice, SaysThatAllIsReadOnlyWhereAllIsNeeded) {
  Plan plan = unfiltered_scan_of_books();
  plan.needed_whole = true;
  EXPECT_EQ(judged(plan).against, (std::vector<std::string>{"the scan filters by nothing: no index would shorten it"}));
  plan.needed_whole = false;
  EXPECT_TRUE(judged(plan).against.empty()) << "below a join an index may well";
}

TEST(PlanAdvice, DoubtsAnIndexForManyRows) {
  Plan plan = scan_of_books();
  plan.filter_columns = {"due"};
  plan.rows_returned = 66'667;
  Cause cause = judged(plan);
  EXPECT_EQ(cause.quality, kObserved);
  EXPECT_TRUE(cause.advice.ends_with("the planner expects 66,667 of 200,000 rows")) << cause.advice;
}

TEST(PlanAdvice, IsToPageByKeyInsteadOfByOffset) {
  Plan plan = scan_of_books();
  plan.scan = "Index Scan", plan.skips = true;
  EXPECT_EQ(judged(plan).advice, "page by key (WHERE key > last), not by OFFSET");
  plan = unfiltered_scan_of_books();
  plan.sort_keys = {"due"}, plan.skips = true;
  EXPECT_EQ(judged(plan).advice,
            "CREATE INDEX CONCURRENTLY ON books (due); and page by key (WHERE key > last), not by OFFSET");
}

TEST(PlanAdvice, LooksBehindACheapWrite) {
  Cause insertion = judged(write("Insert"));
  EXPECT_EQ(
      insertion.advice,
      "its plan is cheap: the time is in its triggers or foreign keys: EXPLAIN (ANALYZE), rolled back, names them");
  EXPECT_TRUE(insertion.against.empty());
  EXPECT_EQ(insertion.mechanism, Mechanism::None);
  EXPECT_TRUE(judged(write("Update")).advice.ends_with("an index on the referencing column is what is mostly missing"));
}

TEST(PlanAdvice, IndexesWhatRefersToDeletedRows) {
  Plan plan = write("Delete");
  plan.unindexed_references = {"stamps (card_id)", "visits (card_id, day)"};
  Cause cause = judged(plan);
  EXPECT_EQ(cause.advice,
            "CREATE INDEX CONCURRENTLY ON stamps (card_id); CREATE INDEX CONCURRENTLY ON visits (card_id, day);");
  EXPECT_EQ(cause.quality, kConfirmed);
  // A small table is read as a whole even if it has an index for the lookup.
  plan.scan = "Seq Scan", plan.rows_read = 100, plan.rows_returned = 1, plan.filter_columns = {"id"};
  EXPECT_EQ(judged(plan).advice, cause.advice);
}

TEST(PlanAdvice, DoesNotBlameTheScanOfASmallTable) {
  Plan plan = scan_of_books();
  plan.filter_columns = {"isbn"}, plan.rows_read = 100, plan.cost = 3;
  Cause cause = judged(plan);
  EXPECT_EQ(cause.quality, kObserved);
  EXPECT_EQ(cause.against, (std::vector<std::string>{"the planner takes the scan for cheap: books is small"}));
}

TEST(PlanAdvice, NamesNoScanWhereThereIsNone) {
  Plan plan;
  plan.known = true, plan.summary = "no table is read";
  Cause cause = judged(plan);
  EXPECT_EQ(cause.against, (std::vector<std::string>{"the plan reads no table"}));
  EXPECT_EQ(cause.advice, "EXPLAIN (ANALYZE, BUFFERS) it: the plan is no scan");
}

TEST(PlanAdvice, LeavesAloneWhatNoPlanIsAbout) {
  Plan plan = scan_of_books();
  plan.filter_columns = {"shelf"};
  Cause cause = slow();
  cause.mechanism = Mechanism::Sleeps, cause.advice = "look at what it waits for";
  judge_plan(cause, plan);
  EXPECT_EQ(cause.advice, "look at what it waits for");
  EXPECT_EQ(cause.quality, kObserved);
  EXPECT_EQ(cause.evidence.size(), 1u);
}

}  // namespace

}  // namespace culprit::analysis
