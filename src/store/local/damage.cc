#include "store/local/damage.h"

#include <fcntl.h>

#include "base/text.h"
#include "store/duckdb/segment_writer.h"
#include "store/files/file.h"

namespace culprit {

std::string damage_of(const SegmentFile& segment, Check check, const CancelToken* cancel) {
  if (!is_regular_file(segment.path)) return "is missing";
  auto file = File::open(segment.path, O_RDONLY);
  if (!file.has_value()) return "cannot be opened";
  auto size = file.value().size();
  if (!size.has_value() || size.value() != segment.info.size_bytes) return "has another size than when it was written";
  if (check == Check::Size) return {};
  auto checksums = block_checksums(segment.path, cancel);
  if (!checksums.has_value()) return "cannot be read";
  for (size_t i = 0; i < checksums.value().size(); ++i)
    if (i >= segment.info.block_checksums.size() || checksums.value()[i] != segment.info.block_checksums[i])
      return "is damaged in block " + std::to_string(i);
  return {};
}

std::vector<LedgerRow> damage_rows(const SegmentFile& segment, const std::string& damage) {
  std::string detail = format_count(static_cast<int64_t>(segment.info.rows)) + " rows of table " + segment.info.table +
                       " are left out: segment " + segment.info.file + " " + damage;
  LedgerRow row = ledger_row(LedgerKind::malformed, 1, "segments", "store", detail);
  row.unit = to_string(LedgerUnit::File);
  std::vector<LedgerRow> rows{std::move(row)};
  // The account counts the rows of these tables as received: what became of them is known exactly.
  for (LedgerUnit unit : {LedgerUnit::Span, LedgerUnit::Log, LedgerUnit::Metric})
    if (segment.info.table == to_string(unit)) {
      rows.push_back(ledger_row(LedgerKind::refused, static_cast<int64_t>(segment.info.rows), "segments", "store",
                                "rows of a damaged segment"));
      rows.back().unit = to_string(unit);
    }
  return rows;
}

}  // namespace culprit
