#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/text.h"
#include "statement/normalise.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace culprit;
  if (size == 0) return 0;
  SqlDialect dialect = static_cast<SqlDialect>(data[0] % 3);
  SqlText whole = data[0] & 4 ? SqlText::Cut : SqlText::Whole;
  std::string_view sql(reinterpret_cast<const char*>(data) + 1, size - 1);
  NormalisedSql once = normalise_sql(sql, whole, dialect);
  std::string text = once.text();
  CHECK(valid_utf8(text), "what goes into a frame is UTF-8");
  CHECK(valid_utf8(once.summary()), "so is a name");
  CHECK(once.bad_utf8 || text.size() <= sql.size() + 8 + 2 * kMaxStatements + 3 * kMaxStatements,
        "only marks are added");
  CHECK(once.statements.size() > kMaxStatements || normalise_sql(text, SqlText::Whole, dialect).text() == text,
        "normalising twice changes nothing");
  return 0;
}
