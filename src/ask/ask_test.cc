#include "ask/ask.h"

#include <gtest/gtest.h>

#include "ask/locks.h"
#include "ask/plan.h"
#include "ask/postmaster.h"

namespace culprit::ask {

namespace {

TEST(PostmasterFile, TellsPidPortAndSocket) {
  auto found = parse_postmaster_file(
      "4711\n/var/lib/postgresql/15/main\n1732470000\n5433\n/var/run/postgresql\nlocalhost\n  123  0\nready   \n");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->pid, 4711);
  EXPECT_EQ(found->data_directory, "/var/lib/postgresql/15/main");
  EXPECT_EQ(found->port, 5433);
  EXPECT_EQ(found->socket_directory, "/var/run/postgresql");
}

TEST(PostmasterFile, RefusesWhatIsNoSuchFile) {
  EXPECT_FALSE(parse_postmaster_file("").has_value());
  EXPECT_FALSE(parse_postmaster_file("4711\n").has_value());
  EXPECT_FALSE(parse_postmaster_file("4711\nnot absolute\n1\n5433\n/run\n").has_value());
  EXPECT_FALSE(parse_postmaster_file("4711\n/data\n1\n99999\n/run\n").has_value());
  EXPECT_FALSE(parse_postmaster_file("-4711\n/data\n1\n5433\n/run\n").has_value());
}

TEST(RootHolders, AreAtTheEndOfTheChain) {
  std::map<int, std::set<int>> blockers = {{1, {2}}, {2, {3}}, {4, {2, 5}}};
  EXPECT_EQ(root_holders(blockers, 1), (std::set<int>{3}));
  EXPECT_EQ(root_holders(blockers, 2), (std::set<int>{3}));
  EXPECT_EQ(root_holders(blockers, 4), (std::set<int>{3, 5}));
}

TEST(RootHolders, OfADeadlockAreItsOtherMembers) {
  std::map<int, std::set<int>> blockers = {{1, {2}}, {2, {1}}};
  EXPECT_EQ(root_holders(blockers, 1), (std::set<int>{2}));
}

TEST(WithParameters, NumbersWhatWasALiteral) {
  EXPECT_EQ(with_parameters("SELECT * FROM orders WHERE customer_id = ? AND status = ?"),
            "SELECT * FROM orders WHERE customer_id = $1 AND status = $2");
}

TEST(WithParameters, TurnsTypedConstantsIntoCasts) {
  EXPECT_EQ(with_parameters("SELECT now() - interval ?"), "SELECT now() - $1::interval");
}

TEST(WithParameters, TakesOnlyOneWholeStatementThatHasAPlan) {
  EXPECT_EQ(with_parameters("SELECT ?; DROP TABLE orders"), "");
  EXPECT_EQ(with_parameters("DROP TABLE orders"), "");
  EXPECT_EQ(with_parameters("COMMIT"), "");
  EXPECT_EQ(with_parameters("SELECT a FROM b WHERE c IN (?…"), "");
}

TEST(WithParameters, LetsNoLiteralThrough) {
  EXPECT_EQ(with_parameters("SELECT * FROM users WHERE password = 'hunter2'"),
            "SELECT * FROM users WHERE password = $1");
}

constexpr const char* kNestedLoop =
    R"json([{"Plan": {"Node Type": "Nested Loop", "Total Cost": 900, "Plan Rows": 40, "Plans": [
  {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "customers", "Schema": "public", "Alias": "c",
   "Total Cost": 100, "Plan Rows": 20},
  {"Node Type": "Seq Scan", "Parent Relationship": "Inner", "Relation Name": "orders", "Schema": "shop", "Alias": "o",
   "Total Cost": 30, "Plan Rows": 2, "Filter": "(o.customer_id = c.id)"}]}}])json";

TEST(DearestScan, CountsTheInnerSideOfALoopOncePerTurn) {
  Scan scan = most_expensive_scan(kNestedLoop);
  ASSERT_TRUE(scan.found);
  EXPECT_EQ(scan.relation, "orders");
  EXPECT_EQ(scan.schema, "shop");
  EXPECT_EQ(scan.filter, "(o.customer_id = c.id)");
  EXPECT_EQ(scan.rows, 40);
  EXPECT_EQ(scan.total_cost, 900);
}

TEST(DearestScan, IsNoneInForeignBytes) {
  EXPECT_FALSE(most_expensive_scan("").found);
  EXPECT_FALSE(most_expensive_scan("[{\"Plan\": 7}]").found);
  EXPECT_FALSE(most_expensive_scan("[{\"Plan\": {\"Plans\": {}}}]").found);
  EXPECT_FALSE(most_expensive_scan(std::string(100'000, '[')).found);
}

TEST(DearestScan, CountsASubplanOncePerRun) {
  Scan scan = most_expensive_scan(
      R"json([{"Plan": {"Node Type": "Seq Scan", "Relation Name": "things", "Alias": "t", "Total Cost": 120050,
  "Plan Rows": 5, "Filter": "(t.owner = (SubPlan 1))", "Plans": [
    {"Node Type": "Aggregate", "Parent Relationship": "SubPlan", "Total Cost": 1200, "Plans": [
      {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "bits", "Alias": "b", "Total Cost": 1190,
       "Plan Rows": 2, "Filter": "(b.part_id = t.id)"}]}]}}])json");
  EXPECT_EQ(scan.relation, "bits");
  EXPECT_EQ(scan.rows, 200);
}

TEST(DearestScan, KnowsTheSortThatALimitTakesTheFirstRowsOf) {
  Scan scan = most_expensive_scan(
      R"json([{"Plan": {"Node Type": "Limit", "Total Cost": 50, "Plans": [
  {"Node Type": "Gather Merge", "Parent Relationship": "Outer", "Plans": [
    {"Node Type": "Sort", "Parent Relationship": "Outer", "Sort Key": ["loans.due DESC", "loans.loan_id DESC"], "Plans": [
      {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "loans", "Schema": "public",
       "Alias": "loans", "Total Cost": 40, "Plan Rows": 5000}]}]}]}}])json");
  EXPECT_EQ(scan.sort_keys, (std::vector<std::string>{"loans.due DESC", "loans.loan_id DESC"}));
  EXPECT_FALSE(scan.joined);
}

TEST(DearestScan, LeavesOutSortsOfAllRowsAndOfJoins) {
  Scan whole = most_expensive_scan(
      R"json([{"Plan": {"Node Type": "Sort", "Sort Key": ["t.a"], "Plans": [
  {"Node Type": "Seq Scan", "Parent Relationship": "Outer", "Relation Name": "t", "Alias": "t", "Total Cost": 4}]}}])json");
  EXPECT_TRUE(whole.found);
  EXPECT_TRUE(whole.sort_keys.empty());
  Scan join = most_expensive_scan(
      R"json([{"Plan": {"Node Type": "Limit", "Plans": [{"Node Type": "Sort", "Sort Key": ["t.a"], "Plans": [
  {"Node Type": "Hash Join", "Plans": [{"Node Type": "Seq Scan", "Relation Name": "t", "Alias": "t", "Total Cost": 4}]}
  ]}]}}])json");
  EXPECT_TRUE(join.found);
  EXPECT_TRUE(join.sort_keys.empty());
  EXPECT_TRUE(join.joined);
}

TEST(DearestScan, SaysWhatIsWritten) {
  Scan scan = most_expensive_scan(
      R"json([{"Plan": {"Node Type": "ModifyTable", "Operation": "Delete", "Schema": "public", "Relation Name": "cards",
  "Total Cost": 8.3, "Plans": [{"Node Type": "Index Scan", "Relation Name": "cards", "Alias": "cards", "Total Cost": 8.3,
  "Index Cond": "(cards.id = $1)"}]}}])json");
  EXPECT_EQ(scan.node, "Index Scan");
  EXPECT_EQ(scan.written_how, "Delete");
  EXPECT_EQ(scan.written, "cards");
}

TEST(MakeInspector, FailsWhereTheServerOfADsnIsNotThere) {
  auto inspector = make_inspector({"host=127.0.0.1 port=1 dbname=x user=x", {}});
  ASSERT_FALSE(inspector.has_value());
  EXPECT_EQ(inspector.error().kind, Error::Kind::Unavailable);
}

TEST(MakeInspector, TakesNoPasswordOnACommandLine) {
  auto inspector = make_inspector({"postgresql://u:hunter2@127.0.0.1:1/x", {}});
  ASSERT_FALSE(inspector.has_value());
  EXPECT_EQ(inspector.error().kind, Error::Kind::Usage);
  EXPECT_EQ(inspector.error().message.find("hunter2"), std::string::npos);
}

TEST(MakeInspector, SaysThatNoServerWasAsked) {
  auto inspector = make_inspector({"", {"/no such directory"}});
  ASSERT_TRUE(inspector.has_value());
  auto waits = inspector.value()->lock_waits();
  ASSERT_TRUE(waits.has_value());
  EXPECT_TRUE(waits.value().empty());
  EXPECT_EQ(inspector.value()->said().size(), 1u);
}

}  // namespace

}  // namespace culprit::ask
