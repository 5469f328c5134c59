/* SPDX-License-Identifier: GPL-2.0 */
/* PostgreSQL's own word for what it does: pgstat_report_activity(state, text) is called at the beginning and the end of
 * each statement, whatever carried it (TLS, prepared statements). */
#pragma once
#include "recorder.h"

#define TEXT_LIMIT 4096

struct report {
  __u32 busy;
  __u32 pad;
  struct event_report event;
  char text[TEXT_LIMIT];
};

/* Unlike tracepoints a uprobe's program can be preempted by another thread that hits it, too: each takes a buffer that
 * nobody holds. */
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

INLINE int on_report(struct pt_regs* regs) {
  struct thread_slot* slot = traced(bpf_get_current_task_btf());
  struct cpu_counts* c = cpu_counts();
  const char* text = (const char*)PT_REGS_PARM2(regs);
  struct report* report;
  __s64 length = 0;
  __u64 size;
  void* ring = own_ring();
  if (!slot || !c || !ring) return 0;
  if (!(report = take_report())) {
    lose(c, EVENT_REPORT);
    return 0;
  }
  if (text) length = bpf_probe_read_user_str(report->text, TEXT_LIMIT, text);
  if (length < 0) {
    count(&c->read_faults);
    length = 0;
  }
  if (length > 0) --length; /* the NUL */
  fill_header(&report->event.header, EVENT_REPORT, 0, bpf_ktime_get_ns(), slot->tgid, slot->tid);
  report->event.state = PT_REGS_PARM1(regs);
  report->event.text_bytes = length;
  report->event.cut = length == TEXT_LIMIT - 1;
  size = (sizeof report->event + length + 7) & ~7ull;
  report->event.header.size_bytes = size;
  asm volatile("" : "+r"(size));
  if (size <= sizeof report->event + TEXT_LIMIT) {
    if (bpf_ringbuf_output(ring, &report->event, size, wake_flag(ring, c)))
      lose(c, EVENT_REPORT);
    else if (c->gap_from_ns)
      tell_gap(c);
  }
  report->busy = 0;
  return 0;
}

SEC("uprobe.multi")
int report_multi(struct pt_regs* regs) { return on_report(regs); }

/* The same by a perf event, where the kernel has no uprobe.multi (before 6.6). */
SEC("uprobe")
int report_single(struct pt_regs* regs) { return on_report(regs); }
