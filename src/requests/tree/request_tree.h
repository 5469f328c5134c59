// RequestTree: all requests from the first byte until the span is emitted, each linked to its parent request.
//
//   begin() ──▶ set_parent() ──▶ end() ──▶ settle(): emitted ──▶ kept for a while ──▶ forgotten
//
// All spans of a tree have the same trace id, so a span is emitted only after its root is known: when the topmost
// ancestor has ended and the events of all peers have had time to arrive. The waiting time and the number of waiting
// requests are bounded. A request that is emitted early gets the trace id that its tree will have, and the ledger
// counts it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "model/span.h"
#include "protocol/interface/conversation.h"
#include "requests/input/node_id.h"
#include "requests/input/oldest_first.h"
#include "requests/scheduling/texts.h"
#include "requests/streams/endpoint.h"

namespace culprit::requests {

struct Request {
  NodeId id = NodeId::None;
  uint64_t span_id = 0;
  EndpointId endpoint = EndpointId::None;  // the end that saw the request
  bool server = false;
  bool awaits_caller = false;        // server: the caller's end is recorded, but its half has not been found
  bool expects_pair = false;         // client: the server's end is recorded
  bool merged = false;               // its parts contain everything and become children of the caller's parts
  int64_t begin_ns = 0, end_ns = 0;  // monotonic; end 0: the request has not ended
  int32_t pid = 0;                   // pid of the process
  int32_t tid = 0;                   // the thread that received (server) or sent (client) the request
  int32_t worker_tid = 0;            // the thread that took the request over
  int32_t service_pid = 0;           // the process under which ParentInference counts it
  int32_t shown_tid = 0;             // the thread that the span shows
  NodeId parent = NodeId::None;      // set by RequestTree::set_parent()
  int32_t pending_calls = 0;         // calls that the request waits for
  uint32_t children = 0;             // children that have not been emitted
  LinkHow how = LinkHow::None;
  float confidence = 1;
  NodeId pair = NodeId::None;    // the other half, if it was found
  std::optional<TraceId> trace;  // set when the first span of the tree is emitted
  std::vector<NodeId> parts;     // the statements of a pipeline

  // Set when the request has ended.
  Exchange exchange;
  WaitSums waits;
  std::vector<Blocker> blockers;
  TextId service = TextId::None;
  std::shared_ptr<const ServerAddress> server_address;
  int64_t known_ns =
      0;  // the time at which the end became known; an opaque request's end is known from the following bytes
  int64_t emitted_ns = 0;  // 0: not emitted

  bool ended() const { return end_ns != 0; }
};

struct SettledCounts {
  uint64_t early = 0;      // requests that were emitted before their root ended
  uint64_t unpaired = 0;   // requests whose peer is recorded and whose other half was not found
  uint64_t forgotten = 0;  // removed before its children were emitted: the table was full
};

class RequestTree {
 public:
  explicit RequestTree(uint64_t run) : run_(run) {}

  Request& begin(EndpointId endpoint, uint64_t span_id, int64_t begin_ns);
  Request* find(NodeId id);
  const Request* find(NodeId id) const { return const_cast<RequestTree*>(this)->find(id); }
  // Sets the request on whose behalf `child` was sent; None: it has no parent.
  void set_parent(Request& child, NodeId parent);
  // Removes a request that turned out to be no request.
  void drop(NodeId id);
  void end(Request& request, int64_t end_ns);
  // Links the two halves of one request.
  void pair(Request& server, Request& client);

  // Calls emit(request, parent's span id) for the requests whose trees are settled at `now_ns`; with `all`, for every
  // request that has ended.
  template <class Emit>
  void settle(int64_t now_ns, bool all, Emit emit);
  // Emits a request that has just ended together with its other half, if both are complete. Both are still in the CPU's
  // caches at this moment.
  template <class Emit>
  void settle_pair(Request& request, int64_t now_ns, Emit emit);
  // Returns the request that has been open longest; None: no request is open.
  NodeId oldest_open();
  size_t open() const { return open_; }
  SettledCounts take_counts() { return std::exchange(counts_, {}); }
  uint64_t run() const { return run_; }
  size_t size() const { return slots_.size() - free_.size(); }
  // The requests that wait for emission, and those that are kept afterwards. The tracker bounds the open ones.
  static constexpr size_t limit() { return kMostWaiting + kMostRemembered; }

 private:
  struct Slot {
    uint32_t generation = 1;
    bool used = false;
    Request request;
  };
  Request* topmost(Request& request);
  bool settled(const Request& top, int64_t now_ns) const;
  // Returns true if the request is to be emitted now.
  bool ready(Request& request, Request& top, int64_t now_ns, bool all, size_t& excess);
  uint64_t prepare(Request& request, Request& top);
  void emitted(Request& request, int64_t now_ns);
  void erase(NodeId id);

  const uint64_t run_;
  std::deque<Slot> slots_;  // a deque, because references to its elements must stay valid
  std::vector<uint32_t> free_;
  size_t open_ = 0;  // begun and not ended
  OldestFirst<NodeId, int64_t> oldest_open_;
  std::deque<NodeId> waiting_;                      // requests that have ended, in order of their end
  std::deque<std::pair<int64_t, NodeId>> emitted_;  // with the time of emission
  SettledCounts counts_;
  static constexpr size_t kMostWaiting = 200'000;  // about 1 KB per request
  // The time for which an emitted request is kept, because a child may end after its parent.
  static constexpr int64_t kRemembered = 5'000'000'000;
  static constexpr size_t kMostRemembered = 200'000;
};

template <class Emit>
void RequestTree::settle(int64_t now_ns, bool all, Emit emit) {
  size_t excess = waiting_.size() > kMostWaiting ? waiting_.size() - kMostWaiting / 2 : 0;
  size_t kept = 0;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Request* waits = find(waiting_[i]);
    if (!waits || waits->emitted_ns != 0) continue;  // emitted by settle_pair()
    Request& request = *waits;
    Request& top = *topmost(request);
    if (!ready(request, top, now_ns, all, excess)) {
      waiting_[kept++] = waiting_[i];
      continue;
    }
    const uint64_t parent = prepare(request, top);
    if (!request.merged) emit(request, parent);
    emitted(request, now_ns);
  }
  waiting_.resize(kept);
  while (!emitted_.empty() &&
         (all || emitted_.size() > kMostRemembered || emitted_.front().first < now_ns - kRemembered)) {
    // A request with open children is the only way from them to their trace id. Children that end after this time
    // become roots.
    if (!all && emitted_.front().first >= now_ns - kRemembered) ++counts_.forgotten;
    erase(emitted_.front().second);
    emitted_.pop_front();
  }
}

template <class Emit>
void RequestTree::settle_pair(Request& request, int64_t now_ns, Emit emit) {
  Request* other = find(request.pair);
  if (!other || !other->ended() || other->emitted_ns != 0 || !request.parts.empty()) return;
  if ((request.exchange.flags | other->exchange.flags) & kBegunBefore) return;
  Request& client = request.server ? *other : request;
  Request& server = request.server ? request : *other;
  if (find(client.parent)) return;
  for (Request* half : {&client, &server}) {
    const uint64_t parent = prepare(*half, client);
    emit(*half, parent);
  }
  emitted(server, now_ns);
  emitted(client, now_ns);
}

}  // namespace culprit::requests
