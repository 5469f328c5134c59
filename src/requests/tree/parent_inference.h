// ParentInference: infers the request that an outgoing call belongs to.
//
// Keeps, for each thread, the requests that it works on, and for each process those that are open. Tasks of an event loop, and
// of a runtime that moves them between threads, send in the order in which their bytes came; a request that waits for an
// answer sends nothing, as long as another does not wait.
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

  // A thread received a request, and works on it from now on.
  void begin_service(Request& request, Thread& thread, int64_t time_ns);
  void end_service(Request& request, int32_t reply_tid);
  // A thread sent a request, on behalf of its parent.
  void begin_call(Request& request, Thread& thread, bool remote);
  void end_call(Request& request);
  // Bytes of the answer to a call came to this thread.
  void answer_came(const Request& call, Thread& thread);
  // A thread woke up: takes over what the thread that woke it worked on.
  void hand_over(Thread& thread, int32_t waker_tid, int64_t wake_ns);

 private:
  // It is worked on and waits for no answer.
  bool is_free(NodeId request) const;
  // Its bytes, or an answer for it, came to this thread.
  static void make_runnable(Thread& thread, NodeId request);

  RequestTree& tree_;
  ThreadTable& threads_;
  std::unordered_map<int32_t, std::vector<NodeId>> open_;  // by pid: what it works on
};

}  // namespace culprit::requests
