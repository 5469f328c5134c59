#include "load/phases.h"

#include <algorithm>

#include "load/schedule.h"

namespace load {

namespace {

// Nearest rank: the smallest value that at least `share` of all do not exceed.
int64_t quantile(const std::vector<int64_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  size_t rank = static_cast<size_t>(share * static_cast<double>(sorted.size()) + 0.999999);
  return sorted[std::min(std::max<size_t>(rank, 1), sorted.size()) - 1];
}

template <class Samples>
std::vector<int64_t> sorted_latencies(const Samples& samples) {
  std::vector<int64_t> latencies;
  for (const auto& sample : samples) latencies.push_back(sample.latency_ns);
  std::sort(latencies.begin(), latencies.end());
  return latencies;
}

std::string member(const char* name, int64_t number) {
  return std::string("\"") + name + "\": " + std::to_string(number);
}

}  // namespace

void Phases::begin(const std::string& name, int64_t now_ns, int64_t wall_ns) {
  std::lock_guard lock(mutex_);
  if (!phases_.empty()) phases_.back().end_ns = std::min(phases_.back().end_ns, now_ns);
  if (name.empty()) return;
  phases_.push_back({name, now_ns, wall_ns, INT64_MAX, {}, {}});
  phases_.back().sent.resize(operations().size());
  phases_.back().answered.resize(operations().size());
}

Phases::Phase* Phases::phase_at(int64_t intended_ns) {
  for (Phase& phase : phases_) {
    if (intended_ns >= phase.begin_ns && intended_ns < phase.end_ns) return &phase;
  }
  return nullptr;
}

void Phases::sent(int64_t intended_ns, size_t operation) {
  std::lock_guard lock(mutex_);
  if (Phase* phase = phase_at(intended_ns)) ++phase->sent[operation];
}

void Phases::answered(int64_t intended_ns, size_t operation, int64_t latency_ns, int status) {
  std::lock_guard lock(mutex_);
  if (Phase* phase = phase_at(intended_ns)) {
    phase->answered[operation].push_back({intended_ns, latency_ns, status >= 200 && status < 300});
  }
}

std::string Phases::table(const std::string& name) const {
  std::lock_guard lock(mutex_);
  std::string text;
  for (const Phase& phase : phases_) {
    if (phase.name != name) continue;
    for (size_t i = 0; i < operations().size(); ++i) {
      const std::vector<Sample>& samples = phase.answered[i];
      std::vector<int64_t> latencies = sorted_latencies(samples);
      int64_t errors = std::count_if(samples.begin(), samples.end(), [](const Sample& sample) { return !sample.ok; });
      text += std::to_string(quantile(latencies, 0.5)) + " " + std::to_string(quantile(latencies, 0.95)) + " " +
              std::to_string(phase.sent[i]) + " " + std::to_string(errors) + " " +
              std::to_string(phase.sent[i] - static_cast<int64_t>(samples.size())) + " " + operations()[i].name + "\n";
    }
  }
  return text;
}

std::string Phases::json() const {
  std::lock_guard lock(mutex_);
  std::string text = "{\"schema\": \"culprit.load/1\", \"phases\": [";
  for (const Phase& phase : phases_) {
    text += std::string(&phase == &phases_.front() ? "" : ",") + "\n  {\"name\": \"" + phase.name + "\", " +
            member("from_ns", phase.begin_wall_ns) + ", " +
            member("to_ns", phase.end_ns == INT64_MAX ? 0 : phase.begin_wall_ns + phase.end_ns - phase.begin_ns) +
            ", \"operations\": [";
    for (size_t i = 0; i < operations().size(); ++i) {
      const std::vector<Sample>& samples = phase.answered[i];
      std::vector<int64_t> latencies = sorted_latencies(samples);
      int64_t ok = std::count_if(samples.begin(), samples.end(), [](const Sample& sample) { return sample.ok; });
      text += std::string(i ? "," : "") + "\n    {\"name\": \"" + operations()[i].name + "\", " +
              member("requests", phase.sent[i]) + ", " + member("ok", ok) + ", " +
              member("errors", static_cast<int64_t>(samples.size()) - ok) + ", " +
              member("unanswered", phase.sent[i] - static_cast<int64_t>(samples.size())) + ", " +
              member("p50_ns", quantile(latencies, 0.5)) + ", " + member("p95_ns", quantile(latencies, 0.95)) + ", " +
              member("p99_ns", quantile(latencies, 0.99)) + ",\n     \"timeline\": [";
      // [time of the intended start, latency]: enough to draw, and to check every figure above.
      for (size_t at = 0; at < samples.size(); ++at) {
        int64_t wall_ns = phase.begin_wall_ns + samples[at].intended_ns - phase.begin_ns;
        text += (at ? ",[" : "[") + std::to_string(wall_ns) + "," + std::to_string(samples[at].latency_ns) + "]";
      }
      text += "]}";
    }
    text += "]}";
  }
  return text + "]}\n";
}

}  // namespace load
