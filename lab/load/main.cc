// load: an open-loop client of the gateway, and the client's side of the truth.
//
// Requests are due at their own times whatever the answers take, and a latency counts from when a request was due: a
// stalled server is seen at its full length (no coordinated omission).
//
// Commands come on stdin, a line each; every one is answered by one or more lines and a final ".":
//     phase NAME     requests due from now on belong to NAME ("phase" alone: to no phase)
//     table NAME     p50_ns p95_ns requests errors unanswered operation
//     write PATH     all phases as JSON
// The end of stdin ends the program.
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <thread>

#include "load/phases.h"
#include "load/schedule.h"
#include "shop/http_client.h"
#include "shop/options.h"

namespace {

int64_t now_ns(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000'000ll + time.tv_nsec;
}

void sleep_until(int64_t time_ns) {
  timespec time{time_ns / 1'000'000'000, time_ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR) continue;
}

[[noreturn]] void work(shop::HttpConnection& connection, load::Schedule& schedule, load::Phases& phases) {
  for (;;) {
    load::Arrival arrival = schedule.next();
    sleep_until(arrival.intended_ns);
    phases.sent(arrival.intended_ns, arrival.operation);
    shop::HttpResponse response = connection.call(arrival.method, arrival.target, arrival.body);
    phases.answered(arrival.intended_ns, arrival.operation, now_ns(CLOCK_MONOTONIC) - arrival.intended_ns,
                    response.status);
  }
}

void obey(const std::string& line, load::Phases& phases) {
  size_t space = std::min(line.find(' '), line.size());
  std::string command = line.substr(0, space), operand = line.substr(std::min(space + 1, line.size()));
  if (command == "phase") phases.begin(operand, now_ns(CLOCK_MONOTONIC), now_ns(CLOCK_REALTIME));
  if (command == "table") std::fputs(phases.table(operand).c_str(), stdout);
  if (command == "write" && !(std::ofstream(operand) << phases.json())) std::fputs("cannot write\n", stdout);
  std::fputs(".\n", stdout);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  shop::Options options(argc, argv);
  int clients = options.number("clients", 40);
  std::vector<std::unique_ptr<shop::HttpConnection>> connections;
  for (int i = 0; i < clients; ++i) {
    connections.push_back(std::make_unique<shop::HttpConnection>(options.number("port", 0)));
    int attempts = 0;
    while (!connections.back()->connect()) {
      if (++attempts == 200) shop::give_up("the gateway does not answer");
      usleep(50'000);
    }
  }
  load::Phases phases;
  // Per mille of the usual rate, for experiments.
  double factor = options.number("rate", 1000) / 1000.0;
  load::Schedule schedule(static_cast<uint64_t>(options.number("seed", 1)), factor, now_ns(CLOCK_MONOTONIC));
  for (auto& connection : connections) {
    std::thread([&] { work(*connection, schedule, phases); }).detach();
  }
  std::puts("ready");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) obey(line, phases);
  std::fflush(stdout);
  _exit(0);  // the workers still run: no destructor may run under them
}
