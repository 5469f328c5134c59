/* SPDX-License-Identifier: GPL-2.0 */
/* Maps and rings: what all programs share. */
#pragma once

/* kernel.h comes first: all others take its types for given. */
/* clang-format off */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "../wire/event.h"
#include "../wire/state.h"
/* clang-format on */

#define INLINE static __always_inline
#define OUTLINE static __noinline /* seldom run: out of the way of what runs at each event */
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Set before loading. */
const volatile __u32 own_tgid;
const volatile __u32 scope_all;
const volatile __u32 slot_mask;
const volatile struct capture_policy undecided; /* of sockets about which the recorder has said nothing yet */
const volatile __u64 ring_bytes;

/* Written by the recorder while it runs. */
__u32 scope_epoch = 1;   /* a newer one makes every cached decision void */
__u32 capture_epoch = 1; /* a newer one: a capture policy was written */

__u64 live_multiplier = 1; /* struct live_sockets */

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, 1); /* CPUs, set before loading */
  __type(key, __u32);
  __array(
      values, struct {
        __uint(type, BPF_MAP_TYPE_RINGBUF);
        __uint(max_entries, 65536);
      });
} rings SEC(".maps");

/* Life of processes and sockets, gaps: few events, and the rest is worth little without them, so a flood can't push
 * them out. */
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 20);
} control SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE); /* aligns the values to a page, thus every slot to 128 bytes */
  __uint(max_entries, 1);            /* slot_mask + 1, set before loading */
  __type(key, __u32);
  __type(value, struct thread_slot);
} slots SEC(".maps");

/* The processes to be recorded, unless all are. A process leaves it as it ends. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 262144); /* processes that live at once; a machine of today does not get there */
  __type(key, __u32);
  __type(value, __u8);
} scope SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct cpu_counts);
} counters SEC(".maps");

INLINE struct cpu_counts* cpu_counts(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&counters, &zero);
}

INLINE void count(__u64* counter) { __sync_fetch_and_add(counter, 1); }

OUTLINE int lose(struct cpu_counts* c, __u16 type) {
  if (!c || type >= EVENT_TYPES) return 0;
  count(&c->lost[type]);
  count(&c->gap_lost[type]);
  if (!c->gap_from_ns) c->gap_from_ns = bpf_ktime_get_ns();
  return 0;
}

INLINE void fill_header(struct event_header* h, __u16 type, __u32 size_bytes, __u64 now, __u32 pid, __u32 tid) {
  h->time_ns = now;
  h->pid = pid;
  h->tid = tid;
  h->type = type;
  h->cpu = bpf_get_smp_processor_id();
  h->size_bytes = size_bytes;
}

/* Losses end when a ring takes an event again: say what was lost between. Where the control ring is full, too, it
 * stays to be said. */
OUTLINE int tell_gap(struct cpu_counts* c) {
  struct event_gap* gap;
  if (!c) return 0;
  gap = bpf_ringbuf_reserve(&control, sizeof *gap, 0);
  if (!gap) return 0;
  gap->from_ns = __sync_lock_test_and_set(&c->gap_from_ns, 0);
  for (int i = 0; i < EVENT_TYPES; ++i) gap->lost_by_type[i] = __sync_lock_test_and_set(&c->gap_lost[i], 0);
  fill_header(&gap->header, EVENT_GAP, sizeof *gap, bpf_ktime_get_ns(), 0, 0);
  bpf_ringbuf_submit(gap, BPF_RB_NO_WAKEUP);
  return 0;
}

INLINE void* own_ring(void) {
  __u32 cpu = bpf_get_smp_processor_id();
  return bpf_map_lookup_elem(&rings, &cpu);
}

/* A wake-up an event costs three times the event: the reader polls, and is woken when a quarter is full. How full it is
 * is looked at after each sixteenth. */
INLINE __u64 wake_flag(void* ring, __u64 size_bytes, struct cpu_counts* c) {
  __u64 waiting;
  c->unlooked_bytes += size_bytes;
  if (likely(c->unlooked_bytes < ring_bytes / 16)) return BPF_RB_NO_WAKEUP;
  c->unlooked_bytes = 0;
  waiting = bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA);
  if (waiting > c->ring_peak_bytes) c->ring_peak_bytes = waiting;
  return waiting < ring_bytes / 4 ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP;
}

INLINE void lose_for_room(struct cpu_counts* c, __u16 type) {
  lose(c, type);
  c->ring_peak_bytes = ring_bytes;
}

INLINE void* reserve(void* ring, __u64 size_bytes, __u16 type, struct cpu_counts* c) {
  void* event = bpf_ringbuf_reserve(ring, size_bytes, 0);
  if (unlikely(!event)) lose_for_room(c, type);
  return event;
}

INLINE void submit(void* event, void* ring, __u64 size_bytes, struct cpu_counts* c) {
  bpf_ringbuf_submit(event, wake_flag(ring, size_bytes, c));
  if (unlikely(c->gap_from_ns)) tell_gap(c);
}

INLINE void* reserve_control(__u64 size_bytes, __u16 type, struct cpu_counts* c) {
  void* event = bpf_ringbuf_reserve(&control, size_bytes, 0);
  if (!event) lose(c, type);
  return event;
}

INLINE void submit_control(void* event, struct cpu_counts* c) {
  bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
  if (unlikely(c->gap_from_ns)) tell_gap(c);
}
