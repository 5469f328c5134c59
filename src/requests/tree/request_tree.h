// RequestTree: requests from their first byte until they are given out as spans, tied to what they were sent on behalf of.
//
//   begin() ──▶ set_parent() ──▶ end() ──▶ settle(): emitted ──▶ remembered for a while ──▶ forgotten
//
// All spans of a tree carry one trace id, so none is emitted before its root is known: a request waits until its topmost
// ancestor has ended and the other ends of the connections have had time to speak. Waiting is bounded in time and number;
// what is emitted early takes the trace id that its tree will have, and is counted.
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
#include "requests/scheduling/texts.h"
#include "requests/streams/endpoint.h"

namespace culprit::requests {

struct Request {
  NodeId id = NodeId::None;
  uint64_t span_id = 0;
  EndpointId endpoint = EndpointId::None;  // the end that saw it
  bool server = false;
  bool awaits_caller = false;        // server: the caller's end is recorded, its half has not been found
  bool expects_pair = false;         // client: the server's end is recorded
  bool merged = false;               // its parts say it all, and hang under those of its caller
  int64_t begin_ns = 0, end_ns = 0;  // monotonic; end 0: not ended
  int32_t pid = 0;                   // of its process
  int32_t tid = 0;                   // received (server) or sent (client) it
  int32_t worker_tid = 0;            // took it over
  int32_t shown_tid = 0;             // as its span says it
  NodeId parent = NodeId::None;      // RequestTree::set_parent()
  int32_t pending_calls = 0;         // that it waits for
  uint32_t children = 0;             // that have not been emitted
  LinkHow how = LinkHow::None;
  float confidence = 1;
  NodeId pair = NodeId::None;    // the other end's half, where it was found
  std::optional<TraceId> trace;  // once one of its tree was emitted
  std::vector<NodeId> parts;     // of a pipeline

  // When it has ended.
  Exchange exchange;
  WaitSums waits;
  std::vector<Blocker> blockers;
  TextId service = TextId::None;
  std::shared_ptr<const ServerAddress> server_address;
  int64_t known_ns = 0;    // when its end became known: an opaque one's by what came next
  int64_t emitted_ns = 0;  // 0: not yet

  bool ended() const { return end_ns != 0; }
};

struct SettledCounts {
  uint64_t early = 0;     // emitted before its root ended
  uint64_t unpaired = 0;  // the other end is recorded, its half was not found
};

class RequestTree {
 public:
  explicit RequestTree(uint64_t run) : run_(run) {}

  Request& begin(EndpointId endpoint, uint64_t span_id, int64_t begin_ns);
  Request* find(NodeId id);
  const Request* find(NodeId id) const { return const_cast<RequestTree*>(this)->find(id); }
  // `parent` (None: none) is what `child` was sent on behalf of.
  void set_parent(Request& child, NodeId parent);
  // It began and turned out to be no request.
  void drop(NodeId id);
  void end(Request& request, int64_t end_ns);
  // The two ends' halves of one request.
  void pair(Request& server, Request& client);

  // Calls emit(request, parent's span id) for those whose trees are settled at `now_ns`; with `all`, for all that ended.
  template <class Emit>
  void settle(int64_t now_ns, bool all, Emit emit);
  // The same for a request that has just ended, and its other half, where nothing more can come of both: they are still in the
  // CPU's caches.
  template <class Emit>
  void settle_pair(Request& request, int64_t now_ns, Emit emit);
  SettledCounts take_counts() { return std::exchange(counts_, {}); }
  uint64_t run() const { return run_; }
  size_t size() const { return slots_.size() - free_.size(); }

 private:
  struct Slot {
    uint32_t generation = 1;
    bool used = false;
    Request request;
  };
  Request* topmost(Request& request);
  bool settled(const Request& top, int64_t now_ns) const;
  // Whether it is to be emitted now.
  bool ready(Request& request, Request& top, int64_t now_ns, bool all, size_t& excess);
  uint64_t prepare(Request& request, Request& top);
  void emitted(Request& request, int64_t now_ns);
  void erase(NodeId id);

  const uint64_t run_;
  std::deque<Slot> slots_;  // stable
  std::vector<uint32_t> free_;
  std::deque<NodeId> waiting_;                      // ended, in order of end
  std::deque<std::pair<int64_t, NodeId>> emitted_;  // when
  SettledCounts counts_;
  static constexpr size_t kMostWaiting = 200'000;  // about 1 KB each
  // How long one that was emitted is remembered, for children that end after their parent.
  static constexpr int64_t kRemembered = 5'000'000'000;
};

template <class Emit>
void RequestTree::settle(int64_t now_ns, bool all, Emit emit) {
  size_t excess = waiting_.size() > kMostWaiting ? waiting_.size() - kMostWaiting / 2 : 0;
  size_t kept = 0;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Request* waits = find(waiting_[i]);
    if (!waits || waits->emitted_ns != 0) continue;  // by settle_pair()
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
  while (!emitted_.empty() && (all || emitted_.front().first < now_ns - kRemembered)) {
    // One that still has children under way stays their way to the trace id only as long as this; then they are roots.
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
