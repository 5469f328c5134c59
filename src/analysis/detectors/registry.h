// The registry of detectors: the list, their order, and which of two causes wins if both explain the same time.
#pragma once

#include <span>
#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

struct Detector {
  FindingClass finding_class;
  // Lower values run first; their results are passed to the later detectors.
  int precedence;
  std::vector<Cause> (*find)(const DetectorInput&);  // null from kOfTheRest on
  // Calls that are stuck in such a cause keep a connection or a worker busy, for which other requests queue. Pauses
  // between attempts, serial calls and failures keep none busy.
  bool holds_others_up;
};

// From this precedence on: time that no finding has claimed, by the completeness rule, after the ranking.
constexpr int kOfTheRest = 1000;

// Sorted by precedence.
std::span<const Detector> detectors();
const Detector& detector_of(FindingClass finding_class);

enum class Stage : uint8_t {
  Found,          // any two causes, as soon as both are known
  SameOperation,  // the winner is a finding, and the loser costs most in the same operation
  Finding,        // the winner is a finding
  Stuck,  // the winner is a finding, or keeps a few calls stuck for most of the recording; the loser is a finding
};
enum class Outcome : uint8_t {
  Drop,    // the loser is no longer a candidate
  Demote,  // the loser is no finding; it may still be the next best explanation
  Take,    // the loser's time goes to the winner; if neither is a finding yet, the loser is dropped
};

// If `applies` returns true, the winner explains the evidence of the loser.
struct Precedence {
  const char* why;
  Stage stage;
  Outcome outcome;
  bool (*applies)(const DetectorInput& input, const Cause& winner, const Cause& loser);
};

// In the order in which they are tried.
std::span<const Precedence> precedences();

// Returns what all detectors find, after the precedences of stage Found.
std::vector<Cause> detect(DetectorInput input);

}  // namespace culprit::analysis
