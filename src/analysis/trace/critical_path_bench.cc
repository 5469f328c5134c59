// Checks and times the critical path of every trace of a store: `analysis_critical_path_bench [STORE]`. Without a
// store, it uses two traces of a million spans, one of them deep, the other wide.
//
// The check does not use the walk's code: sections follow one another, each lies within its span and the root, and they
// sum to the root. Prints one line of JSON; the exit status is 1 if a trace is wrong.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <set>

#include "analysis/trace/critical_path.h"
#include "analysis/trace/random_traces_testing.h"
#include "store/interface/open.h"

namespace culprit::analysis {
namespace {

double cpu_s() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

bool sums_to_root(const Trace& trace, const std::vector<Section>& sections) {
  const Span& root = trace.spans[trace.root()];
  int64_t at_ns = root.start_ns;
  for (const Section& section : sections) {
    const Span& span = trace.spans[section.span];
    bool follows = section.start_ns == at_ns && section.end_ns > section.start_ns;
    if (!follows || section.start_ns < span.start_ns || section.end_ns > span.end_ns()) return false;
    at_ns = section.end_ns;
  }
  return at_ns - root.start_ns == std::max<int64_t>(root.duration_ns, 0);
}

struct Counts {
  int64_t spans = 0, traces = 0, right = 0, sections = 0;
  int64_t orphans = 0, cycles = 0, escaping = 0, several_roots = 0;  // numbers of traces that have at least one
  double path_s = 0;

  void observe(const Trace& trace) {
    ++traces, spans += static_cast<int64_t>(trace.spans.size());
    std::set<std::string_view> kinds;
    for (const Trace::Defect& defect : trace.defects) kinds.insert(defect.kind);
    orphans += kinds.contains("orphan_local") || kinds.contains("orphan_remote");
    cycles += kinds.contains("cycle") || kinds.contains("self_parent");
    escaping += kinds.contains("child_outside");
    several_roots += trace.roots.size() > 1;
    double begin = cpu_s();
    std::vector<Section> path = critical_path(trace, trace.root());
    path_s += cpu_s() - begin;
    sections += static_cast<int64_t>(path.size());
    if (sums_to_root(trace, path))
      ++right;
    else
      std::fprintf(stderr, "wrong: %s\n", to_hex(trace.id).c_str());
  }
};

int of_a_million(bool deep) {
  constexpr int64_t kSpans = 1'000'000;
  std::vector<Span> spans;
  spans.reserve(kSpans);
  spans.push_back(tree_span(1, 0, 0, 10 * kSpans));
  for (int64_t i = 1; i < kSpans; ++i) {
    auto id = static_cast<uint64_t>(i);
    spans.push_back(deep ? tree_span(id + 1, id, i, 10 * kSpans - i) : tree_span(id + 1, 1, i * 10, i * 10 + 5));
  }
  Counts counts;
  counts.observe(make_trace(std::move(spans)));
  std::printf("a million spans %s: %s, %.2f s CPU\n", deep ? "deep" : "wide", counts.right ? "right" : "wrong",
              counts.path_s);
  return counts.right == 1 ? 0 : 1;
}

}  // namespace
}  // namespace culprit::analysis

int main(int argc, char** argv) {
  using namespace culprit;
  if (argc == 1) return analysis::of_a_million(true) | analysis::of_a_million(false);
  auto reader = open_reader(argv[1]);
  if (!reader.has_value()) return std::fprintf(stderr, "%s\n", reader.error().message.c_str()), 3;
  analysis::Counts counts;
  double begin = analysis::cpu_s();
  auto read = reader.value()->for_each_trace(INT64_MIN, INT64_MAX, [&](Trace trace) {
    counts.observe(trace);
    return true;
  });
  if (!read.has_value()) return std::fprintf(stderr, "%s\n", read.error().message.c_str()), 3;
  auto count = [](int64_t n) { return static_cast<long long>(n); };
  std::printf(
      "{\"spans\": %lld, \"traces\": %lld, \"right\": %lld, \"sections\": %lld, \"with_orphans\": %lld, "
      "\"with_cycles\": %lld, \"with_escaping_children\": %lld, \"with_several_roots\": %lld, \"cpu_s\": %.2f, "
      "\"path_cpu_s\": %.2f}\n",
      count(counts.spans), count(counts.traces), count(counts.right), count(counts.sections), count(counts.orphans),
      count(counts.cycles), count(counts.escaping), count(counts.several_roots), analysis::cpu_s() - begin,
      counts.path_s);
  return counts.right == counts.traces ? 0 : 1;
}
