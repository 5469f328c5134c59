// Measures speed and memory of imports:  ingest_import_bench FILE…   (rows are counted and dropped)
#include <sys/resource.h>

#include <cstdio>
#include <ctime>
#include <map>

#include "ingest/registry/import.h"

namespace {

class CountingSink : public culprit::Sink {
 public:
  culprit::Result<Ticket> push(culprit::Batch batch) override {
    rows_ += static_cast<int64_t>(batch.rows());
    for (auto& row : batch.received) received_ += row.n;
    for (auto& row : batch.ledger) {
      ledger_[row.kind + " " + row.unit] += row.n;
      if (row.kind == "refused") refused_ += row.n;
    }
    return Ticket{};
  }
  culprit::Result<void> flush() override { return {}; }

  int64_t rows_ = 0, received_ = 0, refused_ = 0;
  std::map<std::string, int64_t> ledger_;
};

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  CountingSink sink;
  culprit::ImportSummary total;
  double from = cpu_seconds();
  for (int i = 1; i < argc; ++i) {
    auto result = culprit::import_file(argv[i], sink);
    if (!result.has_value()) {
      std::fprintf(stderr, "%s\n", result.error().message.c_str());
      return 3;
    }
    total.spans += result.value().spans;
    total.logs += result.value().logs;
    total.metrics += result.value().metrics;
    total.bytes_decoded += result.value().bytes_decoded;
    total.pieces += result.value().pieces;
  }
  double seconds = cpu_seconds() - from;
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  int64_t rows = total.spans + total.logs + total.metrics;
  std::printf(
      "%lld spans, %lld logs, %lld metrics in %lld pieces, %.1f MB: %.2f CPU s, %.0f rows/s, %.0f MB/s, peak %ld MB\n",
      static_cast<long long>(total.spans), static_cast<long long>(total.logs), static_cast<long long>(total.metrics),
      static_cast<long long>(total.pieces), static_cast<double>(total.bytes_decoded) / 1e6, seconds,
      static_cast<double>(rows) / seconds, static_cast<double>(total.bytes_decoded) / 1e6 / seconds,
      usage.ru_maxrss / 1024);
  std::printf("received %lld = %lld rows + %lld refused\n", static_cast<long long>(sink.received_),
              static_cast<long long>(sink.rows_), static_cast<long long>(sink.refused_));
  for (auto& [kind, n] : sink.ledger_) std::printf("ledger %s: %lld\n", kind.c_str(), static_cast<long long>(n));
  return sink.received_ == sink.rows_ + sink.refused_ ? 0 : 1;
}
