// Schedule: which request starts when. Open loop: arrivals come at their own times (Poisson), however slow the answers.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace load {

struct Operation {
  std::string name;  // "GET /orders/{id}"
  double per_second;
};
const std::vector<Operation>& operations();

struct Arrival {
  int64_t intended_ns = 0;  // CLOCK_MONOTONIC
  size_t operation = 0;
  std::string method, target, body;
};

// Used by all workers. Times never go back.
class Schedule {
 public:
  Schedule(uint64_t seed, double factor, int64_t start_ns);

  Arrival next();

 private:
  void describe(Arrival& arrival);
  int number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  std::mutex mutex_;
  std::mt19937_64 random_;
  const double factor_;
  std::vector<int64_t> next_ns_;  // by operation
};

}  // namespace load
