// Measures nanoseconds per statement, for new texts and for texts in the cache. The result is checked.
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/check.h"
#include "statement/normalise.h"

namespace culprit {
namespace {

int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void run(const char* name, const std::string& sql, std::string_view expected) {
  constexpr int kRounds = 50'000;
  int right = 0;
  int64_t begin = now_ns();
  for (int i = 0; i < kRounds; ++i) right += normalise_sql(sql).text() == expected;
  int64_t fresh_ns = now_ns() - begin;
  SqlCache cache;
  begin = now_ns();
  for (int i = 0; i < kRounds; ++i) right += cache.normalise(sql)->statements.size() == 1;
  int64_t cached_ns = now_ns() - begin;
  CHECK(right == 2 * kRounds, "every result must be right");
  std::printf("%-8s %5zu bytes  %6lld ns  again %4lld ns\n", name, sql.size(),
              static_cast<long long>(fresh_ns / kRounds), static_cast<long long>(cached_ns / kRounds));
}

}  // namespace
}  // namespace culprit

int main() {
  using namespace culprit;
  run("lookup", "SELECT abalance FROM pgbench_accounts WHERE aid = 4711",
      "SELECT abalance FROM pgbench_accounts WHERE aid = ?");
  run("join",
      "SELECT o.id, c.name, sum(i.price) FROM orders o JOIN customers c ON c.id = o.customer_id JOIN items i ON "
      "i.order_id = "
      "o.id WHERE o.placed > '2024-01-01' AND c.country = 'DE' GROUP BY o.id, c.name ORDER BY 3 DESC LIMIT 20",
      "SELECT o.id, c.name, sum(i.price) FROM orders o JOIN customers c ON c.id = o.customer_id JOIN items i ON "
      "i.order_id = "
      "o.id WHERE o.placed > ? AND c.country = ? GROUP BY o.id, c.name ORDER BY ? DESC LIMIT ?");
  std::string list = "SELECT a FROM t WHERE b IN (1";
  for (int i = 0; i < 200; ++i) list += ", " + std::to_string(i * 7919);
  run("list", list + ")", "SELECT a FROM t WHERE b IN (?)");
}
