// transcoder: computes on all CPUs, with `--threads` threads, until it is ended.
#include <unistd.h>

#include <cstdint>
#include <thread>

#include "shop/options.h"

namespace {

void compute() {
  // Volatile: otherwise the compiler drops a result that is never read.
  for (volatile uint64_t state = 88172645463325252ull;;) {
    state = state ^ state << 13;
    state = state ^ state >> 7;
    state = state ^ state << 17;
  }
}

}  // namespace

int main(int argc, char** argv) {
  shop::Options options(argc, argv);
  int threads = options.number("threads", 8);
  for (int i = 0; i < threads; ++i) std::thread(compute).detach();
  for (;;) pause();
}
