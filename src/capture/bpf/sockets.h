/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets: what is sent and received, at the end of the call, when the kernel has just touched the program's buffer
 * (so it is mapped) and the length is known. The tracepoints give no buffer: it is found by the system call's
 * arguments, which the thread's saved registers still hold. */
#pragma once
#include "payload.h"
#include "recorder.h"
#include "socket_state.h"

#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000

INLINE __u32 tcp_sequence(struct sock* sk, __u32 length, bool sent) {
  struct tcp_sock* tcp;
  if (sk->sk_protocol != IPPROTO_TCP || sk->__sk_common.skc_family == AF_UNIX) return 0;
  tcp = bpf_skc_to_tcp_sock(sk);
  if (!tcp) return 0;
  return (sent ? tcp->write_seq : tcp->copied_seq) - length;
}

INLINE void tell_data(struct message* m, struct cpu_counts* c) {
  void* ring = own_ring();
  __u64 size = (sizeof m->event + m->event.head_bytes + m->event.tail_bytes + 7) & ~7ull;
  if (!ring) return;
  asm volatile("" : "+r"(size));
  if (size > sizeof *m) return;
  m->event.header.size_bytes = size;
  if (bpf_ringbuf_output(ring, m, size, wake_flag(ring, c))) {
    lose(c, EVENT_DATA);
  } else if (c->gap_from_ns) {
    tell_gap(c);
  }
}

/* Sockets that no program holds a descriptor of are the kernel's own (a network file system): the registers then tell
 * of another call. Other families (netlink, packet) carry no requests. */
INLINE bool carries_requests(struct sock* sk) {
  __u16 family = sk->__sk_common.skc_family;
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) return false;
  return sk->sk_socket && sk->sk_socket->file;
}

/* The recorder's own connections (it asks a database) are told, and nothing else of them: what their other ends do is
 * not what is to be seen. */
static __noinline int tell_own(struct sock* sk, struct task_struct* task) {
  struct cpu_counts* c = cpu_counts();
  struct socket_state* state;
  if (!sk || !task || !c || !carries_requests(sk)) return 0;
  state = socket_state(sk);
  if (state) tell_socket(state, sk, task, bpf_ktime_get_ns(), c);
  return 0;
}

INLINE int on_bytes(struct sock* sk, int length, bool sent) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct thread_slot* slot;
  struct cpu_counts* c;
  struct socket_state* state;
  struct pt_regs* regs;
  struct message* m;
  __u32 direction = sent;
  __u64 now;
  if (length < 0 || (!length && sent)) return 0;
  if (!(slot = traced(task))) return task->tgid == (int)own_tgid ? tell_own(sk, task) : 0;
  if (!carries_requests(sk) || !(c = cpu_counts())) return 0;
  state = socket_state(sk);
  m = bpf_map_lookup_elem(&messages, &direction);
  regs = (struct pt_regs*)bpf_task_pt_regs(task);
  if (!state || !m || !regs) {
    count(&c->map_full);
    return 0;
  }
  now = bpf_ktime_get_ns();
  tell_socket(state, sk, task, now, c);
  if (!length) { /* the other end has closed; TCP's end is told by its state */
    if (sk->__sk_common.skc_family == AF_UNIX && sk->sk_type == SOCK_STREAM && regs->dx)
      tell_end(state, slot->tgid, slot->tid, c);
    return 0;
  }
  slot->socket = state->id;
  slot->descriptor = regs->di;
  fill_header(&m->event.header, EVENT_DATA, 0, now, slot->tgid, slot->tid);
  m->event.socket = state->id;
  m->event.length_bytes = length;
  m->event.tcp_sequence = tcp_sequence(sk, length, sent);
  m->event.head_bytes = m->event.tail_bytes = m->event.pad = 0;
  m->event.flags = sent ? DATA_SENT : 0;
  add_payload(m, state, regs, sent, c);
  tell_data(m, c);
  /* Reset by the other end while it was sent to: the change of state came before these bytes are told. */
  if (sk->sk_protocol == IPPROTO_TCP && sk->__sk_common.skc_state == TCP_CLOSE)
    tell_end(state, slot->tgid, slot->tid, c);
  return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sock_send_length, struct sock* sk, int length, int flags) { return on_bytes(sk, length, true); }

/* Bytes that are peeked at come again; those of the error queue or thrown away (MSG_TRUNC) are not in the buffer. */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_recv_length, struct sock* sk, int length, int flags) {
  if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_TRUNC)) return 0;
  return on_bytes(sk, length, false);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock* sk, int old_state, int new_state) {
  struct cpu_counts* c = cpu_counts();
  struct socket_state* state;
  if (new_state != TCP_CLOSE || !c) return 0;
  state = bpf_sk_storage_get(&sockets, sk, 0, 0);
  if (state && state->id) tell_end(state, state->tgids[0], 0, c);
  return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock* sk) {
  struct socket_state* state = bpf_sk_storage_get(&sockets, sk, 0, 0);
  struct cpu_counts* c = cpu_counts();
  struct event_retransmit* e;
  void* ring = own_ring();
  if (!c || !ring || (!scope_all && !state)) return 0;
  if (!(e = reserve(ring, sizeof *e, EVENT_RETRANSMIT, c))) return 0;
  fill_header(&e->header, EVENT_RETRANSMIT, sizeof *e, bpf_ktime_get_ns(), state ? state->tgids[0] : 0, 0);
  e->socket = state ? state->id : 0;
  e->local_port = sk->__sk_common.skc_num;
  e->peer_port = bpf_ntohs(sk->__sk_common.skc_dport);
  e->pad = 0;
  submit(e, ring, c);
  return 0;
}
