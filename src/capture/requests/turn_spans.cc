// The part of Turns that makes a span of an exchange.
#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "capture/requests/turns.h"

namespace culprit::capture {
namespace {

// From here on a request is worth its raw states, whatever others of its kind take.
constexpr int64_t kAlwaysSlow = 10'000'000;
constexpr size_t kMostStates = 256;
constexpr size_t kMostOperations = 4096;

void add_text(Attributes& attributes, std::string_view key, std::string_view text) {
  if (text.empty() || find(attributes, key)) return;
  attributes.push_back({std::string(key), Value(std::string(text))});
}

}  // namespace

void Turns::add_server_attributes(const ConnectionEnd& end, Span& span) const {
  const bool server = end.server();
  if (end.row.transport.empty()) return;
  if (end.row.transport == "unix") {
    add_text(span.attributes, "server.address", unix_path(end));
    add_text(span.attributes, "network.transport", "unix");
    return;
  }
  add_text(span.attributes, "server.address", server ? end.local_host : end.peer_host);
  const uint16_t port = server ? end.local_port : end.peer_port;
  if (port != 0 && !find(span.attributes, "server.port"))
    span.attributes.push_back({"server.port", Value(int64_t{port})});
  add_text(span.attributes, "network.transport", "tcp");
}

void Turns::finish_unseen(int32_t pid, Exchange exchange) {
  const int64_t end_ns = exchange.end_ns;
  // No socket is known: a number that no socket has.
  const uint64_t socket = uint64_t{static_cast<uint32_t>(pid)} << 20 | 0xfffff;
  ask_text(pid, exchange);
  ConnectionEnd end;
  end.role = Role::Server;
  end.row.pid = pid;
  Request& request = around_.requests.begin(around_.requests.id_of(socket, exchange.begin_ns, 0), 0, exchange.begin_ns);
  request.server = true;
  request.tid = pid;
  around_.outbox.count(LedgerKind::text_unknown, (exchange.flags & kTextUnknown) ? 1 : 0, 0, "wire", exchange.protocol);
  auto span = std::make_unique<Span>(span_of(end, request, exchange, end_ns));
  around_.outbox.count(LedgerKind::never_ended, 1, span->start_ns, "wire");
  ++spans_;
  keep_states(request, end_ns, *span);
  around_.requests.end(request, std::move(span), end_ns);
}

Span Turns::span_of(const ConnectionEnd& end, const Request& request, Exchange& exchange, int64_t end_ns) {
  Span span;
  span.span_id = request.id;
  span.name =
      exchange.name.empty() ? exchange.protocol.empty() ? "exchange" : exchange.protocol : std::move(exchange.name);
  span.kind = request.server ? SpanKind::Server : SpanKind::Client;
  span.start_ns = around_.clock.wall(exchange.begin_ns);
  span.duration_ns = end_ns - exchange.begin_ns;
  span.received_ns = around_.clock.wall(end_ns);
  span.status = exchange.status;
  span.status_message = std::move(exchange.status_message);
  span.flags = exchange.flags;
  span.attributes = std::move(exchange.attributes);
  span.pid = end.row.pid;
  span.tid = request.server && end.reply_tid != 0 ? end.reply_tid : request.tid;
  span.connection = end.row.id;
  span.service = around_.processes.at(end.row.pid).row.service;
  for (const LossGap& gap : around_.gaps)
    if (gap.from_ns < end_ns && gap.to_ns > exchange.begin_ns) span.flags |= kLossOverlap;
  add_server_attributes(end, span);
  add_waits(end, request, end_ns, span);
  return span;
}

// A request that changed hands was the first thread's until the second was woken for it.
void Turns::add_waits(const ConnectionEnd& end, const Request& request, int64_t end_ns, Span& span) {
  if (!around_.threads.any_switch()) return;
  const Thread* first = around_.threads.find(request.tid);
  const Thread* second = span.tid != request.tid ? around_.threads.find(span.tid) : nullptr;
  std::vector<Blame> blames;
  int64_t handed_ns = end_ns;
  bool taken_over = false;
  if (second) {
    handed_ns = second->timeline.woken_by(request.tid, request.begin_ns, end_ns);
    taken_over = handed_ns == 0;
    if (taken_over) handed_ns = request.begin_ns;  // it was awake: its time from the beginning, at most
  }
  auto add = [&](const Thread* thread, int64_t from_ns, int64_t to_ns) {
    if (!thread || to_ns <= from_ns) return;
    WaitSums part = thread->timeline.sums(from_ns, to_ns);
    // When it took the request over nobody saw: what it waited for may have been work.
    if (taken_over) part[Wait::Other] += std::exchange(part[Wait::Lock], 0);
    span.waits.known = true;
    for (int wait = 0; wait < kWaits; ++wait) span.waits.ns[wait] += part.ns[wait];
    for (const Blame& blame : thread->timeline.blames(from_ns, to_ns))
      if (!taken_over || blame.wait != Wait::Lock) blames.push_back(blame);
  };
  add(first, request.begin_ns, handed_ns);
  add(second, handed_ns, end_ns);
  span.blockers = blockers(blames);
  const int64_t peer_ns = span.waits[Wait::Peer] + span.waits[Wait::Network];
  auto other = around_.ends.find(end.socket_pair);
  if (request.server || peer_ns == 0 || other == around_.ends.end()) return;
  Blocker peer;
  peer.wait = Wait::Peer;
  peer.pid = other->second->row.pid;
  peer.tid = other->second->reply_tid;
  peer.duration_ns = peer_ns;
  peer.count = 1;
  span.blockers.insert(std::find_if(span.blockers.begin(), span.blockers.end(),
                                    [&](const Blocker& blocker) { return blocker.duration_ns < peer_ns; }),
                       peer);
  if (span.blockers.size() > kMaxBlockers) span.blockers.pop_back();
}

std::vector<Blocker> Turns::blockers(const std::vector<Blame>& blames) const {
  std::map<std::tuple<Wait, int32_t, int32_t>, std::pair<Blocker, int64_t>> sums;  // with the longest wait's length
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
    blocker.statement = around_.texts.at(blame.statement);
  }
  std::vector<Blocker> all;
  for (auto& [key, sum] : sums) all.push_back(std::move(sum.first));
  std::stable_sort(all.begin(), all.end(),
                   [](const Blocker& a, const Blocker& b) { return a.duration_ns > b.duration_ns; });
  if (all.size() > kMaxBlockers) all.resize(kMaxBlockers);
  return all;
}

// A running estimate of the operation's p95: up by 19 steps for one above it, down by one for one below, so that it
// comes to rest where one in twenty is above (stochastic approximation; a step is 1/200 of the estimate).
bool Turns::slow(const Span& span) {
  if (span.duration_ns >= kAlwaysSlow) return true;
  auto found = slow_ns_.find(std::string_view(span.name));
  if (found == slow_ns_.end() && slow_ns_.size() >= kMostOperations) return false;
  double& estimate = found != slow_ns_.end() ? found->second : slow_ns_[span.name];
  const auto duration_ns = static_cast<double>(span.duration_ns);
  if (estimate == 0) {
    estimate = duration_ns * 2;
    return false;
  }
  const bool above = duration_ns > estimate;
  estimate *= above ? 1 + 19.0 / 200 : 1 - 1.0 / 200;
  return above;
}

void Turns::keep_states(const Request& request, int64_t end_ns, const Span& span) {
  const Thread* thread = around_.threads.find(span.tid);
  if (!thread || !around_.threads.any_switch()) return;
  for (ThreadState& state : thread->timeline.states(request.begin_ns, end_ns, kMostStates)) {
    state.pid = thread->pid;
    state.tid = thread->tid;
    state.start_ns = around_.clock.wall(state.start_ns);
    state.span_id = request.id;
    around_.outbox.batch().thread_states.push_back(state);
  }
}

}  // namespace culprit::capture
