#include <cstdint>
#include <iterator>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "statement/normalise.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culprit;
  if (size == 0) return 0;
  static constexpr std::string_view kSystems[] = {"postgresql", "mysql",      "sqlite",  "mssql", "oracle",
                                                  "other_sql",  "clickhouse", "spanner", "neo4j"};
  const SqlSettings settings{&sql_dialect(kSystems[(data[0] >> 3) % std::size(kSystems)]), {}, (data[0] & 2) != 0};
  SqlText whole = data[0] & 4 ? SqlText::Cut : SqlText::Whole;
  std::string_view sql(reinterpret_cast<const char*>(data) + 1, size - 1);
  NormalisedSql once = normalise_sql(sql, whole, settings, data[0] & 1 ? size * 100 : 0);
  std::string text = once.text();
  CHECK(valid_utf8(text), "what goes into a frame is UTF-8");
  CHECK(valid_utf8(once.summary()), "so is a name");
  CHECK(once.bad_utf8 || text.size() <= sql.size() + 8 + 30 * kMaxStatements, "only marks are added");
  CHECK(once.statements.size() > kMaxStatements || normalise_sql(text, SqlText::Whole, settings).text() == text,
        "normalising twice changes nothing");
  for (std::string_view system : {"redis", "mongodb"}) {
    std::string other = normalise(sql, sql_dialect(system)).text();
    CHECK(valid_utf8(other), "statements of other systems are UTF-8 too");
    CHECK(normalise(other, sql_dialect(system)).text() == other, "normalising them again changes nothing");
  }
  return 0;
}
