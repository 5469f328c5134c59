#include "analysis/detectors/registry.h"

#include <algorithm>

#include "base/check.h"

namespace culprit::analysis {

namespace {

constexpr Detector kDetectors[] = {
    {FindingClass::SlowStatement, 10, find_slow_statements, true},
    {FindingClass::LockWait, 20, find_lock_waits, true},
    {FindingClass::FsyncStorm, 30, find_fsync_storms, true},
    {FindingClass::NPlusOne, 40, find_n_plus_one, true},
    {FindingClass::ChattyCalls, 42, find_chatty_calls, true},
    {FindingClass::PollWait, 44, find_poll_waits, false},
    {FindingClass::PoolWait, 46, find_pool_waits, true},
    {FindingClass::CpuSaturation, 50, find_cpu_saturation, true},
    {FindingClass::CpuThrottled, 60, find_cpu_throttled, true},
    {FindingClass::DependencySlow, 70, find_slow_dependencies, true},
    {FindingClass::CpuBound, 80, find_cpu_bound, true},
    {FindingClass::BadInstance, 90, find_bad_instances, true},
    {FindingClass::NetworkDelay, 100, find_network_delays, true},
    {FindingClass::RetryStorm, 110, find_retry_storms, false},
    {FindingClass::Exception, 120, find_exceptions, false},
    {FindingClass::ErrorReturn, 130, find_error_returns, false},
    {FindingClass::SerialCalls, 140, find_serial_calls, false},
    {FindingClass::Unexplained, kOfTheRest, nullptr, false},
};
static_assert(std::is_sorted(std::begin(kDetectors), std::end(kDetectors),
                             [](const Detector& a, const Detector& b) { return a.precedence < b.precedence; }));

// Adds the loser's time to the winner, with an evidence line.
void take(Cause& winner, const Cause& loser) {
  winner.evidence.push_back(observed("others wait for the lock that it holds meanwhile: " + loser.entity.name));
  winner.saved = [own = winner.saved, more = loser.saved](const Request& request) {
    return own(request) + more(request);
  };
  winner.blamed = [own = winner.blamed, more = loser.blamed](const CallNode& node) { return own(node) || more(node); };
}

void settle(const DetectorInput& input, std::vector<Cause>& causes) {
  for (const Precedence& rule : precedences()) {
    if (rule.stage != Stage::Found) continue;
    std::vector<bool> lost(causes.size(), false);
    for (size_t loser = 0; loser < causes.size(); ++loser)
      for (size_t winner = 0; winner < causes.size() && !lost[loser]; ++winner) {
        if (winner == loser || lost[winner] || !rule.applies(input, causes[winner], causes[loser])) continue;
        lost[loser] = true;
        if (rule.outcome == Outcome::Take) take(causes[winner], causes[loser]);
      }
    size_t at = 0;
    std::erase_if(causes, [&](const Cause&) { return lost[at++]; });
  }
}

}  // namespace

std::span<const Detector> detectors() { return kDetectors; }

const Detector& detector_of(FindingClass finding_class) {
  const Detector* found = std::find_if(std::begin(kDetectors), std::end(kDetectors), [&](const Detector& detector) {
    return detector.finding_class == finding_class;
  });
  CHECK(found != std::end(kDetectors), "a cause's class has a detector");
  return *found;
}

std::vector<Cause> detect(DetectorInput input) {
  std::vector<Cause> causes;
  input.found = &causes;
  for (const Detector& detector : kDetectors) {
    if (detector.precedence >= kOfTheRest || input.cancelled()) break;
    std::vector<Cause> more = detector.find(input);
    causes.insert(causes.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  settle(input, causes);
  return causes;
}

}  // namespace culprit::analysis
