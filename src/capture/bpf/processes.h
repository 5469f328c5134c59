/* SPDX-License-Identifier: GPL-2.0 */
/* The BPF programs for the start and the end of threads and processes. */
#pragma once
#include "recorder.h"
#include "slots.h"

/* Children of recorded processes are recorded. The child's slot is created here: an unrecorded thread may have had
 * the same thread number before. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct* parent, struct task_struct* child) {
  struct thread_slot *own = traced(parent), *slot = slot_of(child->pid);
  struct cpu_counts* c = cpu_counts();
  struct event_fork* e;
  __u32 tgid = tgid_of(child);
  __u8 yes = 1;
  if (!c) return 0;
  if (own && !scope_all && tgid != tgid_of(parent) && bpf_map_update_elem(&scope, &tgid, &yes, BPF_ANY))
    count(&c->map_full);
  if (slot && slot->tid == (__u32)child->pid) slot->tid = 0;
  if (!own || !(e = reserve_control(sizeof *e, EVENT_FORK, c))) return 0;
  fill_header(&e->header, EVENT_FORK, sizeof *e, bpf_ktime_get_ns(), tgid_of(parent), tid_of(parent));
  e->child_pid = tgid;
  e->child_tid = tid_of(child);
  bpf_probe_read_kernel_str(e->name, sizeof e->name, child->comm);
  submit_control(e, c);
  return 0;
}

/* A thread that calls execve takes over its leader's thread number. Whether that number is recorded is decided
 * again. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct* task, int old_pid, struct linux_binprm* program) {
  struct thread_slot* slot = slot_of(task->pid);
  struct cpu_counts* c = cpu_counts();
  struct event_exec* e;
  if (!slot || !c) return 0;
  if (slot->tid == (__u32)task->pid) slot->epoch = 0;
  if (!traced(task) || !(e = reserve_control(sizeof *e, EVENT_EXEC, c))) return 0;
  fill_header(&e->header, EVENT_EXEC, sizeof *e, bpf_ktime_get_ns(), tgid_of(task), tid_of(task));
  __builtin_memset(e->path, 0, sizeof e->path);
  bpf_probe_read_kernel_str(e->name, sizeof e->name, task->comm);
  bpf_probe_read_kernel_str(e->path, sizeof e->path, program->filename);
  submit_control(e, c);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct* task) {
  bool recorded = traced(task) != NULL;
  /* The tracepoint has an argument for this since Linux 6.16. The counter works on older kernels too, and is already
   * decremented here. */
  bool last = task->signal->live.counter == 0;
  struct cpu_counts* c = cpu_counts();
  struct event_exit* e;
  __u32 tgid = tgid_of(task);
  if (!recorded || !c) return 0;
  if (last && !scope_all) bpf_map_delete_elem(&scope, &tgid);
  if (!(e = reserve_control(sizeof *e, EVENT_EXIT, c))) return 0;
  fill_header(&e->header, EVENT_EXIT, sizeof *e, bpf_ktime_get_ns(), tgid, tid_of(task));
  e->exit_code = task->exit_code;
  e->group_dead = last;
  bpf_probe_read_kernel_str(e->name, sizeof e->name, task->comm);
  submit_control(e, c);
  return 0;
}
