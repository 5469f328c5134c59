/* The state of a block request, as the BPF programs store it: plain C, also tested without a kernel. */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif

struct pending_request {
  __u64 insert_ns, issue_ns; /* insert 0: never queued; issue 0: it waits */
  __u32 pid, tid;            /* who wanted it */
};

/* Marks a waiting request as issued to the device at `now`. Returns 0 if it was not waiting: its issuer is then the
 * current thread. */
static inline int issue_waiting(struct pending_request* known, __u64 now) {
  if (!known || known->issue_ns) return 0;
  known->issue_ns = now; /* already queued, possibly by another thread, which stays the issuer */
  return 1;
}

/* The device refused the request: it waits again, counted from its first insertion, and will be issued again. */
static inline void requeue(struct pending_request* known) {
  if (!known) return;
  if (!known->insert_ns) known->insert_ns = known->issue_ns;
  known->issue_ns = 0;
}
