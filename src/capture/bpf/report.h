/* SPDX-License-Identifier: GPL-2.0 */
/* PostgreSQL's own report of its activity: pgstat_report_activity(state, text) is called at the start and the end of
 * each statement, also under TLS and for prepared statements. */
#pragma once
#include "recorder.h"
#include "slots.h"

#define TEXT_LIMIT 4096

struct report {
  __u32 busy;
  __u32 pad;
  struct event_pg_activity event;
  char text[TEXT_LIMIT];
};

/* Buffers for texts. Unlike a tracepoint's program, a uprobe's program can be preempted by another thread that hits
 * the same probe: each run takes a buffer that is not in use. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 4);
  __type(key, __u32);
  __type(value, struct report);
} reports SEC(".maps");

INLINE struct report* take_report(void) {
  for (__u32 i = 0; i < 4; ++i) {
    __u32 index = i;
    struct report* report = bpf_map_lookup_elem(&reports, &index);
    if (report && !__sync_val_compare_and_swap(&report->busy, 0, 1)) return report;
  }
  return NULL;
}

INLINE void fill_report(struct event_pg_activity* e, struct thread_slot* slot, __u32 state, __u64 length, bool cut) {
  fill_header(&e->header, EVENT_PG_ACTIVITY, (sizeof *e + length + 7) & ~7ull, bpf_ktime_get_ns(), slot->tgid,
              slot->told_tid);
  e->state = state;
  e->text_bytes = length;
  e->cut = cut;
}

/* Writes a short text, as most are, directly into the ring. Returns false if the text does not fit. */
INLINE bool tell_short(struct thread_slot* slot, __u32 state, const char* text, void* ring, struct cpu_counts* c) {
  struct {
    struct event_pg_activity event;
    char text[256];
  }* e = reserve(ring, sizeof *e, EVENT_PG_ACTIVITY, c);
  __s64 length;
  if (!e) return true; /* lost */
  length = bpf_probe_read_user_str(e->text, sizeof e->text, text);
  if (length == sizeof e->text) {
    bpf_ringbuf_discard(e, BPF_RB_NO_WAKEUP);
    return false;
  }
  if (length < 0) count(&c->read_faults);
  fill_report(&e->event, slot, state, length > 0 ? length - 1 : 0, false); /* without the NUL */
  submit(e, ring, sizeof *e, c);
  return true;
}

/* Emits a report. State numbers differ between versions of PostgreSQL; the text is set at the start of a statement
 * and NULL at its end. */
INLINE int on_report(struct pt_regs* regs) {
  const char* text = (const char*)PT_REGS_PARM2(regs);
  __u32 state = PT_REGS_PARM1(regs), probe = bpf_get_attach_cookie(regs) & (PROBES - 1);
  struct thread_slot* slot;
  struct cpu_counts* c = cpu_counts();
  struct report* report;
  __s64 length;
  __u64 size;
  void* ring = own_ring();
  if (!c || !ring) return 0;
  count(&c->probe_hits[probe]);
  if (!text) return 0;
  count(&c->probe_texts[probe]);
  slot = traced(bpf_get_current_task_btf());
  if (!slot || tell_short(slot, state, text, ring, c)) return 0;
  if (!(report = take_report())) {
    lose(c, EVENT_PG_ACTIVITY);
    return 0;
  }
  length = bpf_probe_read_user_str(report->text, TEXT_LIMIT, text);
  if (length < 0) count(&c->read_faults);
  length = length > 0 ? length - 1 : 0; /* without the NUL */
  fill_report(&report->event, slot, state, length, length == TEXT_LIMIT - 1);
  size = (sizeof report->event + length + 7) & ~7ull;
  asm volatile("" : "+r"(size));
  if (size <= sizeof report->event + TEXT_LIMIT) {
    if (bpf_ringbuf_output(ring, &report->event, size, wake_flag(ring, size, c)))
      lose_for_room(c, EVENT_PG_ACTIVITY);
    else if (c->gap_from_ns)
      tell_gap(c);
  }
  report->busy = 0;
  return 0;
}

SEC("uprobe.multi")
int report_multi(struct pt_regs* regs) { return on_report(regs); }

/* The same program for kernels without uprobe.multi (before Linux 6.6), where it is attached by a perf event. */
SEC("uprobe")
int report_single(struct pt_regs* regs) { return on_report(regs); }
