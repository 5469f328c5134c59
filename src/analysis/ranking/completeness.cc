#include "analysis/ranking/completeness.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "analysis/detectors/unexplained.h"
#include "analysis/profile/database.h"

namespace culprit::analysis {

namespace {

// The thresholds of the rule, as in docs/formats/answer.md, "Completeness".
constexpr int64_t kFewestRequests = 20;
constexpr int64_t kSlowNs = 100'000'000, kNotFastNs = 20'000'000;
constexpr int64_t kTimesMedian = 5;
constexpr double kOneTakes = 0.8;
constexpr double kUnclaimedShare = 0.2;
// A candidate that explains less of the remaining time does not explain it.
constexpr double kExplains = 0.5;
// If a service's threads are runnable without a CPU for this part of its running time, they queue for a CPU.
constexpr int64_t kQueuesShare = 5;
// A long poll ends when an event comes, or after a fixed time limit: at least one second, and a multiple of half a
// second. These shares of its requests must end within a fiftieth of the constant, and well before it.
constexpr int64_t kHalfSecondNs = 500'000'000;
constexpr double kAtTheConstant = 0.1, kWithNews = 0.2;
constexpr int64_t kConstantShare = 50;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Returns the words of a name: "/flags.Service/EventStream" gives flags, service, event, stream.
std::set<std::string> words_of(std::string_view name) {
  std::set<std::string> words;
  std::string word;
  auto end = [&] {
    if (!word.empty()) words.insert(lower(word));
    word.clear();
  };
  for (size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool hump = std::isupper(c) && i > 0 && std::islower(static_cast<unsigned char>(name[i - 1]));
    if (!std::isalnum(c) || hump) end();
    if (std::isalnum(c)) word += static_cast<char>(c);
  }
  end();
  return words;
}

// Returns whether a name means that the operation waits for events.
bool says_that_it_waits(const std::string& name) {
  const std::set<std::string> words = words_of(name);
  for (const char* word : {"poll", "longpoll", "subscribe", "subscription", "psubscribe", "watch", "listen", "stream",
                           "streaming", "websocket", "sse", "notifications"})
    if (words.contains(word)) return true;
  return false;
}

struct Group {  // of nodes that a reader takes for one place
  TextId service, label;
  StatementId statement;
  Role role;
  auto operator<=>(const Group&) const = default;
};
Group group_of(const CallNode& node) { return {node.service, node.label, node.statement, node.role}; }

bool is_running(const CallNode& node, int kind) {
  return kind == static_cast<int>(SectionKind::Own) && node.statement == StatementId::None;
}

// The time of an operation that findings claim: kinds of time for each node, and the claimed time of each request.
struct Claim {
  std::vector<uint16_t> kinds;  // one bit for each kind of PartTimes; index: the node's number in Judged
  std::vector<int64_t> most_ns;
};
static_assert(kParts <= 16);
constexpr uint16_t bit(int kind) { return static_cast<uint16_t>(1u << kind); }

// One operation, judged by the rule.
class Judged {
 public:
  Judged(const DetectorInput& input, size_t index)
      : input_(input), names_(input.now.names()), operation_(input.now.operations()[index]), index_(index) {
    measure();
  }

  bool is_slow() const {
    if (operation_.requests < kFewestRequests || path_ns_ <= 0) return false;
    const Distribution latencies(operation_.latencies);
    const int64_t p95_ns = latencies.quantile(0.95);
    if (p95_ns >= kSlowNs) return true;
    return p95_ns >= kNotFastNs && (p95_ns >= kTimesMedian * latencies.quantile(0.5) || one_takes_most());
  }

  Claim nothing() const {
    return {std::vector<uint16_t>(nodes_.size(), 0), std::vector<int64_t>(operation_.kept.size(), 0)};
  }

  // Returns the claim of `cause` in addition to `claim`.
  void add(Claim& claim, const Cause& cause) const {
    for (size_t i = 0; i < nodes_.size(); ++i) {
      const CallNode& node = names_.node(nodes_[i]);
      for (int kind = 0; kind < kParts; ++kind)
        if (cause.blames(node, kind == kUnknown ? SectionKind::Own : static_cast<SectionKind>(kind)))
          claim.kinds[i] |= bit(kind);
    }
    for (size_t i = 0; i < operation_.kept.size(); ++i) claim.most_ns[i] += cause.saved(operation_.kept[i]).most_ns;
  }

  // Returns the time of a request that is neither claimed by findings nor excepted.
  int64_t left_of(size_t request, const Claim& claim) const {
    int64_t left = 0;
    const Request& kept = operation_.kept[request];
    size_t part = first_part_[request];
    for (const Part& each : kept.parts) {
      const size_t node = part_nodes_[part++];
      const uint16_t open = counted_[node] & static_cast<uint16_t>(~claim.kinds[node]);
      for (int kind = 0; kind < kParts; ++kind)
        if (open & bit(kind)) left += std::max<int64_t>(each.ns[static_cast<size_t>(kind)], 0);
    }
    return std::clamp<int64_t>(left, 0, std::max<int64_t>(kept.duration_ns - claim.most_ns[request], 0));
  }

  double left_share(const Claim& claim) const {
    double left = 0;
    for (size_t i = 0; i < operation_.kept.size(); ++i)
      left += static_cast<double>(left_of(i, claim)) * static_cast<double>(operation_.kept[i].weight);
    return left / path_ns_;
  }

  Unclaimed unclaimed(const Claim& claim) const {
    Unclaimed found;
    found.operation = index_, found.share = left_share(claim);
    std::map<Group, double> places;
    for (size_t i = 0; i < operation_.kept.size(); ++i) {
      size_t at = first_part_[i];
      for (const Part& part : operation_.kept[i].parts) {
        const size_t node = part_nodes_[at++];
        double& place_ns = places[group_of(names_.node(nodes_[node]))];
        for (int kind = 0; kind < kParts; ++kind) {
          const int64_t more = part.ns[static_cast<size_t>(kind)];
          if (more <= 0 || !(counted_[node] & bit(kind)) || (claim.kinds[node] & bit(kind))) continue;
          place_ns += static_cast<double>(more) * static_cast<double>(operation_.kept[i].weight);
          found.states[static_cast<size_t>(kind)] += more * operation_.kept[i].weight;
        }
      }
    }
    auto most = std::max_element(places.begin(), places.end(),
                                 [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == places.end()) return found;
    const Group& group = most->first;
    found.place.service = group.service, found.place.label = group.label;
    found.place.statement = group.statement, found.place.role = group.role;
    for (NodeId id : nodes_)
      if (group_of(names_.node(id)) == group && names_.node(id).peer != TextId::Empty)
        found.place.peer = names_.node(id).peer;
    found.place_share = most->second / path_ns_;
    found.pid = pid_of(names_.text(group.service));
    return found;
  }

 private:
  void measure() {
    for (const Request& request : operation_.kept) {
      const auto weight = static_cast<double>(request.weight);
      path_ns_ += weight * static_cast<double>(request.duration_ns);
      first_part_.push_back(part_nodes_.size());
      for (const Part& part : request.parts) {
        const CallNode& node = names_.node(part.node);
        auto [number, fresh] = numbers_.emplace(part.node, nodes_.size());
        if (fresh) nodes_.push_back(part.node);
        part_nodes_.push_back(static_cast<uint32_t>(number->second));
        running_ns_[node.service] += of(part.ns, SectionKind::Own);
        ready_ns_[node.service] += of(part.ns, SectionKind::Runnable);
      }
    }
    if (says_that_it_waits(names_.text(operation_.name)) || is_long_poll()) waits_by_itself_ = true;
    for (NodeId id : nodes_) {
      counted_.push_back(0);
      for (int kind = 0; kind < kParts; ++kind)
        if (counts(names_.node(id), kind)) counted_.back() |= bit(kind);
    }
  }

  // A sleep in the program also ends after a constant time, but then no request ends earlier.
  bool is_long_poll() const {
    const int64_t longest_ns = Distribution(operation_.latencies).quantile(1);
    const int64_t constant_ns = longest_ns / kHalfSecondNs * kHalfSecondNs;
    const int64_t near_ns = constant_ns / kConstantShare;
    if (constant_ns < 2 * kHalfSecondNs || longest_ns > constant_ns + near_ns) return false;
    int64_t at = 0, between = 0, all = 0;
    for (const Request& request : operation_.kept) {
      all += request.weight;
      if (request.duration_ns >= constant_ns - near_ns) {
        if (request.failure || request.unfinished) return false;
        at += request.weight;
      } else if (request.duration_ns >= constant_ns / 20 && request.duration_ns <= constant_ns - constant_ns / 20) {
        between += request.weight;
      }
    }
    const auto requests = static_cast<double>(all);
    return static_cast<double>(at) >= kAtTheConstant * requests && static_cast<double>(between) >= kWithNews * requests;
  }

  bool one_takes_most() const {
    std::map<Group, double> children;
    std::map<int, double> waits;
    for (const Request& request : operation_.kept)
      for (const Part& part : request.parts) {
        const CallNode& node = names_.node(part.node);
        for (int kind = 0; kind < kParts; ++kind) {
          const double ns =
              static_cast<double>(part.ns[static_cast<size_t>(kind)]) * static_cast<double>(request.weight);
          if (node.parent != NodeId::None) children[group_of(node)] += ns;
          if (kind != static_cast<int>(SectionKind::Own) && kind != kUnknown) waits[kind] += ns;
        }
      }
    auto much = [&](const auto& entry) { return entry.second >= kOneTakes * path_ns_; };
    return std::any_of(children.begin(), children.end(), much) || std::any_of(waits.begin(), waits.end(), much);
  }

  // Returns whether time of this kind counts (is not excepted).
  bool counts(const CallNode& node, int kind) const {
    if (is_running(node, kind)) {
      auto ready = ready_ns_.find(node.service);
      return ready != ready_ns_.end() && ready->second * kQueuesShare >= running_ns_.at(node.service);
    }
    const bool runs_or_queues =
        kind == static_cast<int>(SectionKind::Own) || kind == static_cast<int>(SectionKind::Runnable);
    if (runs_or_queues) return true;
    if (waits_by_itself_ && node.role != Role::Call && node.statement == StatementId::None) return false;
    const std::string& label = names_.text(node.label);
    if (node.statement != StatementId::None) return !blocks_until_news(label);
    return !says_that_it_waits(label);
  }

  int32_t pid_of(const std::string& service) const {
    const Process* found = nullptr;
    for (const Process& process : input_.now.facts().processes) {
      if (!input_.now.participants().contains(process.pid)) continue;
      if ((process.service.empty() ? process.name : process.service) != service) continue;
      if (found == nullptr || process.running_ns > found->running_ns) found = &process;
    }
    return found == nullptr ? 0 : found->pid;
  }

  const DetectorInput& input_;
  const Interner& names_;
  const Operation& operation_;
  size_t index_;
  double path_ns_ = 0;
  std::map<TextId, int64_t> running_ns_, ready_ns_;
  bool waits_by_itself_ = false;
  // The numbered nodes of the operation's requests, the number of the node of each part (request after request), and
  // the kinds of a node's time that are not excepted.
  std::vector<NodeId> nodes_;
  std::unordered_map<NodeId, size_t> numbers_;
  std::vector<uint32_t> part_nodes_;
  std::vector<size_t> first_part_;  // index: request
  std::vector<uint16_t> counted_;
};

// A candidate for a finding of one operation. It is measured once and may be examined several times.
struct Candidate {
  Ranked* entry;
  Claim claim;
  std::optional<Impact> impact;
};

bool is_candidate(const Ranked& entry) {
  return !entry.finding && !entry.explained && (entry.cause.pathological || entry.cause.exempt);
}

// The likely saving counts, not the mechanism's time: a few slow calls do not explain the ordinary ones.
bool is_worth(const Candidate& candidate, const Operation& operation) {
  return candidate.impact->affected >= kFewestAffected &&
         candidate.impact->saved_ns >= kUnclaimedShare * static_cast<double>(operation.total_ns);
}

// Returns the candidate that explains most of the remaining time, if it explains at least half of it; null: none.
Candidate* best_candidate(const DetectorInput& input, const Judged& judged, size_t operation, const Claim& claimed,
                          double left, std::vector<Candidate>& candidates) {
  Candidate* best = nullptr;
  double best_gain = kExplains * left;
  for (Candidate& candidate : candidates) {
    if (candidate.entry->finding) continue;
    Claim with = claimed;
    for (size_t i = 0; i < with.kinds.size(); ++i) with.kinds[i] |= candidate.claim.kinds[i];
    for (size_t i = 0; i < with.most_ns.size(); ++i) with.most_ns[i] += candidate.claim.most_ns[i];
    const double gain = left - judged.left_share(with);
    if (gain < best_gain) continue;
    if (!candidate.impact) candidate.impact = measure_impact(candidate.entry->cause, input.now, operation, nullptr, 0);
    if (!is_worth(candidate, input.now.operations()[operation])) continue;
    best = &candidate, best_gain = gain;
  }
  return best;
}

// Makes candidates findings if they explain the remaining time of an operation; returns the claims of all findings.
Claim claim_of_findings(const DetectorInput& input, const Judged& judged, size_t operation,
                        std::vector<Ranked>& ranked) {
  Claim claimed = judged.nothing();
  for (const Ranked& entry : ranked)
    if (entry.finding) judged.add(claimed, entry.cause);
  double left = judged.left_share(claimed);
  if (left < kUnclaimedShare || input.before != nullptr) return claimed;
  std::vector<Candidate> candidates;
  for (Ranked& entry : ranked) {
    if (!is_candidate(entry)) continue;
    candidates.push_back({&entry, judged.nothing(), {}});
    judged.add(candidates.back().claim, entry.cause);
  }
  const auto all_ns = static_cast<double>(std::max<int64_t>(input.now.path_ns(), 1));
  while (left >= kUnclaimedShare) {
    Candidate* best = best_candidate(input, judged, operation, claimed, left, candidates);
    if (best == nullptr) break;
    Ranked& entry = *best->entry;
    entry.finding = true;
    entry.impact = *best->impact;
    entry.score = std::clamp(entry.impact.saved_ns / all_ns, 0.0, 1.0) * entry.cause.quality *
                  (entry.impact.comparable ? 1 : kNoComparable);
    judged.add(claimed, entry.cause);
    left = judged.left_share(claimed);
  }
  return claimed;
}

}  // namespace

void complete(const DetectorInput& input, std::vector<Ranked>& ranked) {
  std::vector<Ranked> rest;
  const auto all_ns = static_cast<double>(std::max<int64_t>(input.now.path_ns(), 1));
  for (size_t index = 0; index < input.now.operations().size() && !input.cancelled(); ++index) {
    const Judged judged(input, index);
    if (!judged.is_slow()) continue;
    const Claim claimed = claim_of_findings(input, judged, index, ranked);
    if (judged.left_share(claimed) < kUnclaimedShare) continue;
    std::unordered_map<const Request*, int64_t> left_ns;  // requests are not moved during the ranking
    const std::vector<Request>& kept = input.now.operations()[index].kept;
    for (size_t i = 0; i < kept.size(); ++i) left_ns[&kept[i]] = judged.left_of(i, claimed);
    Ranked unexplained;
    unexplained.cause = make_unexplained(input.now, judged.unclaimed(claimed), [left_ns](const Request& request) {
      auto found = left_ns.find(&request);
      return found == left_ns.end() ? 0 : found->second;
    });
    unexplained.impact = measure_impact(unexplained.cause, input.now, index, nullptr, 0);
    unexplained.score = std::clamp(unexplained.impact.saved_ns / all_ns, 0.0, 1.0) * unexplained.cause.quality;
    unexplained.finding = true;
    rest.push_back(std::move(unexplained));
  }
  for (Ranked& entry : rest) ranked.push_back(std::move(entry));
}

}  // namespace culprit::analysis
