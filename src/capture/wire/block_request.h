/* A block request on its way, as the BPF programs keep it: plain C, also tried without a kernel. */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif

struct pending_request {
  __u64 insert_ns, issue_ns; /* insert 0: never queued; issue 0: it waits */
  __u32 pid, tid;            /* who wanted it */
};

/* The device gets it at `now`. 0: it was not waiting, whoever issues it now wanted it. */
static inline int issue_waiting(struct pending_request* known, __u64 now) {
  if (!known || known->issue_ns) return 0;
  known->issue_ns = now; /* queued before, perhaps by another thread: that one wanted it */
  return 1;
}

/* The device did not take it: it waits again, since it was first wanted, and will be issued again. */
static inline void requeue(struct pending_request* known) {
  if (!known) return;
  if (!known->insert_ns) known->insert_ns = known->issue_ns;
  known->issue_ns = 0;
}
