// EndpointTable: the recorded ends of connections, with their protocols and roles.
//
// The request tracker owns the table. Its size is bounded: when it is full, the end that was idle longest is removed
// for the new one. Ends without requests have no row; the ledger counts them.
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
#include "requests/input/oldest_first.h"
#include "requests/input/stream.h"
#include "requests/input/thread.h"
#include "requests/input/wall_clock.h"
#include "requests/streams/endpoint.h"

namespace culprit::requests {

// A change of the number of bytes that are to be copied of what this end sends and receives.
struct CaptureChange {
  EndpointId id = EndpointId::None;
  CapturePolicy sent, received;
};

struct EndpointOptions {
  int32_t own_pid = 0;        // the recorder's pid: its own connections are ignored
  size_t most_ends = 65'536;  // about 4 KB per end
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

  // Returns the idlest end if the table is full, else null. The caller ends its requests and then forgets it.
  Endpoint* to_make_room();
  Endpoint& open(const StreamInfo& info);
  // Returns the end with this id. Creates the end if it is new.
  Endpoint& at(EndpointId id, int32_t pid);
  // Adds a segment that arrived before the protocol was known. Returns true if the protocol is known now: the kept
  // segments can be fed.
  bool recognise(Endpoint& endpoint, KeptSegment segment);
  // Switches the end to another protocol that both ends agreed on.
  void hand_over(Endpoint& endpoint, std::string_view protocol);
  // Requests another capture policy if the conversation's needs have changed.
  void update_capture(Endpoint& endpoint);
  // Adds the counts of the end's conversation to the ledger.
  void add_counts(Endpoint& endpoint);
  // Closes an end. Its row is written and the end is removed later, because events of the peer may still arrive.
  void close(Endpoint& endpoint, int64_t time_ns);
  void forget_closed(int64_t before_ns);
  void forget(Endpoint& endpoint);

  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [id, endpoint] : endpoints_) visit(*endpoint);
  }
  // Returns the rows that are due; with `all`, every row that has changed.
  std::vector<Connection> take_rows(int64_t now_ns, bool all);
  std::vector<CaptureChange> take_capture_changes() { return std::exchange(changes_, {}); }
  bool capture_changed() const { return !changes_.empty(); }
  size_t size() const { return endpoints_.size(); }
  size_t limit() const { return options_.most_ends; }
  size_t tcp_ends() const { return tcp_ends_.size(); }

 private:
  // The ends with these addresses and ports that have not been removed.
  struct TcpEnd {
    EndpointId latest = EndpointId::None;
    uint32_t ends = 0;
    bool ambiguous = false;  // the ends are in several networks
  };
  void find_tcp_peer(Endpoint& endpoint, const StreamInfo& info);
  void leave_tcp_end(Endpoint& endpoint);
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
  std::unordered_map<uint64_t, TcpEnd> tcp_ends_;  // by tcp_keys().own
  std::unordered_set<uint16_t> listening_;
  int64_t listening_read_ns_ = 0;
  std::deque<std::pair<int64_t, EndpointId>> closed_;  // with the time of the end
  std::vector<Connection> closed_rows_;
  std::vector<CaptureChange> changes_;
  Endpoint* latest_ = nullptr;  // the end of the last bytes; consecutive events often have the same end
  OldestFirst<EndpointId, std::pair<bool, int64_t>> idle_;
};

}  // namespace culprit::requests
