#include "ingest/notation/machine.h"

#include "base/text.h"

namespace culprit::notation {

namespace {

constexpr int64_t kMostCpus = 1'000'000;

Wrong wrong(std::string_view word, std::string_view why) {
  return "'" + printable(fitted(std::string(word), 40)) + "' " + std::string(why);
}

std::optional<int64_t> milliseconds(std::string_view text) {
  auto ns = parse_decimal(text, 6, kMostMilliseconds);
  return ns && *ns >= 0 ? ns : std::nullopt;
}

// Returns the member for a time in milliseconds of a process; null: there is no such word.
int64_t* time_of(Process& process, std::string_view key) {
  if (key == "running") return &process.running_ns;
  if (key == "runnable") return &process.runnable_ns;
  return key == "throttled" ? &process.throttled_ns : nullptr;
}

std::string* text_of(Process& process, std::string_view key) {
  if (key == "service") return &process.service;
  return key == "cgroup" ? &process.cgroup : nullptr;
}

}  // namespace

std::variant<HostInfo, Wrong> parse_host(Scanner& scanner) {
  HostInfo host;
  host.name = scanner.word();
  const std::string_view range = scanner.word();
  const size_t dots = range.find("..");
  if (host.name.empty() || dots == std::string_view::npos) return Wrong("it has no name and from..to in milliseconds");
  auto from = milliseconds(range.substr(0, dots)), to = milliseconds(range.substr(dots + 2));
  if (!from || !to) return wrong(range, "is not from..to in milliseconds");
  host.started_ns = *from, host.ended_ns = *to;
  while (auto word = scanner.key_value()) {
    if (word->key == "cpus") {
      auto cpus = parse_decimal(word->value, 0, kMostCpus);
      if (!cpus || *cpus <= 0) return wrong(word->value, "is not a number of CPUs");
      host.cpus = static_cast<int32_t>(*cpus);
    } else if (word->key == "busy") {
      auto busy = milliseconds(word->value);
      if (!busy) return wrong(word->value, "is not a time in milliseconds");
      host.cpu_busy_ns = *busy;
    } else {
      return wrong(word->key, "is neither cpus nor busy");
    }
  }
  return host;
}

std::variant<Process, Wrong> parse_process(Scanner& scanner) {
  Process process;
  const std::string_view number = scanner.word();
  auto pid = parse_decimal(number, 0, INT32_MAX);
  if (!pid || *pid <= 0) return wrong(number, "is not a pid");
  process.pid = static_cast<int32_t>(*pid);
  process.name = scanner.word();
  if (process.name.empty()) return Wrong("a process has no name");
  process.recorded = true;
  while (auto word = scanner.key_value()) {
    if (int64_t* time_ns = time_of(process, word->key)) {
      auto ns = milliseconds(word->value);
      if (!ns) return wrong(word->value, "is not a time in milliseconds");
      *time_ns = *ns;
    } else if (std::string* text = text_of(process, word->key)) {
      *text = word->value;
    } else if (word->key == "parent") {
      auto parent = parse_decimal(word->value, 0, INT32_MAX);
      if (!parent || *parent <= 0) return wrong(word->value, "is not a pid");
      process.parent_pid = static_cast<int32_t>(*parent);
    } else {
      return wrong(word->key, "is none of running, runnable, throttled, service, cgroup, parent");
    }
  }
  return process;
}

}  // namespace culprit::notation
