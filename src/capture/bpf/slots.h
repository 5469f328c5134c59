/* SPDX-License-Identifier: GPL-2.0 */
/* Thread slots: whose is recorded is decided once, and remembered there. */
#pragma once
#include "recorder.h"

INLINE bool decide(__u32 tgid) {
  if (tgid == own_tgid) return false;
  if (scope_all) return true;
  return bpf_map_lookup_elem(&scope, &tgid) != NULL;
}

INLINE struct thread_slot* slot_of(__u32 tid) {
  __u32 index = tid & slot_mask;
  return bpf_map_lookup_elem(&slots, &index);
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
