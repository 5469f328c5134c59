/* SPDX-License-Identifier: GPL-2.0 */
/* The BPF programs for threads: when they run, what they wait for, which thread wakes them. */
#pragma once
#include "recorder.h"
#include "slots.h"

/* Timer and device interrupts set a mark on their CPU. Otherwise a wake-up from an interrupt would be attributed to
 * the interrupted thread. (The kernel's preempt count is not available: its symbol needs CONFIG_KALLSYMS_ALL.)
 * Softirqs are not marked: two hooks on each would cost more than the information is worth. */
INLINE int mark_interrupt(__u32 on) {
  struct cpu_counts* c = cpu_counts();
  if (c) c->interrupt = on;
  return 0;
}

SEC("tp_btf/local_timer_entry")
int BPF_PROG(local_timer_entry, int vector) { return mark_interrupt(1); }
SEC("tp_btf/local_timer_exit")
int BPF_PROG(local_timer_exit, int vector) { return mark_interrupt(0); }
SEC("tp_btf/irq_handler_entry")
int BPF_PROG(irq_handler_entry, int irq) { return mark_interrupt(1); }
SEC("tp_btf/irq_handler_exit")
int BPF_PROG(irq_handler_exit, int irq) { return mark_interrupt(0); }

/* Classifies the waker. Certain: the idle task, a marked interrupt and ksoftirqd mean an interrupt. A thread that
 * was interrupted in user mode means an interrupt too (every kernel entry other than a system call sets orig_ax to
 * -1). Guessed: a thread inside a system call is taken as the waker, although a softirq may have interrupted it. If
 * that softirq delivers the thread's own data over loopback, the guess is right. If it delivers another program's
 * packet, the guess is wrong; only the two ends of the socket can show that. */
INLINE __u8 classify_waker(struct task_struct* waker, struct cpu_counts* c) {
  if (!waker->pid || c->interrupt) return WAKER_INTERRUPT;
  if (waker->flags & PF_KTHREAD) {
    static const char kSoft[] = "ksoftirqd";
    for (int i = 0; i < 9; ++i)
      if (waker->comm[i] != kSoft[i]) return WAKER_THREAD; /* jbd2, kworker: their wake-ups report finished work */
    return WAKER_INTERRUPT;
  }
  struct pt_regs* regs = (struct pt_regs*)bpf_task_pt_regs(waker);
  if (!regs) return WAKER_UNKNOWN;
  return (long)regs->orig_ax >= 0 ? WAKER_THREAD : WAKER_INTERRUPT;
}

/* The first argument of these system calls is a descriptor. */
INLINE bool sends(__s64 syscall) {
  return syscall == 1 /* write */ || syscall == 20 /* writev */ || syscall == 44 /* sendto */ ||
         syscall == 46 /* sendmsg */;
}
INLINE bool receives(__s64 syscall) {
  return syscall == 0 /* read */ || syscall == 19 /* readv */ || syscall == 45 /* recvfrom */ ||
         syscall == 47 /* recvmsg */;
}

/* Stores when the bytes of a send call began to leave: the first wake-up during the call means that a receiver has
 * them. The event is emitted at the end of each send call, so the mark belongs to that call. Exception: an interrupt
 * that wakes a thread between the event and the return to user mode. */
INLINE void note_leaving(struct task_struct* waker) {
  struct thread_slot* slot;
  struct pt_regs* regs;
  if (!waker->pid) return; /* idle */
  slot = slot_of(waker->pid);
  if (!slot || slot->tid != (__u32)waker->pid || !slot->traced || !slot->socket || slot->left_ns) return;
  regs = (struct pt_regs*)bpf_task_pt_regs(waker);
  if (regs && regs->di == slot->descriptor && sends(regs->orig_ax)) slot->left_ns = bpf_ktime_get_ns();
}

SEC("tp_btf/sched_waking")
int BPF_PROG(sched_waking, struct task_struct* task) {
  struct thread_slot* slot = traced(task);
  struct cpu_counts* c = cpu_counts();
  struct task_struct* waker = bpf_get_current_task_btf();
  note_leaving(waker);
  if (!slot || !c) return 0;
  /* Only the first wake-up after the thread lost the CPU counts: the thread is runnable from then on. */
  if (slot->off_ns && slot->wake_ns >= slot->off_ns) return 0;
  slot->wake_ns = bpf_ktime_get_ns();
  slot->waker_pid = tgid_of(waker);
  slot->waker_tid = tid_of(waker);
  slot->waker = classify_waker(waker, c);
  return 0;
}

/* A new thread waits for its first CPU from the moment its parent makes it runnable. */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct* task) {
  struct thread_slot* slot = traced(task);
  struct task_struct* parent;
  if (!slot) return 0;
  parent = bpf_get_current_task_btf();
  slot->off_ns = slot->wake_ns = bpf_ktime_get_ns();
  slot->state = 0;
  slot->syscall = -1;
  slot->argument = 0;
  slot->io_wait = 0;
  slot->off_cpu = bpf_get_smp_processor_id();
  slot->waker_pid = tgid_of(parent);
  slot->waker_tid = tid_of(parent);
  slot->waker = WAKER_THREAD;
  return 0;
}

/* Removes the state's modifiers (freezable, killable, not counted as load): 1 interruptible, 2 uninterruptible … */
INLINE __u32 plain_state(__u32 state) {
  __u32 plain = state & TASK_STATES;
  return state && !plain ? TASK_UNINTERRUPTIBLE : plain;
}

INLINE void leave_cpu(struct thread_slot* slot, struct task_struct* task, __u32 state, __u64 now) {
  struct pt_regs* regs;
  if (state & TASK_DEAD) {
    slot->tid = 0;
    return;
  }
  slot->off_ns = now;
  slot->state = plain_state(state);
  slot->off_cpu = bpf_get_smp_processor_id();
  slot->syscall = -1;
  slot->argument = 0;
  slot->io_wait = 0;
  if (!state) return; /* The thread was preempted: it waits only for a CPU. */
  slot->io_wait = BPF_CORE_READ_BITFIELD(task, in_iowait);
  if (task->flags & PF_KTHREAD) return;
  regs = (struct pt_regs*)bpf_task_pt_regs(task);
  if (!regs) return;
  if ((long)regs->orig_ax < 0) return; /* a page fault */
  slot->syscall = regs->orig_ax;
  slot->argument = regs->di;
}

INLINE void fill_wake(struct event_switch* e, struct thread_slot* slot) {
  __u64 wake = slot->wake_ns;
  e->wake_ns = 0;
  e->waker = WAKER_NONE;
  e->waker_pid = 0;
  e->waker_tid = 0;
  if (!slot->state && wake != slot->off_ns) return; /* preempted: it was always runnable */
  if (wake && wake >= slot->in_ns) {
    /* A wake-up while the thread was about to sleep is earlier than the time at which it lost the CPU. */
    e->wake_ns = wake < slot->off_ns ? slot->off_ns : wake;
    e->waker = slot->waker;
    e->waker_pid = slot->waker_pid;
    e->waker_tid = slot->waker_tid;
    return;
  }
  e->waker = WAKER_UNKNOWN; /* The thread slept, and no wake-up was seen. */
}

INLINE void get_cpu(struct thread_slot* slot, struct task_struct* previous, __u64 now) {
  struct cpu_counts* c = cpu_counts();
  struct event_switch* e;
  void* ring = own_ring();
  if (!c || !ring) return;
  if (slot->off_ns && (e = reserve(ring, sizeof *e, EVENT_SWITCH, c))) {
    fill_header(&e->header, EVENT_SWITCH, sizeof *e, now, slot->tgid, slot->told_tid);
    e->off_ns = slot->off_ns;
    fill_wake(e, slot);
    e->previous_pid = tgid_of(previous);
    e->previous_tid = tid_of(previous);
    e->state = slot->state;
    e->syscall = slot->syscall;
    e->io_wait = slot->io_wait;
    e->off_cpu = slot->off_cpu;
    e->pad = 0;
    e->pad2 = 0;
    e->argument = slot->argument;
    e->socket =
        (sends(slot->syscall) || receives(slot->syscall)) && slot->argument == slot->descriptor ? slot->socket : 0;
    submit(e, ring, sizeof *e, c);
  }
  slot->off_ns = 0;
  slot->in_ns = now;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct* previous, struct task_struct* next,
             unsigned int previous_state) {
  struct thread_slot *leaving = traced(previous), *coming = traced(next);
  __u64 now = 0;
  if (leaving) {
    now = bpf_ktime_get_ns();
    /* On a kernel without preemption `preempt` is never set; state 0 means the same. */
    leave_cpu(leaving, previous, preempt ? 0 : previous_state, now);
  }
  if (coming) get_cpu(coming, previous, now ? now : bpf_ktime_get_ns());
  return 0;
}

/* Runs once over all threads when the recording begins. For a thread that sleeps at that moment, the wait starts
 * with the recording. Otherwise a thread that waits during the whole recording would have no event at all. If a
 * thread wakes up at the same instant, its slot is overwritten when it next loses its CPU. */
SEC("iter/task")
int seed_threads(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  struct thread_slot* slot;
  __u32 state;
  if (!task) return 0;
  slot = slot_of(task->pid);
  state = task->__state;
  if (!slot || !task->pid || !state || state & TASK_DEAD) return 0;
  if (slot->tid != (__u32)task->pid || slot->epoch != scope_epoch) claim_slot(slot, task, scope_epoch);
  if (!slot->traced || slot->off_ns || slot->in_ns) return 0;
  leave_cpu(slot, task, state, bpf_ktime_get_ns());
  slot->off_cpu = 0xffff; /* unknown */
  return 0;
}
