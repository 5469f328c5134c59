/* SPDX-License-Identifier: GPL-2.0 */
/* Thread slots: a slot stores whether its thread is recorded, so that this is decided once for each thread. */
#pragma once
#include "numbers.h"
#include "recorder.h"

INLINE bool decide(__u32 tgid) {
  if (tgid == own_tgid || tgid == PID_OUTSIDE) return false;
  if (scope_all) return true;
  return bpf_map_lookup_elem(&scope, &tgid) != NULL;
}

/* Each thread number has four possible slots. Fewer slots than thread numbers are enough: slots of threads that have
 * ended or are not recorded are reused. */
#define WAYS 4

/* The first possible slot is the thread number modulo the number of slots. The others mix in the number's high bits
 * (Fibonacci hashing, each with another odd factor). */
INLINE __u32 way(__u32 tid, __u32 i) { return (i ? tid * (0x9e3779b1u + 2 * i * 0x85ebca6bu) >> 16 : tid) & slot_mask; }

INLINE struct thread_slot* slot_at(__u32 index) { return bpf_map_lookup_elem(&slots, &index); }

/* Returns the slot of a thread that is not in its first possible slot. A thread without a slot gets one that is free
 * or belongs to an unrecorded thread. If there is none, it gets its first possible slot, and the thread there loses
 * its state. */
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

/* Assigns the slot to this thread and decides whether the thread is recorded. */
OUTLINE int claim_slot(struct thread_slot* slot, struct task_struct* task, __u32 epoch) {
  struct cpu_counts* c = cpu_counts();
  __u32 tid, tgid;
  if (!slot || !task || !c) return 0;
  tid = task->pid;
  tgid = tgid_of(task);
  if (slot->tid != tid) {
    if (slot->tid && slot->traced) count(&c->slot_collisions);
    clear_slot(slot);
  }
  slot->tid = tid;
  slot->tgid = tgid;
  slot->told_tid = tid_of(task);
  slot->traced = decide(tgid);
  slot->epoch = epoch;
  return 0;
}

/* Returns the thread's slot if the thread is recorded, else NULL. */
INLINE struct thread_slot* traced(struct task_struct* task) {
  __u32 tid = task->pid, epoch = scope_epoch;
  struct thread_slot* slot;
  if (!tid) return NULL;
  slot = slot_of(tid);
  if (!slot) return NULL;
  if (unlikely(slot->tid != tid || slot->epoch != epoch)) claim_slot(slot, task, epoch);
  return slot->traced ? slot : NULL;
}
