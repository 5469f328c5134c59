// Measures nanoseconds per statement, for new texts and for texts in the cache. The result is checked.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

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

// Measures megabytes per second for statements of a shop, each text once: applications that write values into their texts
// produce them. The cache never contains the next text.
void run_misses() {
  constexpr int kTexts = 60'000;
  static constexpr const char* kForms[] = {
      "SELECT id, name, price FROM products WHERE category = 'c%d' AND price BETWEEN 10.5 AND %d ORDER BY price LIMIT "
      "20",
      "INSERT INTO order_items (order_id, product_id, quantity, note) VALUES (%d, %d, 3, 'it''s a gift'), (4, 5, 6, "
      "NULL)",
      "UPDATE stock SET n = n - 1, changed = now() WHERE product_id = %d AND warehouse IN (1, 2, 3, 4, %d)",
      "SELECT o.id, sum(i.quantity * i.price) FROM orders o JOIN items i ON i.order_id = o.id WHERE o.customer = %d "
      "AND "
      "o.placed > '2026-01-%d' GROUP BY o.id HAVING count(*) > 2",
      "/* request %d */ DELETE FROM carts WHERE session = 'ab12-%d'",
  };
  std::vector<std::string> texts;
  size_t bytes = 0;
  for (int i = 0; i < kTexts; ++i) {
    char text[512];
    std::snprintf(text, sizeof text, kForms[static_cast<size_t>(i) % std::size(kForms)], i, i * 7);
    bytes += texts.emplace_back(text).size();
  }
  double best = 0;
  for (int round = 0; round < 5; ++round) {
    SqlCache cache;
    size_t literals = 0;
    const int64_t begin = now_ns();
    for (const std::string& text : texts) literals += cache.normalise(text)->literals;
    const int64_t took_ns = now_ns() - begin;
    CHECK(literals >= texts.size() * 2, "every text has values");
    best = std::max(best, static_cast<double>(bytes) * 1e3 / static_cast<double>(took_ns));
  }
  std::printf("misses   %zu texts of %zu bytes  %.1f MB/s\n", texts.size(), bytes / texts.size(), best);
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
  run_misses();
}
