#include "cli/command.h"
#include "cli/source.h"

namespace culprit::cli {

Result<int> run_quality(const Options& options) {
  Source source = TRY(open_source(TRY(named_source(options, 0))));
  Account account = TRY(source.reader->account());
  std::vector<LedgerRow> rows = TRY(source.reader->ledger());
  TRY(print_text(options, report::quality_text(account, rows, look_of(options)), report::quality_json(account, rows)));
  return 0;
}

}  // namespace culprit::cli
