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
  Scan scan = dearest_scan(kNestedLoop);
  ASSERT_TRUE(scan.found);
  EXPECT_EQ(scan.relation, "orders");
  EXPECT_EQ(scan.schema, "shop");
  EXPECT_EQ(scan.filter, "(o.customer_id = c.id)");
  EXPECT_EQ(scan.rows, 40);
  EXPECT_EQ(scan.total_cost, 900);
}

TEST(DearestScan, IsNoneInForeignBytes) {
  EXPECT_FALSE(dearest_scan("").found);
  EXPECT_FALSE(dearest_scan("[{\"Plan\": 7}]").found);
  EXPECT_FALSE(dearest_scan("[{\"Plan\": {\"Plans\": {}}}]").found);
  EXPECT_FALSE(dearest_scan(std::string(100'000, '[')).found);
}

TEST(ColumnsIn, AreTheNamesThatTheExpressionUses) {
  std::vector<std::string> columns = {"id", "customer_id", "status", "Odd Name"};
  EXPECT_EQ(columns_in("((customer_id = $1) AND (status = 'id'::text))", columns),
            (std::vector<std::string>{"customer_id", "status"}));
  EXPECT_EQ(columns_in("(o.\"Odd Name\" = $1)", columns), (std::vector<std::string>{"Odd Name"}));
}

TEST(MakeInquiry, FailsWhereTheServerOfADsnIsNotThere) {
  auto inquiry = make_inquiry({"host=127.0.0.1 port=1 dbname=x user=x", {}});
  ASSERT_FALSE(inquiry.has_value());
  EXPECT_EQ(inquiry.error().kind, Error::Kind::Unavailable);
}

TEST(MakeInquiry, SaysThatNobodyWasAsked) {
  auto inquiry = make_inquiry({"", {"/no such directory"}});
  ASSERT_TRUE(inquiry.has_value());
  auto waits = inquiry.value()->lock_waits();
  ASSERT_TRUE(waits.has_value());
  EXPECT_TRUE(waits.value().empty());
  EXPECT_EQ(inquiry.value()->said().size(), 1u);
}

}  // namespace

}  // namespace culprit::ask
