#include "requests/tree/request_tree.h"

#include <algorithm>

#include "base/check.h"

namespace culprit::requests {
namespace {

// The event of the peer is made when its system call returns. A busy CPU delays that by a few time slices.
constexpr int64_t kSettle = 50'000'000;
// A half that is missing after 1 s was lost, or its process is not recorded.
constexpr int64_t kPairingTimeout = 1'000'000'000;
// A root that runs longer is a session or it hangs. Its children are emitted without waiting for it.
constexpr int64_t kLongestWait = 30'000'000'000;
// A deeper chain of calls is a cycle.
constexpr int kMostDepth = 64;

constexpr NodeId node_id(uint32_t index, uint32_t generation) { return NodeId{uint64_t{generation} << 32 | index}; }

}  // namespace

Request& RequestTree::begin(EndpointId endpoint, uint64_t span_id, int64_t begin_ns) {
  uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.used = true;
  Request& request = slot.request;
  request.id = node_id(index, slot.generation);
  request.span_id = span_id == 0 ? 1 : span_id;
  request.endpoint = endpoint;
  request.begin_ns = begin_ns;
  ++open_;
  return request;
}

Request* RequestTree::find(NodeId id) {
  const auto index = static_cast<uint32_t>(static_cast<uint64_t>(id));
  if (id == NodeId::None || index >= slots_.size()) return nullptr;
  Slot& slot = slots_[index];
  return slot.used && slot.generation == static_cast<uint64_t>(id) >> 32 ? &slot.request : nullptr;
}

void RequestTree::erase(NodeId id) {
  if (!find(id)) return;
  const auto index = static_cast<uint32_t>(static_cast<uint64_t>(id));
  Slot& slot = slots_[index];
  slot.used = false;
  ++slot.generation;
  slot.request = Request();
  free_.push_back(index);
}

void RequestTree::set_parent(Request& child, NodeId parent) {
  if (Request* before = find(child.parent)) --before->children;
  child.parent = parent;
  if (Request* now = find(parent)) ++now->children;
}

void RequestTree::pair(Request& server, Request& client) {
  set_parent(server, client.id);
  server.how = LinkHow::Connection;
  server.confidence = 1;
  server.awaits_caller = false;
  server.pair = client.id;
  client.pair = server.id;
}

void RequestTree::drop(NodeId id) {
  Request* request = find(id);
  if (!request || request->ended() || request->emitted_ns != 0) return;
  set_parent(*request, NodeId::None);
  erase(id);
  --open_;
}

NodeId RequestTree::oldest_open() {
  auto age_of = [&](NodeId id) {
    const Request* request = find(id);
    return request && !request->ended() ? std::optional(request->begin_ns) : std::nullopt;
  };
  auto all = [&] {
    std::vector<std::pair<int64_t, NodeId>> open;
    open.reserve(open_);
    for (const Slot& slot : slots_)
      if (slot.used && !slot.request.ended()) open.emplace_back(slot.request.begin_ns, slot.request.id);
    return open;
  };
  return oldest_open_.next(age_of, all).value_or(NodeId::None);
}

void RequestTree::end(Request& request, int64_t end_ns) {
  CHECK(!request.ended(), "a request ends once");
  request.end_ns = std::max<int64_t>(1, end_ns);
  --open_;
  waiting_.push_back(request.id);
}

Request* RequestTree::topmost(Request& request) {
  Request* top = &request;
  for (int depth = 0; depth < kMostDepth && top->parent != NodeId::None; ++depth) {
    Request* parent = find(top->parent);
    if (!parent || parent == &request) break;
    top = parent;
  }
  return top;
}

bool RequestTree::settled(const Request& top, int64_t now_ns) const {
  if (top.emitted_ns != 0) return true;
  if (!top.ended()) return false;
  return now_ns >= top.end_ns + (top.awaits_caller ? kPairingTimeout : kSettle);
}

bool RequestTree::ready(Request& request, Request& top, int64_t now_ns, bool all, size_t& excess) {
  // The other half of an opaque request may provide its name.
  const bool both = request.pair != NodeId::None && (request.exchange.flags & kOpaque);
  if (all || (settled(top, now_ns) && (!both || now_ns >= request.known_ns + kSettle))) {
    if (excess > 0) --excess;
    return true;
  }
  if (excess == 0 && now_ns - request.end_ns <= kLongestWait) return false;
  if (excess > 0) --excess;
  ++counts_.early;
  return true;
}

uint64_t RequestTree::prepare(Request& request, Request& top) {
  if (!top.trace) {
    // The trace id is the recording's number followed by the root's span id, which is as good as random. The trace id
    // thus needs hardly any space in a frame.
    top.trace = TraceId{run_, top.span_id};
    if (top.exchange.context) top.trace = top.exchange.context->trace_id;
  }
  request.trace = top.trace;
  if (request.server ? request.awaits_caller : request.expects_pair && request.pair == NodeId::None) ++counts_.unpaired;
  const Request* parent = find(request.parent);
  return parent ? parent->span_id : 0;
}

// A request without open children that waits for no other half is not looked up again. Most requests are of this kind,
// and keeping them would cost more than their processing.
void RequestTree::emitted(Request& request, int64_t now_ns) {
  if (Request* parent = find(request.parent)) --parent->children;
  request.emitted_ns = now_ns;
  const bool asked_for =
      request.children > 0 || request.awaits_caller || (request.expects_pair && request.pair == NodeId::None);
  if (!asked_for) return erase(request.id);
  request.exchange = Exchange();
  emitted_.emplace_back(now_ns, request.id);
}

}  // namespace culprit::requests
