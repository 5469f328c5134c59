// ParentInference: infers the request that an outgoing call belongs to.
//
// Keeps the requests that each thread works on, and the open requests of each process. The tasks of an event loop send
// in the order in which their bytes arrived. The same holds for a runtime that moves tasks between threads. A request
// that waits for an answer is chosen only if all others wait as well.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "requests/scheduling/thread_table.h"
#include "requests/tree/request_tree.h"

namespace culprit::requests {

class ParentInference {
 public:
  ParentInference(RequestTree& tree, ThreadTable& threads) : tree_(tree), threads_(threads) {}

  struct Parent {
    NodeId request = NodeId::None;
    LinkHow how = LinkHow::None;
    float confidence = 1;
  };
  Parent parent_of_call(const Thread& thread) const;

  // A thread received a request and begins to work on it.
  void begin_service(Request& request, Thread& thread, int64_t time_ns);
  void end_service(Request& request, int32_t reply_tid);
  // A thread sent a request on behalf of the request's parent.
  void begin_call(Request& request, Thread& thread, bool remote);
  void end_call(Request& request);
  // Bytes of a call's answer arrived at this thread.
  void answer_came(const Request& call, Thread& thread);
  // A thread was woken. It takes over the request that the waking thread worked on.
  void hand_over(Thread& thread, int32_t waker_tid, int64_t wake_ns);

 private:
  // Returns true if the request is open and waits for no answer.
  bool is_free(NodeId request) const;
  // Notes that bytes of the request, or an answer for it, arrived at this thread.
  static void make_runnable(Thread& thread, NodeId request);

  RequestTree& tree_;
  ThreadTable& threads_;
  std::unordered_map<int32_t, std::vector<NodeId>> open_;  // by pid: the open requests of a process
};

}  // namespace culprit::requests
