#include "analysis/trace/call.h"

#include <gtest/gtest.h>

namespace culprit::analysis {
namespace {

TEST(Call, TakesLiteralsOutOfStatements) {
  EXPECT_EQ(without_literals("SELECT * FROM t1 WHERE a = 17 AND b = 'it''s'"),
            "SELECT * FROM t1 WHERE a = ? AND b = ?");
  EXPECT_EQ(without_literals("SELECT  *\n FROM t WHERE a IN (1, 2,3) ;"), "SELECT * FROM t WHERE a IN (?)");
  EXPECT_EQ(without_literals("UPDATE t SET a = $1::int WHERE b = $2"), "UPDATE t SET a = ?::int WHERE b = ?");
  EXPECT_EQ(without_literals("SELECT 'open"), "SELECT ?");
  EXPECT_EQ(without_literals("SELECT * FROM orders WHERE customer_id = ?"),
            "SELECT * FROM orders WHERE customer_id = ?");
}

TEST(Call, TakesIdsOutOfOperations) {
  EXPECT_EQ(without_ids("GET /orders/17/lines?page=2"), "GET /orders/?/lines");
  EXPECT_EQ(without_ids("GET /orders/3f2504e0-4f89-11d3-9a0c-0305e82c3301"), "GET /orders/?");
  EXPECT_EQ(without_ids("GET /"), "GET /");
  EXPECT_EQ(without_ids("cart/GetCart"), "cart/GetCart");
  EXPECT_EQ(without_ids("SELECT carts"), "SELECT carts");
}

TEST(Call, TellsStatementsApart) {
  EXPECT_EQ(sort_of(" select 1"), StatementSort::Read);
  EXPECT_EQ(sort_of("COMMIT"), StatementSort::Commit);
  EXPECT_EQ(sort_of("BEGIN"), StatementSort::Control);
  EXPECT_EQ(sort_of("INSERT INTO t VALUES (?)"), StatementSort::Write);
  EXPECT_TRUE(aggregates("SELECT day, SUM(x) FROM t GROUP BY day"));
  EXPECT_FALSE(aggregates("SELECT summary FROM counts"));
  EXPECT_TRUE(looks_up("SELECT * FROM t WHERE a = ?"));
  EXPECT_FALSE(looks_up("SELECT * FROM t ORDER BY a"));
  EXPECT_TRUE(locks_rows("SELECT * FROM t WHERE a = ? FOR UPDATE"));
  EXPECT_FALSE(locks_rows("SELECT * FROM t WHERE a = ?"));
  EXPECT_EQ(table_of("UPDATE stock SET a = ?"), "stock");
  EXPECT_EQ(table_of("SELECT * FROM public.orders o WHERE a = ?"), "public.orders");
  EXPECT_EQ(table_of("COMMIT"), "");
}

}  // namespace
}  // namespace culprit::analysis
