#include "capture/requests/requests.h"

#include <utility>

#include "base/check.h"
#include "base/hash.h"

namespace culprit::capture {
namespace {

// The other end's event is made when its call returns, which a busy CPU delays by a few time slices.
constexpr int64_t kSettle = 50'000'000;
// A half that has not come by then was lost, or lies with a process that is not recorded.
constexpr int64_t kPatience = 1'000'000'000;
// A root that is longer under way is a session, or hangs: its parts are worth more now than together.
constexpr int64_t kLongestWait = 30'000'000'000;
// About 1 KB each.
constexpr size_t kMostWaiting = 200'000;
// How long one that has left is remembered, for children that end after their parent.
constexpr int64_t kRemembered = 5'000'000'000;
// Deeper call chains end in a circle.
constexpr int kMostDepth = 64;

}  // namespace

uint64_t Requests::id_of(uint64_t socket, int64_t begin_ns, uint32_t ordinal) const {
  const uint64_t id = hash64(static_cast<uint64_t>(begin_ns), hash64(socket + (uint64_t{ordinal} << 48), run_));
  return id == 0 ? 1 : id;
}

Request& Requests::begin(uint64_t id, uint64_t socket, int64_t begin_ns) {
  Request& request = requests_[id];
  request.id = id;
  request.socket = socket;
  request.begin_ns = begin_ns;
  return request;
}

Request* Requests::find(uint64_t id) {
  auto found = requests_.find(id);
  return found == requests_.end() ? nullptr : &found->second;
}

void Requests::adopt(Request& child, uint64_t parent) {
  if (Request* before = find(child.parent)) --before->children;
  child.parent = parent;
  if (Request* now = find(parent)) ++now->children;
}

void Requests::drop(uint64_t id) {
  auto found = requests_.find(id);
  if (found == requests_.end() || found->second.span || found->second.left_ns != 0) return;
  adopt(found->second, 0);
  requests_.erase(found);
}

void Requests::end(Request& request, std::unique_ptr<Span> span, int64_t end_ns) {
  CHECK(!request.span && request.left_ns == 0, "a request ends once");
  request.span = std::move(span);
  request.end_ns = end_ns;
  waiting_.push_back(request.id);
}

Request* Requests::topmost(Request& request) {
  Request* top = &request;
  for (int depth = 0; depth < kMostDepth && top->parent != 0; ++depth) {
    Request* parent = find(top->parent);
    if (!parent || parent == &request) break;
    top = parent;
  }
  return top;
}

bool Requests::settled(const Request& top, int64_t now_ns) const {
  if (top.left_ns != 0) return true;
  if (!top.span) return false;
  return now_ns >= top.end_ns + (top.awaits_caller ? kPatience : kSettle);
}

Span Requests::leave(Request& request, Request& top, int64_t now_ns) {
  if (!top.trace) {
    // One half is the run's, the other the root's own id, which is as good as random: 16 bytes that cost a frame next to none.
    top.trace = TraceId{run_, top.id};
    if (top.context) top.trace = top.context->trace_id;
  }
  request.trace = top.trace;
  if (request.server ? request.awaits_caller : request.expects_pair && request.pair == 0) ++counts_.unpaired;
  Span span = std::move(*request.span);
  request.span.reset();
  request.left_ns = now_ns;
  span.trace_id = *request.trace;
  span.span_id = request.id;
  if (request.parent != 0 && find(request.parent)) {
    span.parent_span_id = request.parent;
    span.link = request.how;
    span.link_confidence = request.confidence;
  } else if (request.context) {
    span.parent_span_id = request.context->span_id;
    span.link = LinkHow::Reported;
  }
  if (request.context) span.trace_state = request.context->trace_state;
  if (Request* parent = find(request.parent)) --parent->children;
  // Who has nobody under way and waits for no other half will not be asked for again; there are many, and to remember
  // them all costs more than they did.
  const bool asked_for = request.children > 0 || request.awaits_caller || (request.expects_pair && request.pair == 0);
  if (asked_for)
    left_.emplace_back(now_ns, request.id);
  else
    requests_.erase(request.id);
  return span;
}

void Requests::settle(int64_t now_ns, bool all, std::vector<Span>& spans) {
  std::deque<uint64_t> still;
  size_t excess = waiting_.size() > kMostWaiting ? waiting_.size() - kMostWaiting / 2 : 0;
  for (uint64_t id : waiting_) {
    Request* request = find(id);
    CHECK(request && request->span, "who waits has ended");
    Request* top = topmost(*request);
    // Its other half may tell its name.
    const bool both = request->pair != 0 && (request->span->flags & kOpaque);
    const bool ready = all || (settled(*top, now_ns) && (!both || now_ns >= request->told_ns + kSettle));
    const bool early = !ready && (excess > 0 || now_ns - request->end_ns > kLongestWait);
    if (excess > 0) --excess;
    if (!ready && !early) {
      still.push_back(id);
      continue;
    }
    if (early) ++counts_.early;
    spans.push_back(leave(*request, *top, now_ns));
  }
  waiting_.swap(still);
  while (!left_.empty() && (all || left_.front().first < now_ns - kRemembered)) {
    // One that still has children under way stays their way to the trace id only as long as this; then they are roots.
    requests_.erase(left_.front().second);
    left_.pop_front();
  }
}

SettledCounts Requests::take_counts() { return std::exchange(counts_, {}); }

}  // namespace culprit::capture
