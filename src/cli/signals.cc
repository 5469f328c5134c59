#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>

namespace culprit::cli {

namespace {

std::atomic<int> caught{0};
std::atomic<bool> stop{false}, recording{false};
CancelToken token;

// timeout(1) sends its signal to a process and immediately to its group: both are one request, not a second Ctrl-C.
constexpr int64_t kSameRequestNs = 200'000'000;
std::atomic<int64_t> caught_ns{0};

void on_signal(int number) {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);  // safe in a signal handler (POSIX)
  int64_t now_ns = now.tv_sec * 1'000'000'000 + now.tv_nsec;
  bool first = recording ? !stop.exchange(true) : caught.exchange(number) == 0;
  if (!first) {
    if (now_ns - caught_ns < kSameRequestNs) return;
    _exit(128 + number);
  }
  caught_ns = now_ns;
  if (recording) return;
  stop = true;
  token.request();
}

}  // namespace

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);  // also if a shell's background job ignores it, so that `kill -INT` works
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction inherited = {};
  bool nohup = sigaction(SIGHUP, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN;
  if (!nohup) sigaction(SIGHUP, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int stop_signal() { return caught; }
const CancelToken& stop_token() { return token; }
const std::atomic<bool>& stop_requested() { return stop; }

EndsRecording::EndsRecording() { recording = true; }
EndsRecording::~EndsRecording() { recording = false; }

}  // namespace culprit::cli
