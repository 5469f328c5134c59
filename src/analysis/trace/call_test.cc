#include "analysis/trace/call.h"

#include <gtest/gtest.h>

namespace culprit::analysis {
namespace {

TEST(Call, ReadsStatementsAsTheirSystemDoes) {
  EXPECT_EQ(without_literals("SELECT * FROM t1 WHERE a = 17 AND b = 'it''s'", "postgresql"),
            "SELECT * FROM t1 WHERE a = ? AND b = ?");
  EXPECT_EQ(without_literals("SELECT  *\n FROM t WHERE a IN (1, 2,3) ;", ""), "SELECT * FROM t WHERE a IN (?)");
  EXPECT_EQ(without_literals(R"(SELECT a FROM t WHERE photo = '\\nas\p7\' AND shown = 1)", "postgresql"),
            "SELECT a FROM t WHERE photo = ? AND shown = ?");
  EXPECT_EQ(without_literals(R"(SELECT a FROM t WHERE b = "it\"s" AND c = 'x\'y')", "mysql"),
            "SELECT a FROM t WHERE b = ? AND c = ?");
  EXPECT_EQ(without_literals("SELECT * FROM \"staff 2024\" WHERE \"no.7\" = 99 /* id:7 */", "postgresql"),
            "SELECT * FROM \"staff 2024\" WHERE \"no.7\" = ?");
  EXPECT_EQ(without_literals("SET user:4711 secret EX 60", "redis"), "SET user:? ?");
  EXPECT_EQ(without_literals("SELECT * FROM orders WHERE customer_id = ?", ""),
            "SELECT * FROM orders WHERE customer_id = ?");
}

TEST(Call, TakesIdsOutOfOperations) {
  EXPECT_EQ(without_ids("GET /orders/17/lines?page=2"), "GET /orders/?/lines");
  EXPECT_EQ(without_ids("GET /orders/3f2504e0-4f89-11d3-9a0c-0305e82c3301"), "GET /orders/?");
  EXPECT_EQ(without_ids("GET /users/jane@example.org"), "GET /users/?");
  EXPECT_EQ(without_ids("GET /users/{id}"), "GET /users/{id}");
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
  EXPECT_TRUE(aggregates("SELECT count (*) FROM t"));
  EXPECT_FALSE(aggregates("SELECT summary FROM counts"));
  EXPECT_FALSE(aggregates("SELECT max, count FROM limits WHERE id = ?"));
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
