/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets: what is sent and received, at the end of the call, when the kernel has just touched the program's buffer
 * (so it is mapped) and the length is known. The tracepoints give no buffer: it is found by the system call's
 * arguments, which the thread's saved registers still hold. */
#pragma once
#include "recorder.h"

#define IOV_LIMIT 8
#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000
#define OFFSET_MASK 8191 /* above HEAD_LIMIT + TAIL_BYTES */

/* What we know of one end of a connection: kept by the kernel with the socket, and gone with it. */
struct socket_state {
  __u64 id;
  __u32 tgids[4]; /* processes that EVENT_SOCKET told about */
  __u32 next_tgid;
  __u32 capture_epoch;
  struct capture_wish wish;
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
  __type(value, struct capture_wish);
} wishes SEC(".maps");

struct message {
  struct event_data event;
  char payload[OFFSET_MASK + 1 + HEAD_LIMIT]; /* the verifier adds the greatest offset and the greatest length */
};

/* One for each direction: a program never runs twice at once on a CPU, so it has its own for itself. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct message);
} messages SEC(".maps");

INLINE struct socket_state *socket_state(struct sock *sk) {
  struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
  if (state && !state->id) {
    __u64 id = __sync_fetch_and_add(&last_socket, 1) + 1;
    __sync_val_compare_and_swap(&state->id, 0, id); /* another CPU may have been first */
  }
  return state;
}

INLINE void copy_path(struct event_socket *e, struct unix_sock *end) {
  struct unix_address *address = end->addr;
  /* What follows the two bytes of the family; an abstract name begins with NUL. */
  __s64 length = address ? (__s64)address->len - 2 : 0;
  if (length <= 0) return;
  if (length > (__s64)sizeof e->path) length = sizeof e->path;
  asm volatile("" : "+r"(length));
  if (length > 0 && length <= (__s64)sizeof e->path)
    bpf_probe_read_kernel(e->path, length, (const char *)address->name + 2);
}

static __noinline int tell_unix(struct event_socket *e, struct sock *sk) {
  struct unix_sock *own, *other;
  struct socket_state *state;
  struct sock *peer;
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

INLINE void tell_inet(struct event_socket *e, struct sock *sk, __u16 family) {
  e->local_port = sk->__sk_common.skc_num;
  e->peer_port = bpf_ntohs(sk->__sk_common.skc_dport);
  if (family == AF_INET) {
    *(__u32 *)e->local_address = sk->__sk_common.skc_rcv_saddr;
    *(__u32 *)e->peer_address = sk->__sk_common.skc_daddr;
    return;
  }
  BPF_CORE_READ_INTO((struct in6_addr *)e->local_address, sk, __sk_common.skc_v6_rcv_saddr);
  BPF_CORE_READ_INTO((struct in6_addr *)e->peer_address, sk, __sk_common.skc_v6_daddr);
}

/* EVENT_SOCKET, once for each process that uses the socket (again, where more than four take turns). */
INLINE void tell_socket(struct socket_state *state, struct sock *sk, struct task_struct *task, __u64 now,
                        struct cpu_counts *c) {
  __u32 tgid = task->tgid;
  __u16 family = sk->__sk_common.skc_family;
  struct event_socket *e;
  for (int i = 0; i < 4; ++i)
    if (state->tgids[i] == tgid) return;
  if (!(e = reserve_control(sizeof *e, EVENT_SOCKET, c))) return; /* told with the next message, then */
  state->tgids[state->next_tgid++ & 3] = tgid;
  __builtin_memset(e, 0, sizeof *e);
  fill_header(&e->header, EVENT_SOCKET, sizeof *e, now, tgid, task->pid);
  e->socket = state->id;
  e->family = family;
  e->socket_type = sk->sk_type;
  if (family == AF_UNIX)
    tell_unix(e, sk);
  else
    tell_inet(e, sk, family);
  submit_control(e, c);
}

INLINE __u32 wanted_bytes(struct socket_state *state, bool sent) {
  __u32 epoch = capture_epoch;
  if (state->capture_epoch != epoch) {
    struct capture_wish *wish = bpf_map_lookup_elem(&wishes, &state->id);
    state->capture_epoch = epoch;
    if (wish) {
      state->wish = *wish;
      state->decided = 1;
    }
  }
  if (!state->decided) return undecided_bytes;
  return sent ? state->wish.sent_bytes : state->wish.received_bytes;
}

INLINE long copy_user(struct message *m, __u64 offset, __u64 n, const void *from) {
  asm volatile("" : "+r"(offset)); /* else the compiler drops, as always true, what the verifier wants to see */
  offset &= OFFSET_MASK;
  asm volatile("" : "+r"(n));
  if (n > HEAD_LIMIT) return -1;
  return bpf_probe_read_user(m->payload + offset, n, from);
}

/* The walk over the pieces of a message. */
struct walk {
  struct message *m;
  const char *pieces; /* struct iovec[] in the program */
  __u64 n_pieces, position;
  long failed;
};

/* Copies what of head and tail lies in one piece; 1 ends the walk. A callback, for the verifier walks it once: as a
 * loop it took half a second to load. */
static long copy_piece(__u32 i, struct walk *walk) {
  struct message *m = walk->m;
  struct {
    const char *base;
    __u64 size;
  } piece;
  __u64 length = m->event.length_bytes, head = m->event.head_bytes, tail = m->event.tail_bytes;
  __u64 position = walk->position, tail_from = length - tail, n, skip;
  if (i >= walk->n_pieces || position >= length) return 1;
  walk->failed = bpf_probe_read_user(&piece, sizeof piece, walk->pieces + i * sizeof piece);
  if (walk->failed) return 1;
  n = piece.size;
  if (n > length - position) n = length - position;
  if (position < head) walk->failed = copy_user(m, position, n < head - position ? n : head - position, piece.base);
  if (!walk->failed && tail && position + n > tail_from) {
    skip = tail_from > position ? tail_from - position : 0;
    walk->failed = copy_user(m, head + position + skip - tail_from, n - skip, piece.base + skip);
  }
  walk->position = position + n;
  return walk->failed != 0;
}

/* Head and tail of a message that lies in several pieces. */
INLINE long copy_pieces(struct message *m, const void *pieces, __u64 n_pieces) {
  struct walk walk = {.m = m, .pieces = pieces, .n_pieces = n_pieces};
  bpf_loop(IOV_LIMIT, copy_piece, &walk, 0);
  if (walk.failed) return walk.failed;
  if (walk.position < m->event.length_bytes) { /* more pieces than we look at */
    m->event.tail_bytes = 0;
    if (walk.position < m->event.head_bytes) m->event.head_bytes = walk.position;
  }
  return 0;
}

INLINE long copy_buffer(struct message *m, const void *buffer) {
  __u64 head = m->event.head_bytes, tail = m->event.tail_bytes;
  if (copy_user(m, 0, head, buffer)) return -1;
  if (tail && copy_user(m, head, tail, buffer + m->event.length_bytes - tail)) return -1;
  return 0;
}

enum place { PLACE_UNKNOWN, PLACE_BUFFER, PLACE_PIECES, PLACE_MESSAGE };

/* What the second argument of a system call leads to. */
INLINE enum place place_of_bytes(__u64 syscall, bool sent) {
  switch (syscall) {
    case 0:  /* read */
    case 45: /* recvfrom */
      return sent ? PLACE_UNKNOWN : PLACE_BUFFER;
    case 1:  /* write */
    case 44: /* sendto */
      return sent ? PLACE_BUFFER : PLACE_UNKNOWN;
    case 19: /* readv */
      return sent ? PLACE_UNKNOWN : PLACE_PIECES;
    case 20: /* writev */
      return sent ? PLACE_PIECES : PLACE_UNKNOWN;
    case 47: /* recvmsg */
      return sent ? PLACE_UNKNOWN : PLACE_MESSAGE;
    case 46: /* sendmsg */
      return sent ? PLACE_MESSAGE : PLACE_UNKNOWN;
  }
  return PLACE_UNKNOWN;
}

/* Where the system call leaves its bytes; 1: not in a place that we know. */
INLINE long copy_payload(struct message *m, struct pt_regs *regs, bool sent) {
  const void *second = (const void *)regs->si;
  enum place place = regs->cs == USER_CODE ? place_of_bytes(regs->orig_ax, sent) : PLACE_UNKNOWN;
  struct {
    const void *pieces;
    __u64 n;
  } where = {second, regs->dx};
  if (place == PLACE_UNKNOWN) return 1;
  if (place == PLACE_BUFFER) return copy_buffer(m, second);
  m->event.flags |= DATA_IOV;
  /* In user_msghdr, a system call's ABI: msg_iov at 16, msg_iovlen at 24. */
  if (place == PLACE_MESSAGE && bpf_probe_read_user(&where, sizeof where, second + 16)) return -1;
  return copy_pieces(m, where.pieces, where.n);
}

INLINE void add_payload(struct message *m, struct socket_state *state, struct pt_regs *regs, bool sent,
                        struct cpu_counts *c) {
  struct event_data *e = &m->event;
  __u32 wanted = wanted_bytes(state, sent), length = e->length_bytes;
  long failed;
  if (wanted) {
    if (wanted > HEAD_LIMIT) wanted = HEAD_LIMIT;
    e->head_bytes = length < wanted ? length : wanted;
    if (length > wanted) e->tail_bytes = length - wanted < TAIL_BYTES ? length - wanted : TAIL_BYTES;
    failed = copy_payload(m, regs, sent);
    if (failed) e->head_bytes = e->tail_bytes = 0;
    if (failed > 0) count(&c->payload_unseen);
    if (failed < 0) {
      e->flags |= DATA_READ_FAULT;
      count(&c->read_faults);
    }
  }
  if (e->head_bytes + e->tail_bytes < length) e->flags |= DATA_CUT;
}

INLINE __u32 tcp_sequence(struct sock *sk, __u32 length, bool sent) {
  struct tcp_sock *tcp;
  if (sk->sk_protocol != IPPROTO_TCP || sk->__sk_common.skc_family == AF_UNIX) return 0;
  tcp = bpf_skc_to_tcp_sock(sk);
  if (!tcp) return 0;
  return (sent ? tcp->write_seq : tcp->copied_seq) - length;
}

INLINE void tell_data(struct message *m, struct cpu_counts *c) {
  void *ring = own_ring();
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
INLINE bool carries_requests(struct sock *sk) {
  __u16 family = sk->__sk_common.skc_family;
  if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) return false;
  return sk->sk_socket && sk->sk_socket->file;
}

INLINE void tell_end(struct socket_state *state, __u32 tgid, __u32 tid, struct cpu_counts *c) {
  struct event_socket_end *e;
  if (state->ended) return;
  if (!(e = reserve_control(sizeof *e, EVENT_SOCKET_END, c))) return;
  state->ended = 1;
  fill_header(&e->header, EVENT_SOCKET_END, sizeof *e, bpf_ktime_get_ns(), tgid, tid);
  e->socket = state->id;
  submit_control(e, c);
}

INLINE int on_bytes(struct sock *sk, int length, bool sent) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct thread_slot *slot;
  struct cpu_counts *c;
  struct socket_state *state;
  struct pt_regs *regs;
  struct message *m;
  __u32 direction = sent;
  __u64 now;
  if (length < 0 || (!length && sent) || !(slot = traced(task)) || !carries_requests(sk) || !(c = cpu_counts()))
    return 0;
  state = socket_state(sk);
  m = bpf_map_lookup_elem(&messages, &direction);
  regs = (struct pt_regs *)bpf_task_pt_regs(task);
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
  return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sock_send_length, struct sock *sk, int length, int flags) { return on_bytes(sk, length, true); }

/* Bytes that are peeked at come again; those of the error queue or thrown away (MSG_TRUNC) are not in the buffer. */
SEC("tp_btf/sock_recv_length")
int BPF_PROG(sock_recv_length, struct sock *sk, int length, int flags) {
  if (flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_TRUNC)) return 0;
  return on_bytes(sk, length, false);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int old_state, int new_state) {
  struct cpu_counts *c = cpu_counts();
  struct socket_state *state;
  if (new_state != TCP_CLOSE || !c) return 0;
  state = bpf_sk_storage_get(&sockets, sk, 0, 0);
  if (state && state->id) tell_end(state, state->tgids[0], 0, c);
  return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock *sk) {
  struct socket_state *state = bpf_sk_storage_get(&sockets, sk, 0, 0);
  struct cpu_counts *c = cpu_counts();
  struct event_retransmit *e;
  void *ring = own_ring();
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
