#include "requests/tree/parent_inference.h"

#include <algorithm>

namespace culprit::requests {
namespace {

// A thread with more requests than this is an event loop whose requests cannot be told apart.
constexpr size_t kMostInService = 256;
// With more open requests in a process than this, the choice of a parent would be arbitrary.
constexpr size_t kMostCandidates = 4;

// Lists of idle processes that are kept.
constexpr size_t kMostIdleLists = 1024;

}  // namespace

ParentInference::Parent ParentInference::parent_of_call(const Thread& thread) const {
  const std::vector<InService>& in_service = thread.in_service;
  auto current = std::find_if(in_service.begin(), in_service.end(),
                              [&](const InService& one) { return one.request == thread.current; });
  const float among = in_service.size() > 1 ? 0.8f : 1.0f;
  auto serviced = [&](const InService& one) {
    return Parent{one.request, one.how, one.how == LinkHow::WakeUp ? std::min(among, 0.9f) : among};
  };

  auto free = [&](NodeId request) { return is_free(request); };
  const auto ready = std::count_if(thread.runnable.begin(), thread.runnable.end(), free);
  if (ready > 0)
    return {*std::find_if(thread.runnable.begin(), thread.runnable.end(), free), LinkHow::SameThread,
            ready > 1 ? 0.8f : 1.0f};
  if (is_free(thread.current))
    return current != in_service.end() ? serviced(*current) : Parent{thread.current, LinkHow::WakeUp, 0.9f};
  for (const InService& one : in_service)
    if (is_free(one.request)) return serviced(one);

  auto open = open_.find(thread.pid);
  if (open != open_.end()) {
    const auto idle = std::count_if(open->second.begin(), open->second.end(), free);
    if (idle > 0 && static_cast<size_t>(idle) <= kMostCandidates)
      return {*std::find_if(open->second.rbegin(), open->second.rend(), free), LinkHow::Containment,
              1.0f / static_cast<float>(idle)};
  }

  // Every open request waits for an answer, so one of them makes several calls at once.
  if (current != in_service.end()) return serviced(*current);
  if (!in_service.empty())
    return {in_service.back().request, LinkHow::Containment, 1.0f / static_cast<float>(in_service.size())};
  if (open == open_.end() || open->second.empty() || open->second.size() > kMostCandidates) return {};
  return {open->second.back(), LinkHow::Containment, 1.0f / static_cast<float>(open->second.size())};
}

bool ParentInference::is_free(NodeId id) const {
  const Request* request = tree_.find(id);
  return request && request->server && !request->ended() && request->pending_calls == 0;
}

void ParentInference::make_runnable(Thread& thread, NodeId request) {
  thread.current = request;
  const bool known = std::find(thread.runnable.begin(), thread.runnable.end(), request) != thread.runnable.end();
  if (!known && thread.runnable.size() < kMostInService) thread.runnable.push_back(request);
}

void ParentInference::begin_service(Request& request, Thread& thread, int64_t time_ns) {
  std::erase_if(thread.in_service, [](const InService& one) { return one.how == LinkHow::WakeUp; });
  thread.call_begun_before = NodeId::None;
  if (thread.in_service.size() < kMostInService)
    thread.in_service.push_back({request.id, time_ns, LinkHow::SameThread});
  make_runnable(thread, request.id);
  request.service_pid = thread.pid;
  open_[thread.pid].push_back(request.id);
}

void ParentInference::end_service(Request& request, int32_t reply_tid) {
  for (int32_t tid : {request.tid, request.worker_tid, reply_tid}) {
    Thread* thread = threads_.find(tid);
    if (!thread) continue;
    std::erase_if(thread->in_service, [&](const InService& one) { return one.request == request.id; });
    if (thread->current == request.id) thread->current = NodeId::None;
    std::erase(thread->runnable, request.id);
  }
  auto open = open_.find(request.service_pid);
  if (open == open_.end()) return;
  std::erase(open->second, request.id);
  // An empty list keeps its memory for the next request.
  if (open->second.empty() && open_.size() > kMostIdleLists) open_.erase(open);
}

void ParentInference::begin_call(Request& request, Thread& thread, bool remote) {
  ++thread.pending_calls;
  if (Request* parent = tree_.find(request.parent)) ++parent->pending_calls;
  std::erase(thread.runnable, request.parent);
  if (remote) ++thread.pending_remote_calls;
}

void ParentInference::end_call(Request& request) {
  if (Thread* thread = threads_.find(request.tid)) {
    thread->pending_calls = std::max(0, thread->pending_calls - 1);
    thread->pending_remote_calls = std::min(thread->pending_remote_calls, thread->pending_calls);
  }
  if (Request* parent = tree_.find(request.parent)) parent->pending_calls = std::max(0, parent->pending_calls - 1);
}

void ParentInference::answer_came(const Request& call, Thread& thread) {
  if (call.parent != NodeId::None) make_runnable(thread, call.parent);
}

void ParentInference::hand_over(Thread& thread, int32_t waker_tid, int64_t wake_ns) {
  Thread* waker = threads_.find(waker_tid);
  if (!waker || waker->pid != thread.pid || waker->in_service.empty() || thread.pending_calls > 0) return;
  for (const InService& one : thread.in_service)
    if (one.how == LinkHow::SameThread) return;
  const NodeId id = waker->current != NodeId::None ? waker->current : waker->in_service.back().request;
  Request* request = tree_.find(id);
  if (!request || !request->server || request->ended()) return;
  thread.in_service.assign(1, InService{id, wake_ns, LinkHow::WakeUp});
  thread.current = id;
  std::erase(waker->runnable, id);
  request->worker_tid = thread.tid;
}

}  // namespace culprit::requests
