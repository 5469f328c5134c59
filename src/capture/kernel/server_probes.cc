#include "capture/kernel/server_probes.h"

#include <algorithm>
#include <cstdio>

#include "base/clock.h"

namespace culprit::capture {
namespace {

constexpr uint64_t kJudgeEveryNs = 250'000'000;
// A measurement takes up to 5 ms of CPU, which is negligible at this interval. Repeated measurements correct one that
// was taken on a busy machine.
constexpr uint64_t kMeasureEveryNs = 30'000'000'000;

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", share * 100);
  return text;
}

// Two containers may have their servers at the same path: the key makes the name unique.
std::string link_name(const ServerProgram& program) { return program.name + " " + std::to_string(program.key); }

}  // namespace

void ServerProbes::look_at(int32_t pid) {
  auto found = finder_.look_at(pid);
  if (!found) return;
  for (const Server& known : servers_)
    if (known.program.key == found->key) return;
  Server server{.program = std::move(*found), .budget = ProbeBudget(budget_.value_or(0)), .state = {}};
  server.state.name = "pgstat_report_activity in " + server.program.name;
  // The last index counts the hits of measurements. Servers beyond the limit share the index before the last.
  server.probe = std::min<uint32_t>(static_cast<uint32_t>(servers_.size()), PROBES - 2);
  if (budget_) {
    const auto now = static_cast<uint64_t>(clock_ns(CLOCK_MONOTONIC));
    measure(server, now);
    attach(server, now);
  }
  read_memory_of(server, true);  // until the probe has reported a text
  servers_.push_back(std::move(server));
}

void ServerProbes::read_memory_of(Server& server, bool wanted) {
  wanted = wanted && server.program.variable.address != 0;
  if (wanted == server.read) return;
  server.read = wanted;
  if (wanted)
    reader_.watch(server.program);
  else
    reader_.unwatch(server.program);
}

void ServerProbes::measure(Server& server, uint64_t now_ns) {
  const ProbeSample sample = ReportServers::sample_for(server.program.first_bytes);
  auto link = programs_.link_report(sample.path, sample.offset, PROBES - 1);
  if (link.has_value()) server.budget.measured(sample.measure_ns());
  server.state.cost_ns = server.budget.price_ns();
  server.measured_ns = now_ns;
}

void ServerProbes::attach(Server& server, uint64_t now_ns) {
  auto attached = programs_.attach_report(link_name(server.program), server.program.file->path(), server.program.offset,
                                          server.probe);
  server.hits = programs_.total_counts().probe_hits[server.probe];
  if (attached.has_value()) {
    server.state.state = ProbeState::State::Attached;
    server.state.reason.clear();
    return;
  }
  server.state.state = ProbeState::State::Failed;
  server.state.reason = attached.error().message;
  server.budget.taken_off(now_ns);
}

void ServerProbes::take_off(Server& server, uint64_t now_ns) {
  programs_.detach_report(link_name(server.program));
  server.budget.taken_off(now_ns);
  server.state.state = ProbeState::State::OverBudget;
  server.state.reason = std::to_string(server.budget.last_rate()) + " hits a second of " +
                        std::to_string(server.budget.price_ns()) + " ns each are " +
                        percent(server.budget.last_share()) + " of a CPU, its budget " + percent(*budget_);
}

void ServerProbes::judge(Server& server, uint64_t hits, uint64_t now_ns, uint64_t window_ns) {
  const uint64_t fresh = hits - server.hits;
  server.hits = hits;
  switch (server.budget.judge(fresh, window_ns)) {
    case ProbeBudget::Verdict::Keep:
      if (now_ns - server.measured_ns >= kMeasureEveryNs) measure(server, now_ns);
      break;
    case ProbeBudget::Verdict::MeasureAgain: measure(server, now_ns); break;
    case ProbeBudget::Verdict::TakeOff: take_off(server, now_ns); break;
  }
}

void ServerProbes::judge_all(uint64_t now_ns) {
  const cpu_counts counts = programs_.total_counts();
  for (Server& server : servers_) {
    if (server.state.state == ProbeState::State::Attached && judged_ns_ != 0)
      judge(server, counts.probe_hits[server.probe], now_ns, now_ns - judged_ns_);
    else if (server.state.state != ProbeState::State::Attached && server.budget.retry(now_ns)) {
      measure(server, now_ns);
      attach(server, now_ns);
    }
    const bool tells = server.state.state == ProbeState::State::Attached && counts.probe_texts[server.probe] != 0;
    read_memory_of(server, !tells);
  }
  judged_ns_ = now_ns;
}

std::vector<StatementReader::Statement> ServerProbes::tick(uint64_t now_ns, uint64_t horizon_ns) {
  if (servers_.empty()) return {};
  if (budget_ && now_ns - judged_ns_ >= kJudgeEveryNs) judge_all(now_ns);
  return reader_.take(now_ns, horizon_ns);
}

std::vector<ProbeState> ServerProbes::states() const {
  const cpu_counts counts = programs_.total_counts();
  std::vector<ProbeState> states;
  for (const Server& server : servers_) {
    ProbeState state = server.state;
    if (state.state == ProbeState::State::Attached && counts.probe_texts[server.probe] == 0)
      state.reason = counts.probe_hits[server.probe] == 0
                         ? "attached, and never hit"
                         : std::to_string(counts.probe_hits[server.probe]) + " hits, none with a text";
    states.push_back(std::move(state));
  }
  return states;
}

}  // namespace culprit::capture
