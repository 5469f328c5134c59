/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets: their state, and the events that describe them. A socket's id is the kernel's cookie, which is never
 * reused. */
#pragma once
#include "recorder.h"
#include "numbers.h"

/* The state of one end of a connection. The kernel stores it with the socket and frees it with the socket. */
struct socket_state {
  __u64 id;
  __u32 tgids[4]; /* processes for which EVENT_SOCKET was emitted */
  __u32 next_tgid;
  __u32 capture_epoch;
  struct socket_policies policies;
  __u8 decided;
  __u8 ended;
};

struct {
  __uint(type, BPF_MAP_TYPE_SK_STORAGE);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, int);
  __type(value, struct socket_state);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, __u64);
  __type(value, struct socket_policies);
} policies SEC(".maps");

INLINE struct socket_state* socket_state(struct sock* sk) {
  struct socket_state* state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
  if (state && !state->id) state->id = bpf_get_socket_cookie(sk);
  return state;
}

INLINE void copy_path(struct event_socket* e, struct unix_sock* end) {
  struct unix_address* address = end->addr;
  /* The path follows the two bytes of the address family; an abstract name begins with NUL. */
  __s64 length = address ? (__s64)address->len - 2 : 0;
  if (length <= 0) return;
  if (length > (__s64)sizeof e->path) length = sizeof e->path;
  asm volatile("" : "+r"(length));
  if (length > 0 && length <= (__s64)sizeof e->path)
    bpf_probe_read_kernel(e->path, length, (const char*)address->name + 2);
}

OUTLINE int tell_unix(struct event_socket* e, struct sock* sk) {
  struct unix_sock *own, *other;
  struct socket_state* state;
  struct sock* peer;
  if (!e || !sk) return 0;
  own = bpf_skc_to_unix_sock(sk);
  if (!own) return 0;
  copy_path(e, own);
  peer = own->peer;
  if (!peer) return 0;
  state = socket_state(peer);
  if (state) e->peer_socket = state->id;
  other = bpf_skc_to_unix_sock(peer);
  if (other && !own->addr) copy_path(e, other);
  return 0;
}

INLINE void tell_inet(struct event_socket* e, struct sock* sk, __u16 family) {
  e->local_port = sk->__sk_common.skc_num;
  e->peer_port = bpf_ntohs(sk->__sk_common.skc_dport);
  if (family == AF_INET) {
    *(__u32*)e->local_address = sk->__sk_common.skc_rcv_saddr;
    *(__u32*)e->peer_address = sk->__sk_common.skc_daddr;
    return;
  }
  BPF_CORE_READ_INTO((struct in6_addr*)e->local_address, sk, __sk_common.skc_v6_rcv_saddr);
  BPF_CORE_READ_INTO((struct in6_addr*)e->peer_address, sk, __sk_common.skc_v6_daddr);
}

/* Emits EVENT_SOCKET once for each process that uses the socket (repeatedly if more than four processes alternate).
 * Returns false if the ring is full. */
INLINE bool tell_socket(struct socket_state* state, struct sock* sk, struct task_struct* task, __u64 now,
                        struct cpu_counts* c) {
  __u32 tgid = tgid_of(task);
  __u16 family = sk->__sk_common.skc_family;
  struct event_socket* e;
  for (int i = 0; i < 4; ++i)
    if (state->tgids[i] == tgid) return true;
  if (!(e = reserve_control(sizeof *e, EVENT_SOCKET, c))) return false; /* emitted with the next message instead */
  state->tgids[state->next_tgid++ & 3] = tgid;
  __builtin_memset(e, 0, sizeof *e);
  fill_header(&e->header, EVENT_SOCKET, sizeof *e, now, tgid, tid_of(task));
  e->socket = state->id;
  e->family = family;
  e->socket_type = sk->sk_type;
  e->network_namespace = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
  if (family == AF_UNIX)
    tell_unix(e, sk);
  else
    tell_inet(e, sk, family);
  submit_control(e, c);
  return true;
}

INLINE void tell_end(struct socket_state* state, __u32 tgid, __u32 tid, struct cpu_counts* c) {
  struct event_socket_end* e;
  if (state->ended) return;
  if (!(e = reserve_control(sizeof *e, EVENT_SOCKET_END, c))) return;
  state->ended = 1;
  fill_header(&e->header, EVENT_SOCKET_END, sizeof *e, bpf_ktime_get_ns(), tgid, tid);
  e->socket = state->id;
  submit_control(e, c);
}
