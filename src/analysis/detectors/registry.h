// The registry of detectors: which there are, in which order they look, and which of two causes that explain the same time wins.
#pragma once

#include <span>
#include <vector>

#include "analysis/detectors/detector.h"

namespace culprit::analysis {

struct Detector {
  FindingClass finding_class;
  // Lower looks first; what it finds is known to those after it.
  int precedence;
  std::vector<Cause> (*find)(const DetectorInput&);  // null from kOfTheRest on
  // Calls that are stuck in such a cause keep a connection or a worker meanwhile, for which others queue. Pauses between
  // attempts, an order of calls, and failures keep none.
  bool holds_others_up;
};

// From this precedence on: what no finding has claimed, by the completeness rule, after the ranking.
constexpr int kOfTheRest = 1000;

// By precedence.
std::span<const Detector> detectors();
const Detector& detector_of(FindingClass finding_class);

enum class Stage : uint8_t {
  Found,          // any two causes, as soon as both are known
  SameOperation,  // the winner is a finding, and the loser costs most in the same operation
  Finding,        // the winner is a finding
  Stuck,  // the winner is a finding, or keeps a few calls stuck for most of the recording; the loser is a finding
};
enum class Outcome : uint8_t {
  Drop,    // the loser is no candidate any more
  Demote,  // the loser is no finding; it may still be the next best explanation
  Take,    // the loser's time goes to the winner; where both are only found, the loser is dropped
};

// Where `applies`, the winner explains what the loser was found for.
struct Precedence {
  const char* why;
  Stage stage;
  Outcome outcome;
  bool (*applies)(const DetectorInput& input, const Cause& winner, const Cause& loser);
};

// In the order in which they are tried.
std::span<const Precedence> precedences();

// What all detectors find, after the precedences of stage Found.
std::vector<Cause> detect(DetectorInput input);

}  // namespace culprit::analysis
