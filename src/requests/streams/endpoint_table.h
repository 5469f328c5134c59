// EndpointTable: every end of a connection, what it speaks and which role it has.
//
// Owned by the request tracker. Bounded: when it is full, the end that was idle longest goes, a new one is never refused; ends
// that carry no requests are counted, without a row each.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "protocol/registry/registry.h"
#include "requests/input/ledger_counts.h"
#include "requests/input/stream.h"
#include "requests/input/thread.h"
#include "requests/input/wall_clock.h"
#include "requests/streams/endpoint.h"

namespace culprit::requests {

// From now on so much is to be copied of what this end sends and receives.
struct CaptureChange {
  EndpointId id = EndpointId::None;
  CapturePolicy sent, received;
};

struct EndpointOptions {
  int32_t own_pid = 0;        // the recorder's: its own connections are left out
  size_t most_ends = 65'536;  // about 4 KB each
  std::span<const Protocol> protocols = known_protocols();
};

class EndpointTable {
 public:
  EndpointTable(EndpointOptions options, HostFacts& host, const WallClock& clock, LedgerCounts& ledger);

  Endpoint* find(EndpointId id);
  const Endpoint* find(EndpointId id) const;
  Endpoint* find_latest(EndpointId id) { return latest_ && latest_->id == id ? latest_ : latest_ = find(id); }
  Endpoint* peer_of(const Endpoint& endpoint) {
    return endpoint.peer == EndpointId::None ? nullptr : find(endpoint.peer);
  }

  // An end that has to make room for a new one is handed out here: its requests end first. Null: there is room.
  Endpoint* to_make_room();
  Endpoint& open(const StreamInfo& info);
  // The end that bytes belong to.
  Endpoint& at(EndpointId id, int32_t pid);
  // Adds the segment to those that came before the protocol was known. Whether it is known now: then they are to be fed.
  bool recognise(Endpoint& endpoint, KeptSegment segment);
  // Both ends agreed to speak another protocol.
  void hand_over(Endpoint& endpoint, std::string_view protocol);
  // Asks for what the conversation needs now, if that changed.
  void update_capture(Endpoint& endpoint);
  // Its conversation's counts, into the ledger.
  void add_counts(Endpoint& endpoint);
  // It ended: its row is written, and it is forgotten, once the events of the other end have come.
  void close(Endpoint& endpoint, int64_t time_ns);
  void forget_closed(int64_t before_ns);
  void forget(Endpoint& endpoint);

  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [id, endpoint] : endpoints_) visit(*endpoint);
  }
  // Rows that are due; with `all`, those that changed at all.
  std::vector<Connection> take_rows(int64_t now_ns, bool all);
  std::vector<CaptureChange> take_capture_changes() { return std::exchange(changes_, {}); }
  bool capture_changed() const { return !changes_.empty(); }
  size_t size() const { return endpoints_.size(); }

 private:
  bool paired(EndpointId id) const;
  void speak(Endpoint& endpoint, std::string_view protocol);
  void give_up(Endpoint& endpoint);
  void leave_out(Endpoint& endpoint);
  void connect(Endpoint& endpoint, EndpointId peer);
  void set_capture(Endpoint& endpoint, const CapturePolicies& policies);
  Role role_by_port(const Endpoint& endpoint);
  void count_without_row(const Endpoint& endpoint);

  const EndpointOptions options_;
  HostFacts& host_;
  const WallClock& clock_;
  LedgerCounts& ledger_;
  Protocols protocols_;
  std::unordered_map<EndpointId, std::unique_ptr<Endpoint>> endpoints_;
  std::unordered_map<uint64_t, EndpointId> tcp_ends_;  // by tcp_keys().own
  std::unordered_set<uint16_t> listening_;
  int64_t listening_read_ns_ = 0;
  std::deque<std::pair<int64_t, EndpointId>> closed_;  // when
  std::vector<Connection> closed_rows_;
  std::vector<CaptureChange> changes_;
  Endpoint* latest_ = nullptr;    // of the last bytes: they come in runs
  std::vector<EndpointId> idle_;  // candidates to make room, those idle longest last
};

}  // namespace culprit::requests
