// unexplained: time on the path that no class claims: its place, its states, and one command that would show more.
#include "analysis/detectors/unexplained.h"

#include <algorithm>

#include "analysis/profile/database.h"
#include "analysis/trace/call.h"
#include "base/text.h"

namespace culprit::analysis {

namespace {

// A state with a smaller part of the time is not mentioned.
constexpr double kLeastState = 0.02;

struct State {
  int kind;  // index into PartTimes
  const char* name;
};
constexpr State kStates[] = {{kUnknown, "not recorded"},
                             {static_cast<int>(SectionKind::Own), "running"},
                             {static_cast<int>(SectionKind::Runnable), "ready, without a CPU"},
                             {static_cast<int>(SectionKind::Lock), "waiting for a lock"},
                             {static_cast<int>(SectionKind::Disk), "waiting for the disk"},
                             {static_cast<int>(SectionKind::Network), "waiting for the network"},
                             {static_cast<int>(SectionKind::Sleep), "sleeping"},
                             {static_cast<int>(SectionKind::Peer), "waiting for a callee that was not seen"},
                             {static_cast<int>(SectionKind::Callee), "between the two ends of the call"},
                             {static_cast<int>(SectionKind::Unexplained), "blocked, reason not recorded"}};

// Returns "running 97 %, waiting for the disk 3 %", the largest first.
std::string split_of(const PartTimes& states) {
  std::vector<std::pair<int64_t, const char*>> parts;
  for (const State& state : kStates) parts.push_back({states[static_cast<size_t>(state.kind)], state.name});
  std::stable_sort(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  const auto all = static_cast<double>(std::max<int64_t>(sum(states), 1));
  std::string text;
  for (auto [ns, name] : parts)
    if (static_cast<double>(ns) >= kLeastState * all)
      text += (text.empty() ? "" : ", ") + std::string(name) + " " + format_share(static_cast<double>(ns) / all);
  return text;
}

int longest(const PartTimes& states) {
  return static_cast<int>(std::max_element(states.begin(), states.end()) - states.begin());
}

std::string place_text(const Interner& names, const CallNode& place, const std::string& operation) {
  const std::string &service = names.text(place.service), &label = names.text(place.label);
  if (place.statement != StatementId::None) {
    const StatementName& name = names.statement(place.statement);
    const std::string server =
        names.instance(name.instance).empty() ? names.text(name.system) : names.instance(name.instance);
    return label + (server.empty() ? "" : " at " + server);
  }
  if (place.role == Role::Call) {
    const std::string& peer = names.text(place.peer);
    return "the call " + label + (peer.empty() ? "" : " to " + peer) + " from " + service;
  }
  return label == operation ? service + " itself" : label + " in " + service;
}

// Returns the place of the time: the callee if only the call was recorded.
std::string machine_of(const Interner& names, const CallNode& place) {
  if (place.statement != StatementId::None) {
    const StatementName& name = names.statement(place.statement);
    return names.text(names.text(name.instance).empty() ? name.system : name.instance);
  }
  const bool unseen = place.role == Role::Call && place.peer != TextId::Empty;
  return names.text(unseen ? place.peer : place.service);
}

// Returns the command that shows most about the unclaimed time.
std::string command_for(const Interner& names, const Unclaimed& unclaimed) {
  const std::string pid = unclaimed.pid > 0 ? std::to_string(unclaimed.pid) : "PID";
  const int state = longest(unclaimed.states);
  if (state == kUnknown || unclaimed.pid == 0)
    return "sudo culprit record -a --for 30s (on the machine of " + machine_of(names, unclaimed.place) + ")";
  switch (static_cast<SectionKind>(state)) {
    case SectionKind::Own: return "sudo perf record -g -p " + pid + " -- sleep 10";
    case SectionKind::Runnable: return "taskset -cp " + pid;
    case SectionKind::Disk: return "iostat -x 1 10";
    case SectionKind::Network:
    case SectionKind::Callee:
    case SectionKind::Peer: return "ss -tinp";
    default: return "sudo strace -f -tt -T -p " + pid;
  }
}

}  // namespace

Cause make_unexplained(const WorkloadProfile& now, const Unclaimed& unclaimed,
                       std::function<int64_t(const Request&)> left) {
  const Interner& names = now.names();
  const Operation& operation = now.operations()[unclaimed.operation];
  const std::string& name = names.text(operation.name);
  const std::string place = place_text(names, unclaimed.place, name), split = split_of(unclaimed.states);
  Cause cause;
  cause.cause = FindingClass::Unexplained;
  cause.entity = {"operation", name, "", "", "", unclaimed.pid};
  if (unclaimed.place.statement != StatementId::None) {
    const StatementName& statement = names.statement(unclaimed.place.statement);
    cause.entity.instance = names.instance(statement.instance), cause.entity.system = names.text(statement.system);
    if (names.text(statement.text) != kUnknownStatement) cause.entity.statement = names.text(statement.text);
  } else {
    cause.entity.instance = names.text(unclaimed.place.service);
  }
  // More than one mechanism fits, and none was recorded.
  cause.quality = 0.1;
  cause.pathological = true;
  cause.comparable = false;
  cause.phrase = "{share} of it is unexplained, most of that in " + place;
  cause.what = format_share(unclaimed.place_share) + " of it lies in " + place + "; of what is not explained: " + split;
  cause.evidence.push_back(observed("most lies in " + place, unclaimed.place_share, "share"));
  cause.evidence.push_back(observed("the states of it: " + split));
  cause.assuming = "all of it can be removed";
  cause.advice = command_for(names, unclaimed);
  cause.would_tell = cause.advice;
  for (int kind = 0; kind < kParts; ++kind)
    if (unclaimed.states[static_cast<size_t>(kind)] > 0)
      cause.blamed_kinds.push_back(kind == kUnknown ? SectionKind::Own : static_cast<SectionKind>(kind));
  cause.blamed = [place = unclaimed.place](const CallNode& node) {
    return node.service == place.service && node.label == place.label && node.statement == place.statement &&
           node.role == place.role;
  };
  cause.saved = [left = std::move(left)](const Request& request) {
    const int64_t ns = left(request);
    return Saved{ns, ns, 0};
  };
  return cause;
}

}  // namespace culprit::analysis
