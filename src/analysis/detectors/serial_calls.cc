// serial_calls: a caller makes calls of several kinds one after the other, although they do not depend on each other:
// in the baseline they ran concurrently. Without a baseline nothing is found.
//
//   before  ├─────────────┤         now  ├──────────────────────────┤
//             ├── a ────┤                  ├── a ────┤
//             ├── b ──┤                               ├── b ──┤
#include <algorithm>
#include <map>

#include "analysis/detectors/detector.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// Calls that overlap for at least a fifth of their time are concurrent; calls that overlap for less than a twentieth
// are serial.
constexpr double kSideBySide = 0.8, kSerial = 0.95;

struct FanOutStats {
  std::vector<FanOut> all;
  // Returns, for handlings with this many calls, the share of the calls' summed time that is elapsed time.
  double spread(int64_t calls) const {
    int64_t sum = 0, covered = 0;
    for (const FanOut& fan : all)
      if (fan.calls == calls) sum += fan.sum_ns, covered += fan.union_ns;
    return sum > 0 ? static_cast<double>(covered) / static_cast<double>(sum) : 1;
  }
  int64_t usual_calls() const {
    std::vector<int64_t> calls;
    for (const FanOut& fan : all) calls.push_back(fan.calls);
    return median(calls);
  }
};

std::map<NodeId, FanOutStats> gather(const WorkloadProfile& profile) {
  std::map<NodeId, FanOutStats> nodes;
  for (const Operation& operation : profile.operations())
    for (const Request& request : operation.kept)
      for (const FanOut& fan : request.fan_outs) nodes[fan.node].all.push_back(fan);
  return nodes;
}

}  // namespace

std::vector<Cause> find_serial_calls(const DetectorInput& input) {
  std::vector<Cause> causes;
  if (input.before == nullptr) return causes;
  const Interner& names = input.now.names();
  std::map<NodeId, FanOutStats> now = gather(input.now), before = gather(*input.before);
  for (const auto& [id, fans] : now) {
    auto was = before.find(id);
    int64_t calls = fans.usual_calls();
    if (was == before.end() || was->second.spread(calls) > kSideBySide || fans.spread(calls) < kSerial) continue;
    const CallNode& node = names.node(id);
    Cause cause;
    cause.cause = FindingClass::SerialCalls;
    cause.entity = {"service", names.text(node.service), "", "", "", 0};
    cause.caller = names.text(node.service);
    cause.quality = kObserved;
    cause.pathological = true;
    cause.phrase = cause.entity.name + " makes its calls one after the other: {share} of it";
    cause.what = format_count(calls) + " calls of " + names.text(node.label) +
                 " follow one another; in the baseline they ran side by side";
    cause.evidence.push_back(observed(cause.what, static_cast<double>(calls), "1/request"));
    cause.assuming = "they run side by side, as they did";
    cause.advice = "make the calls of " + names.text(node.label) + " in " + cause.entity.name + " side by side again";
    cause.would_tell = "what changed in " + cause.entity.name;
    cause.blamed = [node](const CallNode& other) { return other == node; };
    cause.saved = [id = id](const Request& request) {
      int64_t ns = 0;
      for (const FanOut& fan : request.fan_outs)
        if (fan.node == id) ns += fan.union_ns - fan.longest_ns;
      return Saved{ns, ns, ns / 2};
    };
    causes.push_back(std::move(cause));
  }
  return causes;
}

}  // namespace culprit::analysis
