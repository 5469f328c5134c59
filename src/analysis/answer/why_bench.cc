// Measures time and memory of `why` for a million spans; the traces are generated one by one while they are read.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>

#include "analysis/answer/synthetic_workload_testing.h"
#include "analysis/answer/why.h"

namespace culprit::analysis {
namespace {

class Generator : public FakeReader {
 public:
  Result<void> for_each_trace(int64_t, int64_t, const std::function<bool(Trace)>& visit) override {
    Shop shop;
    for (int i = 0; spans_made < 1'000'000; ++i) {
      shop.reader.spans.clear();
      if (i % 2 == 0) shop.healthy(1);
      auto request = shop.request("GET /orders", "gateway");
      request.enter("orders-api", "GET /orders");
      request.work(700 * kUs);
      request.statement("SELECT * FROM orders WHERE customer_id = ?",
                        {.running = 100 * kMs + shop.vary(9) * kMs, .rows = 7});
      for (int k = 0; k < 8; ++k)
        request.statement("SELECT * FROM items WHERE id = ?", {.running = 150 * kUs, .rows = 1});
      request.end();
      std::map<TraceId, std::vector<Span>> traces;
      for (Span& span : shop.reader.spans) traces[span.trace_id].push_back(std::move(span));
      for (auto& [id, members] : traces) {
        spans_made += static_cast<int64_t>(members.size());
        ++traces_made;
        if (!visit(make_trace(std::move(members)))) return {};
      }
    }
    return {};
  }
  int64_t spans_made = 0, traces_made = 0;
};

}  // namespace
}  // namespace culprit::analysis

int main() {
  using namespace culprit::analysis;
  Generator reader;
  auto begin = std::chrono::steady_clock::now();
  auto answer = why(reader, nullptr, nullptr, {});
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%lld spans, %lld traces: %.2f s wall, %.2f s CPU, %ld MB\n%s\n",
              static_cast<long long>(reader.spans_made), static_cast<long long>(reader.traces_made), took.count(),
              static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec) / 1e6,
              usage.ru_maxrss / 1024,
              answer.has_value() ? answer.value().summary.c_str() : answer.error().message.c_str());
  return answer.has_value() ? 0 : 1;
}
