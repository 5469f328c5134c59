// Measures writing, sealing and reading: spans per CPU-second and bytes per span. `store_store_bench [SPANS]
// [DIRECTORY]`
#include <sys/resource.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/tree.h"
#include "store/files/file.h"
#include "store/files/layout.h"
#include "store/interface/open.h"

namespace culprit {
namespace {

struct Clock {
  double cpu_s, wall_s;
};
Clock now() {
  timespec cpu, wall;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  clock_gettime(CLOCK_MONOTONIC, &wall);
  auto seconds = [](timespec t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9; };
  return {seconds(cpu), seconds(wall)};
}

void report(const char* what, Clock from, size_t spans) {
  Clock to = now();
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  std::printf("%-10s %6.2f CPU s  %6.2f s  %8.0f spans/CPU s  peak %ld MB\n", what, to.cpu_s - from.cpu_s,
              to.wall_s - from.wall_s, static_cast<double>(spans) / (to.cpu_s - from.cpu_s), usage.ru_maxrss / 1024);
}

// Makes traces of 8 spans over six services, with 9 to 12 attributes each, some with many values, as in a web shop.
class Shop {
 public:
  Batch batch(size_t spans) {
    Batch batch;
    for (const char* service : {"frontend", "cart", "checkout", "payment", "catalogue", "shipping"}) {
      Resource resource;
      resource.service = service;
      for (int i = 0; i < 13; ++i)
        resource.attributes.push_back({"resource.key." + std::to_string(i), std::string(service) + "-value"});
      batch.resources.push_back(resource);
    }
    while (batch.spans.size() < spans) add_trace(batch);
    batch.received.push_back({"bench", "span", static_cast<int64_t>(batch.spans.size())});
    return batch;
  }

 private:
  void add_trace(Batch& batch) {
    TraceId id{random_(), random_()};
    start_ns_ += static_cast<int64_t>(random_() % 2'000'000);
    uint64_t parent = 0;
    for (uint32_t i = 0; i < 8; ++i) {
      Span span;
      span.trace_id = id, span.span_id = random_(), span.parent_span_id = parent, span.resource = i % 6;
      span.service = batch.resources[span.resource].service, span.name = "operation " + std::to_string(i),
      span.source = "otlp";
      span.kind = i % 2 ? SpanKind::Client : SpanKind::Server, span.link = LinkHow::Reported;
      span.start_ns = start_ns_ + static_cast<int64_t>(i * 10'000 + random_() % 5'000);
      span.duration_ns = 1'000'000 + static_cast<int64_t>(random_() % 3'000'000);
      span.attributes = {{"http.request.method", std::string("GET")},
                         {"http.route", "/api/" + std::to_string(i)},
                         {"url.path", "/api/" + std::to_string(i) + "/" + std::to_string(random_() % 5000)},
                         {"http.response.status_code", int64_t{200}},
                         {"client.address", "10.0.0." + std::to_string(random_() % 250)},
                         {"user.id", "user-" + std::to_string(random_() % 100'000)},
                         {"server.port", int64_t{8080}},
                         {"network.protocol.version", std::string("1.1")},
                         {"thread.id", static_cast<int64_t>(random_() % 32)}};
      if (i % 2) span.attributes.push_back({"db.query.text", "SELECT * FROM t" + std::to_string(i) + " WHERE id = ?"});
      if (i % 3 == 0) span.attributes.push_back({"cache.hit", random_() % 2 == 0});
      batch.spans.push_back(std::move(span));
      if (parent == 0 || random_() % 2) parent = batch.spans.back().span_id;
    }
  }
  std::mt19937_64 random_{1};
  int64_t start_ns_ = 1'700'000'000'000'000'000;
};

int run(size_t spans, const std::string& path) {
  constexpr size_t kBatch = 8'000;
  Shop shop;
  auto writer = open_writer(path);
  if (!writer.has_value()) return std::fprintf(stderr, "%s\n", writer.error().message.c_str()), 1;
  size_t written = 0;
  double cpu_s = 0;
  Clock began = now();
  while (written < spans) {
    Batch batch = shop.batch(kBatch);
    written += batch.spans.size();
    Clock before = now();
    if (!writer.value()->push(std::move(batch)).has_value() || !writer.value()->flush().has_value()) return 1;
    cpu_s += now().cpu_s - before.cpu_s;
  }
  std::printf("%-10s %6.2f CPU s, of which the making of spans is left out (%.2f s wall with it)\n", "journal", cpu_s,
              now().wall_s - began.wall_s);
  if (!writer.value()->close().has_value()) return 1;
  Layout layout{path};
  uint64_t journal_bytes = 0, segment_bytes = 0;
  std::vector<std::string> names = list_directory(layout.journal()).value();
  for (const std::string& name : names)
    journal_bytes += File::open(layout.journal_file(name), 0).value().size().value();

  Clock before = now();
  auto reader = open_reader(path);
  if (!reader.has_value()) return std::fprintf(stderr, "%s\n", reader.error().message.c_str()), 1;
  report("seal", before, written);
  double sealed_s = cpu_s + now().cpu_s - before.cpu_s;
  names = list_directory(layout.segments()).value();
  for (const std::string& name : names) segment_bytes += File::open(layout.segment(name), 0).value().size().value();
  std::printf("%-10s %8.0f spans/CPU s from push to sealed; %.1f bytes/span in the journal, %.1f sealed\n", "both",
              static_cast<double>(written) / sealed_s,
              static_cast<double>(journal_bytes) / static_cast<double>(written),
              static_cast<double>(segment_bytes) / static_cast<double>(written));
  before = now();
  size_t read = 0;
  auto all = reader.value()->for_each_trace(0, std::numeric_limits<int64_t>::max(),
                                            [&](const Trace& trace) { return read += trace.spans.size(), true; });
  if (!all.has_value()) return std::fprintf(stderr, "%s\n", all.error().message.c_str()), 1;
  report("read all", before, read);
  before = now();
  auto count = reader.value()->sql("SELECT service, count(*) FROM span GROUP BY ALL", {});
  report("sql", before, written);
  return read == written && count.has_value() ? 0 : 1;
}

}  // namespace
}  // namespace culprit

int main(int argc, char** argv) {
  auto directory = culprit::TemporaryDirectory::create("store-bench");
  if (!directory.has_value()) return 1;
  size_t spans = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 400'000;
  return culprit::run(spans, argc > 2 ? argv[2] : directory.value().path() + "/bench.culprit");
}
