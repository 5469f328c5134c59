/* SPDX-License-Identifier: GPL-2.0 */
/* Copies the bytes of a message out of the program's memory. */
#pragma once
#include "recorder.h"
#include "socket_state.h"

#define IOV_LIMIT 8
#define OFFSET_MASK 8191 /* above HEAD_LIMIT + TAIL_BYTES */

struct message {
  struct event_data event;
  char payload[OFFSET_MASK + 1 + HEAD_LIMIT]; /* the verifier adds the greatest offset and the greatest length */
};

/* Where messages that are cut, long or in pieces are put together. One for each direction: a program never runs twice at once on a CPU, so it has its own for itself. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct message);
} messages SEC(".maps");

INLINE long copy_user(struct message* m, __u64 offset, __u64 n, const void* from) {
  asm volatile("" : "+r"(offset)); /* else the compiler drops, as always true, what the verifier wants to see */
  offset &= OFFSET_MASK;
  asm volatile("" : "+r"(n));
  if (n > HEAD_LIMIT) return -1;
  return bpf_probe_read_user(m->payload + offset, n, from);
}

/* The walk over the pieces of a message. */
struct walk {
  struct message* m;
  const char* pieces; /* struct iovec[] in the program */
  __u64 n_pieces, position;
  long failed;
};

/* Copies what of head and tail lies in one piece; 1 ends the walk. A callback, for the verifier walks it once: as a
 * loop it took half a second to load. */
static long copy_piece(__u32 i, struct walk* walk) {
  struct message* m = walk->m;
  struct {
    const char* base;
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
INLINE long copy_pieces(struct message* m, const void* pieces, __u64 n_pieces) {
  struct walk walk = {.m = m, .pieces = pieces, .n_pieces = n_pieces};
  bpf_loop(IOV_LIMIT, copy_piece, &walk, 0);
  if (walk.failed) return walk.failed;
  if (walk.position < m->event.length_bytes) { /* more pieces than we look at */
    m->event.tail_bytes = 0;
    if (walk.position < m->event.head_bytes) m->event.head_bytes = walk.position;
  }
  return 0;
}

INLINE long copy_buffer(struct message* m, const void* buffer) {
  __u64 head = m->event.head_bytes, tail = m->event.tail_bytes;
  if (copy_user(m, 0, head, buffer)) return -1;
  if (tail && copy_user(m, head, tail, buffer + m->event.length_bytes - tail)) return -1;
  return 0;
}

enum place { PLACE_UNKNOWN, PLACE_BUFFER, PLACE_PIECES, PLACE_MESSAGE };

/* What the second argument of a system call leads to. */
INLINE enum place place_of_bytes(__u64 syscall, bool sent) {
  switch (syscall) {
    case 0: /* read */
    case 45: /* recvfrom */ return sent ? PLACE_UNKNOWN : PLACE_BUFFER;
    case 1: /* write */
    case 44: /* sendto */ return sent ? PLACE_BUFFER : PLACE_UNKNOWN;
    case 19: /* readv */ return sent ? PLACE_UNKNOWN : PLACE_PIECES;
    case 20: /* writev */ return sent ? PLACE_PIECES : PLACE_UNKNOWN;
    case 47: /* recvmsg */ return sent ? PLACE_UNKNOWN : PLACE_MESSAGE;
    case 46: /* sendmsg */ return sent ? PLACE_MESSAGE : PLACE_UNKNOWN;
  }
  return PLACE_UNKNOWN;
}

INLINE enum place place_of(struct pt_regs* regs, bool sent) {
  return regs->cs == USER_CODE ? place_of_bytes(regs->orig_ax, sent) : PLACE_UNKNOWN;
}

/* Where the system call leaves its bytes; 1: not in a place that we know. */
INLINE long copy_payload(struct message* m, struct pt_regs* regs, bool sent) {
  const void* second = (const void*)regs->si;
  enum place place = place_of(regs, sent);
  struct {
    const void* pieces;
    __u64 n;
  } where = {second, regs->dx};
  if (place == PLACE_UNKNOWN) return 1;
  if (place == PLACE_BUFFER) return copy_buffer(m, second);
  m->event.flags |= DATA_IOV;
  /* In user_msghdr, a system call's ABI: msg_iov at 16, msg_iovlen at 24. */
  if (place == PLACE_MESSAGE && bpf_probe_read_user(&where, sizeof where, second + 16)) return -1;
  return copy_pieces(m, where.pieces, where.n);
}

INLINE void add_payload(struct message* m, __u32 wanted, struct pt_regs* regs, bool sent, struct cpu_counts* c) {
  struct event_data* e = &m->event;
  __u32 length = e->length_bytes;
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
