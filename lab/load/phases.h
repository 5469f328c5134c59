// Phases: what the client saw, told apart by phase. A request belongs to the phase in which it was meant to start.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace load {

class Phases {
 public:
  // From now on requests belong to `name`; empty: to none.
  void begin(const std::string& name, int64_t now_ns, int64_t wall_ns);
  // Counts a request as begun, so that what never came back is known.
  void sent(int64_t intended_ns, size_t operation);
  void answered(int64_t intended_ns, size_t operation, int64_t latency_ns, int status);

  // A line for each operation of the phase: "p50_ns p95_ns requests errors unanswered name".
  std::string table(const std::string& name) const;
  std::string json() const;

 private:
  struct Sample {
    int64_t intended_ns, latency_ns;
    bool ok;
  };
  struct Phase {
    std::string name;
    int64_t begin_ns = 0, begin_wall_ns = 0, end_ns = INT64_MAX;
    std::vector<int64_t> sent;                  // by operation
    std::vector<std::vector<Sample>> answered;  // by operation
  };

  Phase* phase_at(int64_t intended_ns);

  mutable std::mutex mutex_;
  std::vector<Phase> phases_;
};

}  // namespace load
