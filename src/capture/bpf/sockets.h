/* SPDX-License-Identifier: GPL-2.0 */
/* Programs for bytes sent and received. They run at the end of the call: the kernel has just accessed the program's
 * buffer, so it is mapped, and the length is known. The tracepoints do not pass the buffer. Its address comes from
 * the system call's arguments in the thread's saved registers. */
#pragma once
#include "payload.h"
#include "recorder.h"
#include "slots.h"
#include "socket_state.h"

#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000

INLINE __u32 tcp_sequence(struct sock* sk, __u32 length, bool sent) {
  const struct tcp_sock* tcp;
  if (sk->sk_protocol != IPPROTO_TCP || sk->__sk_common.skc_family == AF_UNIX) return 0;
  tcp = bpf_core_cast(sk, struct tcp_sock);
  return (sent ? tcp->write_seq : tcp->copied_seq) - length;
}

/* Sockets without a descriptor in any program belong to the kernel itself (for example a network file system): the
 * saved registers then describe another call. Other families (netlink, packet) carry no requests. */
INLINE bool carries_requests(struct sock* sk) {
  __u16 family = sk->__sk_common.skc_family;
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) return false;
  return sk->sk_socket && sk->sk_socket->file;
}

/* Emits EVENT_SOCKET for the recorder's own connections (--ask) and nothing else about them: what the server does
 * for the recorder is not part of the recorded system. */
OUTLINE int tell_own(struct sock* sk, struct task_struct* task) {
  struct cpu_counts* c = cpu_counts();
  struct socket_state* state;
  if (!c || !carries_requests(sk)) return 0;
  if (sk->sk_type != SOCK_STREAM) return 0;
  state = socket_state(sk);
  if (state) tell_socket(state, sk, task, bpf_ktime_get_ns(), c);
  return 0;
}

INLINE void take_policies(struct socket_state* state, __u32 epoch) {
  struct socket_policies* wanted;
  if (state->capture_epoch == epoch) return;
  state->capture_epoch = epoch;
  wanted = bpf_map_lookup_elem(&policies, &state->id);
  if (!wanted) return;
  state->policies = *wanted;
  state->decided = 1;
}

/* Datagrams carry no requests that culprit can decode. Their lengths are emitted, which shows when a thread that
 * waits for a datagram gets one. No state is kept for the socket, here or in the recorder: a program may use a new
 * socket for each datagram. */
INLINE int know_datagrams(struct thread_slot* slot, struct sock* sk, __u32 epoch) {
  const struct capture_policy lengths_only = {};
  slot->socket = bpf_get_socket_cookie(sk);
  slot->sent = lengths_only;
  slot->received = lengths_only;
  slot->data_flags = DATA_DATAGRAM;
  slot->policy_epoch = epoch;
  return 1;
}

/* Makes the socket the current one of the thread's slot. Returns 0 if the socket is not recorded. */
OUTLINE int know_socket(struct thread_slot* slot, struct sock* sk, struct task_struct* task, __u64 now) {
  struct cpu_counts* c = cpu_counts();
  struct socket_state* state;
  __u32 epoch = capture_epoch;
  if (!c || !carries_requests(sk)) return 0;
  if (sk->sk_type != SOCK_STREAM) return know_datagrams(slot, sk, epoch);
  if (!(state = socket_state(sk))) {
    count(&c->map_full);
    return 0;
  }
  take_policies(state, epoch);
  slot->socket = state->id;
  slot->data_flags = 0;
  slot->sent = state->decided ? state->policies.sent : undecided;
  slot->received = state->decided ? state->policies.received : undecided;
  slot->policy_epoch = tell_socket(state, sk, task, now, c) ? epoch : 0;
  return 1;
}

OUTLINE int tell_end_of(struct sock* sk, struct thread_slot* slot) {
  struct socket_state* state = bpf_sk_storage_get(&sockets, sk, 0, 0);
  struct cpu_counts* c = cpu_counts();
  if (state && c) tell_end(state, slot->tgid, slot->told_tid, c);
  return 0;
}

INLINE void fill_data(struct event_data* e, struct thread_slot* slot, struct sock* sk, __u32 length, bool sent,
                      __u64 now) {
  fill_header(&e->header, EVENT_DATA, sizeof *e, now, slot->tgid, slot->told_tid);
  e->socket = slot->socket;
  e->length_bytes = length;
  e->tcp_sequence = tcp_sequence(sk, length, sent);
  e->head_bytes = 0;
  e->tail_bytes = 0;
  __builtin_memset(e->pad, 0, sizeof e->pad);
  e->flags = (sent ? DATA_SENT : 0) | slot->data_flags;
  e->left_before = sent ? slot->left_before : 0;
}

/* Stores when the bytes of the send call that ends now began to leave. A receiver on this machine may have got them,
 * and taken the sender's CPU, long before the call ends. */
INLINE void take_leaving(struct thread_slot* slot, __u64 now) {
  __u64 units = slot->left_ns ? (now - slot->left_ns) / LEFT_UNIT_NS : 0;
  slot->left_ns = 0;
  slot->left_before = units <= 0xffff ? units : 0;
}

/* Resets the mark: nothing was sent. */
OUTLINE int forget_leaving(struct task_struct* task) {
  struct thread_slot* slot = traced(task);
  if (slot) slot->left_ns = 0;
  return 0;
}

/* Emits a message that lies in several pieces, or is longer than the policy's head. */
OUTLINE int tell_parts(struct thread_slot* slot, struct sock* sk, __u32 length, __u32 sent, __u64 now) {
  struct pt_regs* regs = (struct pt_regs*)bpf_task_pt_regs(bpf_get_current_task_btf());
  struct cpu_counts* c = cpu_counts();
  __u32 own_message = 2 * bpf_get_smp_processor_id() + sent;
  struct message* m = bpf_map_lookup_elem(&messages, &own_message);
  void* ring = own_ring();
  __u64 size;
  if (!m || !regs || !c || !ring) return 0;
  fill_data(&m->event, slot, sk, length, sent, now);
  add_payload(m, sent ? &slot->sent : &slot->received, regs, sent, c);
  size = (sizeof m->event + m->event.head_bytes + m->event.tail_bytes + 7) & ~7ull;
  asm volatile("" : "+r"(size));
  if (size > sizeof *m - sizeof m->walk) return 0;
  m->event.header.size_bytes = size;
  if (bpf_ringbuf_output(ring, &m->event, size, wake_flag(ring, size, c)))
    lose_for_room(c, EVENT_DATA);
  else if (c->gap_from_ns)
    tell_gap(c);
  return 0;
}

/* A message that is short, wanted completely and in one piece, as most are. It is copied directly into the ring. */
struct whole {
  struct thread_slot* slot;
  struct sock* sk;
  const void* from; /* NULL: no byte of the message is wanted */
  __u32 length;
  __u64 now;
};

INLINE void tell_whole(const struct whole* w, const __u64 room, bool sent, void* ring, struct cpu_counts* c) {
  struct event_data* e = reserve(ring, sizeof *e + room, EVENT_DATA, c);
  __u64 n = w->length;
  if (!e) return;
  fill_data(e, w->slot, w->sk, w->length, sent, w->now);
  asm volatile("" : "+r"(n)); /* otherwise the compiler removes this check as always true, and the verifier needs it */
  if (!room || n > room) {
    e->flags |= DATA_CUT;
  } else if (unlikely(bpf_probe_read_user(e + 1, n, w->from))) {
    e->flags |= DATA_CUT | DATA_READ_FAULT;
    count(&c->read_faults);
  } else {
    e->head_bytes = n;
    e->header.size_bytes = (sizeof *e + n + 7) & ~7ull;
  }
  submit(e, ring, sizeof *e + room, c);
}

/* Space in the ring is reserved in fixed sizes. These two fit usual messages of databases and of HTTP. */
#define SMALL_ROOM 128
#define MIDDLE_ROOM 512

INLINE int on_bytes(struct sock* sk, int length, bool sent) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct whole w = {.sk = sk, .length = length};
  struct thread_slot* slot;
  struct cpu_counts* c;
  struct pt_regs* regs;
  const struct capture_policy* policy;
  void* ring;
  if (length < 0 || (!length && sent)) return sent ? forget_leaving(task) : 0;
  if (!(slot = w.slot = traced(task))) return unlikely(tgid_of(task) == own_tgid) ? tell_own(sk, task) : 0;
  w.now = bpf_ktime_get_ns();
  if (sent)
    take_leaving(slot, w.now);
  else
    slot->left_ns = 0; /* The mark came from an interrupt that woke a thread after the event of the last send call. */
  if (unlikely(slot->policy_epoch != capture_epoch || slot->socket != (__u64)sk->__sk_common.skc_cookie.counter) &&
      !know_socket(slot, sk, task, w.now))
    return 0;
  c = cpu_counts();
  ring = own_ring();
  regs = (struct pt_regs*)bpf_task_pt_regs(task);
  if (!c || !ring || !regs) return 0;
  if (unlikely(!length)) { /* The peer has closed. For TCP, its state shows the end. */
    return sk->__sk_common.skc_family == AF_UNIX && sk->sk_type == SOCK_STREAM && regs->dx ? tell_end_of(sk, slot) : 0;
  }
  slot->descriptor = regs->di;
  policy = sent ? &slot->sent : &slot->received;
  w.from = (const void*)regs->si;
  if (!policy->head_bytes && !policy->tail_bytes)
    tell_whole(&w, 0, sent, ring, c);
  else if (w.length > policy->head_bytes || w.length > MIDDLE_ROOM || place_of(regs, sent) != PLACE_BUFFER)
    tell_parts(slot, sk, length, sent, w.now);
  else if (w.length <= SMALL_ROOM)
    tell_whole(&w, SMALL_ROOM, sent, ring, c);
  else
    tell_whole(&w, MIDDLE_ROOM, sent, ring, c);
  /* The peer reset the connection during the send call: the change of state came before these bytes are emitted. */
  if (unlikely(sk->sk_protocol == IPPROTO_TCP && sk->__sk_common.skc_state == TCP_CLOSE)) tell_end_of(sk, slot);
  return 0;
}

/* Since Linux 6.16 this tracepoint shows when TCP takes the bytes. For other sockets and older kernels, the time is
 * that of the first wake-up during the send call (sched_waking). */
SEC("tp_btf/tcp_sendmsg_locked")
int BPF_PROG(tcp_sendmsg_locked, struct sock* sk) {
  struct thread_slot* slot = traced(bpf_get_current_task_btf());
  if (slot && !slot->left_ns) slot->left_ns = bpf_ktime_get_ns();
  return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sock_send_length, struct sock* sk, int length, int flags) { return on_bytes(sk, length, true); }

/* Bytes read with MSG_PEEK are read again later. Bytes of the error queue, or dropped by MSG_TRUNC, are not in the
 * buffer. */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_recv_length, struct sock* sk, int length, int flags) {
  if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_TRUNC)) return 0;
  return on_bytes(sk, length, false);
}

/* The sockets that still exist, among those emitted. The iterator runs over all sockets from time to time, because
 * only TCP reports a socket's end. An end without a descriptor in any program has ended, even if its peer keeps its
 * memory allocated. The iterator runs in one pass and outputs nothing: a pass that is resumed misses sockets when
 * others are removed. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct live_sockets);
} live_sockets SEC(".maps");

SEC("iter/bpf_sk_storage_map")
int mark_live_sockets(struct bpf_iter__bpf_sk_storage_map* context) {
  struct socket_state* state = context->value;
  struct sock* sk = context->sk;
  struct live_sockets* live;
  __u32 zero = 0;
  __u64 bit;
  if (!sk || !state || !sk->sk_socket) return 0;
  if (!(live = bpf_map_lookup_elem(&live_sockets, &zero))) return 0;
  bit = state->id * live_multiplier >> (64 - LIVE_BITS_LOG);
  live->words[bit / 64] |= 1ull << bit % 64;
  return 0;
}
