/* SPDX-License-Identifier: GPL-2.0 */
/* Process and thread numbers in events: they are those of the recorder's own PID namespace. Slots are found by the
 * machine's own numbers, which task_struct has. */
#pragma once
#include "recorder.h"

/* The inode of the recorder's PID namespace; 0: the machine's own namespace, whose numbers task_struct has. */
const volatile __u32 pid_namespace;

/* The level of the recorder's PID namespace: in a struct pid, numbers[pid_level] is the number in this namespace. */
__u32 pid_level = 0;

/* Runs once in the recorder's own thread, before any program is attached. */
SEC("raw_tp")
int find_pid_level(void* context) {
  struct task_struct* task = bpf_get_current_task_btf();
  pid_level = BPF_CORE_READ(task, thread_pid, level);
  return 0;
}

/* Returns the thread's number in the recorder's namespace, or PID_OUTSIDE if it has none. */
OUTLINE int number_in_namespace(struct pid* pid) {
  __u64 at[2] = {}; /* a struct upid: nr, ns */
  __u32 level = pid_level;
  struct pid_namespace* space;
  if (!pid || level > 32 /* MAX_PID_NS_LEVEL */ || BPF_CORE_READ(pid, level) < level) return PID_OUTSIDE;
  bpf_probe_read_kernel(at, sizeof at, (char*)pid + bpf_core_field_offset(struct pid, numbers) + level * sizeof at);
  space = (struct pid_namespace*)at[1];
  if (!space || BPF_CORE_READ(space, ns.inum) != pid_namespace) return PID_OUTSIDE;
  return (int)at[0];
}

INLINE __u32 tid_of(struct task_struct* task) {
  if (!pid_namespace || !task->pid) return task->pid;
  return number_in_namespace(BPF_CORE_READ(task, thread_pid));
}

INLINE __u32 tgid_of(struct task_struct* task) {
  if (!pid_namespace || !task->pid) return task->tgid;
  return number_in_namespace(BPF_CORE_READ(task, group_leader, thread_pid));
}
