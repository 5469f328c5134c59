/* SPDX-License-Identifier: GPL-2.0 */
/* The maps and rings that all programs share. */
#pragma once

/* kernel.h comes first: the other headers use its types without including it. */
/* clang-format off */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "../wire/event.h"
#include "../wire/state.h"
/* clang-format on */

#define INLINE static __always_inline
#define OUTLINE static __noinline /* seldom executed: kept out of the code that runs at each event */
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* Constants that are set before loading. */
const volatile __u32 own_tgid;
const volatile __u32 scope_all;
const volatile __u32 slot_mask;
const volatile struct capture_policy undecided; /* of sockets that have no policy from the recorder yet */
const volatile __u64 ring_bytes;

/* Variables that the recorder changes while the programs run. */
__u32 scope_epoch = 1;   /* a new value invalidates every cached decision */
__u32 capture_epoch = 1; /* a new value: a capture policy was written */

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

/* The ring for starts and ends of processes and sockets, and for gaps. These events are few, and all other events
 * need them. Their ring is separate, so that a flood of other events cannot displace them. */
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

/* The processes to record, unless all are recorded. A process is removed when it ends. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, 262144); /* the most processes that live at the same time: far more than any machine seen */
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

/* Emits EVENT_GAP. A gap ends when a ring accepts an event again; the event counts what was lost in between. If the
 * control ring is full too, the counts stay for the next attempt. */
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

/* A wake-up for each event would cost three times as much as the event. The reader polls instead, and is woken when
 * a quarter of the ring is full. The fill level is checked after each sixteenth of the ring. */
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
