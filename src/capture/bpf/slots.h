/* SPDX-License-Identifier: GPL-2.0 */
/* Thread slots: whose is recorded is decided once, and remembered there. */
#pragma once
#include "recorder.h"

INLINE bool decide(__u32 tgid) {
  if (tgid == own_tgid) return false;
  if (scope_all) return true;
  return bpf_map_lookup_elem(&scope, &tgid) != NULL;
}

/* A thread has one of four places: fewer slots than thread numbers suffice, for those of threads that have ended or are
 * not recorded are given away. */
#define WAYS 4

/* The first is the number's own; the others mix its high bits in (Fibonacci hashing, with another odd factor each). */
INLINE __u32 way(__u32 tid, __u32 i) { return (i ? tid * (0x9e3779b1u + 2 * i * 0x85ebca6bu) >> 16 : tid) & slot_mask; }

INLINE struct thread_slot* slot_at(__u32 index) { return bpf_map_lookup_elem(&slots, &index); }

/* Not where it is looked for first. The thread's own slot in another place; where it has none, one for it to take: free,
 * or of a thread that is not recorded; else the first, whose thread then loses its state. */
OUTLINE int other_place(__u32 tid) {
  __u32 chosen = way(tid, 0), best = 0;
  for (__u32 i = 0; i < WAYS; ++i) {
    struct thread_slot* slot = slot_at(way(tid, i));
    __u32 worth;
    if (!slot) continue;
    if (slot->tid == tid) return way(tid, i);
    worth = !slot->tid ? 2 : !slot->traced;
    if (worth <= best) continue;
    best = worth;
    chosen = way(tid, i);
  }
  return chosen;
}

INLINE struct thread_slot* slot_of(__u32 tid) {
  struct thread_slot* slot = slot_at(way(tid, 0));
  if (likely(slot && slot->tid == tid)) return slot;
  return slot_at(other_place(tid));
}

INLINE void clear_slot(struct thread_slot* slot) {
  slot->off_ns = 0;
  slot->wake_ns = 0;
  slot->in_ns = 0;
  slot->waker = WAKER_NONE;
  slot->waker_pid = 0;
  slot->waker_tid = 0;
  slot->state = 0;
  slot->syscall = -1;
  slot->argument = 0;
  slot->socket = 0;
  slot->descriptor = 0;
  slot->sync_ns = 0;
  slot->policy_epoch = 0;
  slot->left_ns = 0;
}

/* Takes the slot for this thread and decides whether it is recorded. */
OUTLINE int claim_slot(struct thread_slot* slot, __u32 tid, __u32 tgid, __u32 epoch) {
  struct cpu_counts* c = cpu_counts();
  if (!slot || !c) return 0;
  if (slot->tid != tid) {
    if (slot->tid && slot->traced) count(&c->slot_collisions);
    clear_slot(slot);
  }
  slot->tid = tid;
  slot->tgid = tgid;
  slot->traced = decide(tgid);
  slot->epoch = epoch;
  return 0;
}

/* The thread's slot if it is recorded, else NULL. */
INLINE struct thread_slot* traced(struct task_struct* task) {
  __u32 tid = task->pid, epoch = scope_epoch;
  struct thread_slot* slot;
  if (!tid) return NULL;
  slot = slot_of(tid);
  if (!slot) return NULL;
  if (unlikely(slot->tid != tid || slot->epoch != epoch)) claim_slot(slot, tid, task->tgid, epoch);
  return slot->traced ? slot : NULL;
}
