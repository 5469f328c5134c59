#include "requests/tree/span_builder.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace culprit::requests {
namespace {

// The thread states of a request from 10 ms on are kept, whatever the durations of similar requests are.
constexpr int64_t kAlwaysSlow = 10'000'000;
constexpr size_t kMostStates = 256;
// The number of losses that are kept one by one for comparison with requests. Older losses are merged into one
// interval.
constexpr size_t kMostLosses = 256;

void add_text(Attributes& attributes, std::string_view key, std::string_view text) {
  if (text.empty() || find(attributes, key)) return;
  attributes.push_back({std::string(key), Value(std::string(text))});
}

void add_server(const ServerAddress& server, Attributes& attributes) {
  add_text(attributes, "server.address", server.address);
  if (server.port != 0 && !find(attributes, "server.port"))
    attributes.push_back({"server.port", Value(int64_t{server.port})});
  add_text(attributes, "network.transport", server.transport);
}

// Adds the sizes of request and reply, and the time of the reply's first byte if the reply did not end with it.
void add_sizes(const Exchange& exchange, Attributes& attributes) {
  if (exchange.request_bytes != 0)
    attributes.push_back({"culprit.request_bytes", Value(static_cast<int64_t>(exchange.request_bytes))});
  if (exchange.reply_bytes != 0)
    attributes.push_back({"culprit.reply_bytes", Value(static_cast<int64_t>(exchange.reply_bytes))});
  if (exchange.first_reply_ns > exchange.begin_ns && exchange.first_reply_ns < exchange.end_ns)
    attributes.push_back({"culprit.first_reply_ns", Value(exchange.first_reply_ns - exchange.begin_ns)});
}

}  // namespace

void SpanBuilder::on_loss(LossInterval loss) {
  if (losses_.size() >= kMostLosses) {
    losses_[1].from_ns = std::min(losses_[0].from_ns, losses_[1].from_ns);
    losses_.erase(losses_.begin());
  }
  losses_.push_back(loss);
}

Span SpanBuilder::build(Request& request, uint64_t parent_span_id) {
  Exchange& exchange = request.exchange;
  Span span;
  span.trace_id = *request.trace;
  span.span_id = request.span_id;
  if (parent_span_id != 0) {
    span.parent_span_id = parent_span_id;
    span.link = request.how;
    span.link_confidence = request.confidence;
  } else if (exchange.context) {
    span.parent_span_id = exchange.context->span_id;
    span.link = LinkHow::Reported;
  }
  if (exchange.context) span.trace_state = std::move(exchange.context->trace_state);
  if (exchange.name.empty())
    span.name = exchange.protocol.empty() ? std::string_view("exchange") : exchange.protocol;
  else
    span.name = std::move(exchange.name);
  span.kind = request.server ? SpanKind::Server : SpanKind::Client;
  span.start_ns = clock_.wall(request.begin_ns);
  span.duration_ns = request.end_ns - request.begin_ns;
  span.received_ns = clock_.wall(request.end_ns);
  span.status = exchange.status;
  span.status_message = std::move(exchange.status_message);
  span.flags = exchange.flags;
  // A loss is reported when the ring of its CPU has space again. Requests on other CPUs may have ended before that.
  for (const LossInterval& loss : losses_)
    if (loss.from_ns < request.end_ns && loss.to_ns > request.begin_ns) span.flags |= kLossOverlap;
  span.attributes = std::move(exchange.attributes);
  add_sizes(exchange, span.attributes);
  if (request.server_address) add_server(*request.server_address, span.attributes);
  span.pid = request.pid;
  span.tid = request.shown_tid;
  span.connection = static_cast<uint64_t>(request.endpoint);
  span.service = services_.text(request.service);
  span.waits = request.waits;
  span.blockers = std::move(request.blockers);
  return span;
}

// Sums the waits of a request. A request that was handed over belongs to the first thread until the second thread was
// woken for it.
void SpanBuilder::measure_waits(Request& request, const Endpoint* peer) {
  if (!threads_.any_switch()) return;
  const Thread* first = threads_.find(request.tid);
  const Thread* second = request.shown_tid != request.tid ? threads_.find(request.shown_tid) : nullptr;
  std::vector<Blame> blames;
  const int64_t end_ns = request.end_ns;
  int64_t handed_ns = end_ns;
  bool taken_over = false;
  if (second) {
    handed_ns = second->timeline.woken_by(request.tid, request.begin_ns, end_ns);
    taken_over = handed_ns == 0;
    // the second thread was not asleep: its waits count from the start, as an upper bound
    if (taken_over) handed_ns = request.begin_ns;
  }
  auto add = [&](const Thread* thread, int64_t from_ns, int64_t to_ns) {
    if (!thread || to_ns <= from_ns) return;
    WaitSums part = thread->timeline.sums(from_ns, to_ns);
    // The time of the takeover is unknown, so a lock wait of the second thread may be a wait for work.
    if (taken_over) part[Wait::Other] += std::exchange(part[Wait::Lock], 0);
    request.waits.known = true;
    for (int wait = 0; wait < kWaits; ++wait) request.waits.ns[wait] += part.ns[wait];
    for (const Blame& blame : thread->timeline.blames(from_ns, to_ns))
      if (!taken_over || blame.wait != Wait::Lock) blames.push_back(blame);
  };
  add(first, request.begin_ns, handed_ns);
  add(second, handed_ns, end_ns);
  if (!blames.empty()) request.blockers = blockers(blames);
  const int64_t peer_ns = request.waits[Wait::Peer] + request.waits[Wait::Network];
  if (request.server || peer_ns == 0 || !peer) return;
  Blocker blocker;
  blocker.wait = Wait::Peer;
  blocker.pid = peer->row.pid;
  blocker.tid = peer->reply_tid;
  blocker.duration_ns = peer_ns;
  blocker.count = 1;
  request.blockers.insert(std::find_if(request.blockers.begin(), request.blockers.end(),
                                       [&](const Blocker& other) { return other.duration_ns < peer_ns; }),
                          blocker);
  if (request.blockers.size() > kMaxBlockers) request.blockers.pop_back();
}

std::vector<Blocker> SpanBuilder::blockers(const std::vector<Blame>& blames) const {
  // the second value is the duration of the longest wait
  std::map<std::tuple<Wait, int32_t, int32_t>, std::pair<Blocker, int64_t>> sums;
  for (const Blame& blame : blames) {
    auto& [blocker, longest_ns] = sums[{blame.wait, blame.pid, blame.tid}];
    const int64_t length_ns = blame.to_ns - blame.from_ns;
    blocker.wait = blame.wait;
    blocker.pid = blame.pid;
    blocker.tid = blame.tid;
    blocker.duration_ns += length_ns;
    ++blocker.count;
    if (length_ns <= longest_ns) continue;
    longest_ns = length_ns;
    blocker.statement = texts_.text(blame.statement);
  }
  std::vector<Blocker> all;
  for (auto& [key, sum] : sums) all.push_back(std::move(sum.first));
  std::stable_sort(all.begin(), all.end(),
                   [](const Blocker& a, const Blocker& b) { return a.duration_ns > b.duration_ns; });
  if (all.size() > kMaxBlockers) all.resize(kMaxBlockers);
  return all;
}

bool SpanBuilder::worth_states(const Request& request) { return slow(request) || request.span_id % 64 == 0; }

// Returns true if the request is slower than a running estimate of its operation's p95. The estimate rises by 19 steps
// after a slower request and falls by one step after a faster one, so it settles where one request in twenty is slower
// (stochastic approximation). A step is 1/200 of the estimate.
bool SpanBuilder::slow(const Request& request) {
  const int64_t duration_ns = request.end_ns - request.begin_ns;
  if (duration_ns >= kAlwaysSlow) return true;
  const std::string& name = request.exchange.name;
  double* found = slow_ns_.find(name);
  double& estimate = found ? *found : slow_ns_.set(name, 0);
  const auto duration = static_cast<double>(duration_ns);
  if (estimate == 0) {
    estimate = duration * 2;
    return false;
  }
  const bool above = duration > estimate;
  estimate *= above ? 1 + 19.0 / 200 : 1 - 1.0 / 200;
  return above;
}

void SpanBuilder::add_states(const Request& request, std::vector<ThreadState>& states) {
  const Thread* thread = threads_.find(request.shown_tid);
  if (!thread || !threads_.any_switch()) return;
  for (ThreadState& state : thread->timeline.states(request.begin_ns, request.end_ns, kMostStates)) {
    state.pid = thread->pid;
    state.tid = thread->tid;
    state.start_ns = clock_.wall(state.start_ns);
    state.span_id = request.span_id;
    states.push_back(state);
  }
}

}  // namespace culprit::requests
