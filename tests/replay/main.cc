// culprit-replay FILE: recorded events from a text file, through the request tracker, as spans (tests/replay/README.md).
//
// Exit status: 0; 2 usage, or the file is not in the notation.
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "replay/notation.h"
#include "replay/print.h"

namespace culprit::replay {

namespace {

constexpr int64_t kSettleEvery = 50'000'000, kTickEvery = 1'000'000'000;  // as the recorder

class Host final : public requests::HostFacts {
 public:
  explicit Host(const Events& events) : events_(events) {}
  requests::ProcessInfo process(int32_t pid) override {
    auto found = events_.processes.find(pid);
    return found == events_.processes.end() ? requests::ProcessInfo{pid, 0, false, {}, {}} : found->second;
  }
  std::vector<uint16_t> listening_ports() override { return events_.listening_ports; }

 private:
  const Events& events_;
};

void replay(const Events& events) {
  Host host(events);
  requests::RequestTracker tracker(events.options, host);
  int64_t settled_ns = kStartMono, ticked_ns = kStartMono;
  auto pass_time = [&](int64_t now_ns) {
    for (; settled_ns + kSettleEvery <= now_ns; settled_ns += kSettleEvery) tracker.settle(settled_ns + kSettleEvery);
    for (; ticked_ns + kTickEvery <= now_ns; ticked_ns += kTickEvery) tracker.tick(ticked_ns + kTickEvery);
  };
  for (const Happening& happening : events.happenings) {
    pass_time(happening.mono_ns);
    happening.tell(tracker);
  }
  pass_time(events.end_ns);
  tracker.finish(events.end_ns, events.sleeping, {});
  std::fputs(printed(tracker).c_str(), stdout);
}

int main_of(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: culprit-replay FILE\n", stderr);
    return 2;
  }
  std::ifstream file(arguments[1], std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", arguments[1]);
    return 2;
  }
  auto events = read_events(text.str());
  if (!events.has_value()) {
    std::fprintf(stderr, "%s: %s\n", arguments[1], events.error().message.c_str());
    return 2;
  }
  replay(events.value());
  return 0;
}

}  // namespace

}  // namespace culprit::replay

int main(int count, char** arguments) { return culprit::replay::main_of(count, arguments); }
