#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

namespace culprit::cli {

namespace {

std::atomic<int> caught{0};
std::atomic<bool> stop{false};
CancelToken token;

void on_signal(int number) {
  if (caught.exchange(number) != 0) _exit(128 + number);
  stop = true;
  token.request();
}

}  // namespace

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

int stop_signal() { return caught; }
const CancelToken& stop_token() { return token; }
const std::atomic<bool>& stop_requested() { return stop; }

}  // namespace culprit::cli
