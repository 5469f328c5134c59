/* SPDX-License-Identifier: GPL-2.0 */
/* Copies the bytes of a message from the program's memory into the event. */
#pragma once
#include "recorder.h"
#include "socket_state.h"

#define CHUNK_BYTES 4096 /* the most bytes copied by one call */
/* the most bytes copied by one call during the search for the blank line: bytes behind it are copied unnecessarily */
#define SEARCHED_CHUNK_BYTES 1024
#define PAYLOAD_LIMIT (HEAD_LIMIT + TAIL_LIMIT)
#define PIECE_LIMIT 1024 /* UIO_MAXIOV */
/* The largest number of steps of a walk: one for each piece, and one more for each chunk. */
#define STEP_LIMIT (PIECE_LIMIT + HEAD_LIMIT / SEARCHED_CHUNK_BYTES + TAIL_LIMIT / SEARCHED_CHUNK_BYTES + 4)

/* The state of a walk over the bytes of a message, which lie in one buffer or in several pieces. */
struct walk {
  __u64 pieces;   /* address of struct iovec[] in the program, from the next piece on */
  __u64 n_pieces; /* pieces that are left */
  __u64 base;     /* address of the unread part of the current piece */
  __u64 size;
  __u64 length;    /* of the message, in bytes */
  __u64 wanted;    /* bytes of the message's head that the policy wants */
  __u64 tail;      /* the most bytes of its end to copy */
  __u64 position;  /* in the message */
  __u64 head;      /* end of the copied head */
  __u64 tail_from; /* start of the copied tail */
  __u64 searching; /* whether the blank line is still searched */
  __u64 search_at; /* position in the payload where the search continues */
  __u64 blank;     /* position behind the blank line that was found; 0: none */
  __s64 failed;
};

/* The walk is stored in a map value and not on the stack. The verifier knows nothing about values loaded from a map,
 * so every step of the loop looks the same to it. It therefore verifies the loop in two steps. */
struct message {
  struct walk walk;
  struct event_data event;
  char payload[PAYLOAD_LIMIT + CHUNK_BYTES]; /* the verifier adds the largest offset and the largest length */
};

/* Buffers for messages that are cut, long or in several pieces. There are two buffers for each CPU, one for each
 * direction: a program never runs twice at the same time on one CPU. The values of a per-CPU array end at 32 KiB,
 * which is too short. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2); /* twice the CPUs, set before loading */
  __type(key, __u32);
  __type(value, struct message);
} messages SEC(".maps");

INLINE long copy_user(struct message* m, __u64 offset, __u64 n, __u64 from) {
  /* Otherwise the compiler removes this check as always true, and the verifier needs it. */
  asm volatile("" : "+r"(offset));
  if (offset > PAYLOAD_LIMIT) return -1;
  asm volatile("" : "+r"(n));
  if (n > CHUNK_BYTES) return -1;
  return bpf_probe_read_user(m->payload + offset, n, (const void*)from);
}

struct loop {
  struct message* m;
};

/* Searches for CR LF CR LF at eight positions; returns 1 to end the search. It also loads bytes behind the current
 * position, which belong to older messages: a match there does not count. */
static long search_word(__u32 i, struct loop* loop) {
  const __u64 kOnes = 0x0101010101010101ull, kCr = 0x0d * kOnes;
  const __u32 kBlank = 0x0a0d0a0d; /* as a little-endian number */
  struct walk* walk = &loop->m->walk;
  __u64 at = walk->search_at, end = walk->position, low, high, marks;
  const char* bytes;
  if (at + 4 > end) return 1;
  asm volatile("" : "+r"(at));
  if (at > PAYLOAD_LIMIT) return 1;
  bytes = loop->m->payload + at;
  low = *(__u64*)bytes;
  walk->search_at = at + 8;
  /* `marks` is not 0 if and only if one of the eight bytes is CR. */
  marks = ((low ^ kCr) - kOnes) & ~(low ^ kCr) & kOnes << 7;
  if (likely(!marks)) return 0;
  high = *(__u64*)(bytes + 4);
  for (int k = 0; k < 8; ++k) {
    if ((__u32)(k < 4 ? low >> 8 * k : high >> 8 * (k - 4)) != kBlank) continue;
    if (at + k + 4 <= end) walk->blank = at + k + 4;
    return 1;
  }
  return 0;
}

/* Searches the last chunk for the blank line. The blank line may begin in the chunk before the last. */
INLINE void search_blank(struct loop* loop) {
  struct walk* walk = &loop->m->walk;
  bpf_loop(CHUNK_BYTES / 8 + 1, search_word, loop, 0);
  walk->search_at = walk->position > 3 ? walk->position - 3 : 0;
}

INLINE void advance(struct walk* walk, __s64 n) {
  walk->position += n;
  walk->base += n;
  walk->size -= n;
}

/* Sets where the tail begins. The end of the head is known by now. */
INLINE void place_tail(struct walk* walk) {
  walk->tail_from = walk->length - walk->head < walk->tail ? walk->head : walk->length - walk->tail;
}

/* Ends the search: the blank line was found, or the limit of copied bytes is reached. Bytes copied beyond the head
 * are released. */
INLINE void end_search(struct walk* walk) {
  walk->searching = 0;
  if (walk->blank) {
    walk->head = walk->blank > walk->wanted ? walk->blank : walk->wanted;
    advance(walk, -(__s64)(walk->position - walk->head));
  }
  place_tail(walk);
}

INLINE void copy_head(struct loop* loop) {
  struct walk* walk = &loop->m->walk;
  bool beyond = walk->searching && walk->position >= walk->wanted;
  __u64 n = walk->size, most = beyond ? SEARCHED_CHUNK_BYTES : CHUNK_BYTES;
  __u64 left = (walk->searching && !beyond ? walk->wanted : walk->head) - walk->position;
  if (n > left) n = left;
  if (n > most) n = most;
  walk->failed = copy_user(loop->m, walk->position, n, walk->base);
  if (walk->failed) return;
  advance(walk, n);
  if (!walk->searching) return;
  if (!walk->blank) search_blank(loop);
  if (walk->position >= walk->wanted && (walk->blank || walk->position == walk->head)) end_search(walk);
}

INLINE void copy_tail(struct message* m) {
  struct walk* walk = &m->walk;
  __u64 n = walk->size, skip;
  if (walk->position < walk->tail_from) {
    skip = walk->tail_from - walk->position;
    advance(walk, n < skip ? n : skip);
    return;
  }
  if (n > walk->length - walk->position) n = walk->length - walk->position;
  walk->failed = copy_user(m, walk->head + walk->position - walk->tail_from, n, walk->base);
  advance(walk, n);
}

/* Copies one chunk of the message; returns 1 to end the loop. */
static long copy_step(__u32 i, struct loop* loop) {
  struct walk* walk = &loop->m->walk;
  struct {
    __u64 base, size;
  } piece;
  if (walk->position >= walk->length) return 1;
  if (!walk->size) {
    if (!walk->n_pieces) return 1;
    walk->failed = bpf_probe_read_user(&piece, sizeof piece, (const void*)walk->pieces);
    if (walk->failed) return 1;
    walk->base = piece.base;
    walk->size = piece.size;
    walk->pieces += sizeof piece;
    --walk->n_pieces;
    if (!piece.size) return 0;
  }
  if (walk->position < walk->head)
    copy_head(loop);
  else if (walk->tail_from >= walk->length)
    return 1; /* no tail is wanted */
  else
    copy_tail(loop->m);
  return walk->failed != 0;
}

/* Copies the head and the tail that the policy wants. The walk holds the address of the message. */
INLINE long copy_walk(struct message* m, const struct capture_policy* policy) {
  struct loop loop = {m};
  struct walk* walk = &m->walk;
  __u64 length = m->event.length_bytes, most = length < HEAD_LIMIT ? length : HEAD_LIMIT;
  walk->length = length;
  walk->wanted = policy->head_bytes < most ? policy->head_bytes : most;
  walk->tail = policy->tail_bytes < TAIL_LIMIT ? policy->tail_bytes : TAIL_LIMIT;
  walk->position = 0;
  walk->searching = policy->to_blank_line && walk->wanted < most;
  walk->search_at = 0;
  walk->head = walk->searching ? most : walk->wanted;
  walk->blank = 0;
  walk->failed = 0;
  place_tail(walk);
  bpf_loop(STEP_LIMIT, copy_step, &loop, 0);
  if (walk->failed) return -1;
  m->event.head_bytes = walk->head;
  m->event.tail_bytes = length - walk->tail_from;
  if (walk->position >= length) return 0;
  if (walk->position < walk->head) m->event.head_bytes = walk->position; /* more pieces than PIECE_LIMIT */
  m->event.tail_bytes = 0;
  return 0;
}

enum place { PLACE_UNKNOWN, PLACE_BUFFER, PLACE_PIECES, PLACE_MESSAGE };

/* Returns what the second argument of a system call points to. */
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

/* Copies the payload of the current system call. Returns 1 if the place of its bytes is unknown. */
INLINE long copy_payload(struct message* m, const struct capture_policy* policy, struct pt_regs* regs, bool sent) {
  enum place place = place_of(regs, sent);
  struct {
    __u64 pieces, n;
  } where = {regs->si, regs->dx};
  if (place == PLACE_UNKNOWN) return 1;
  if (place == PLACE_BUFFER) {
    m->walk.base = regs->si;
    m->walk.size = m->event.length_bytes;
    m->walk.n_pieces = 0;
    return copy_walk(m, policy);
  }
  m->event.flags |= DATA_IOV;
  /* Offsets in struct user_msghdr, which is system call ABI: msg_iov at 16, msg_iovlen at 24. */
  if (place == PLACE_MESSAGE && bpf_probe_read_user(&where, sizeof where, (const void*)(regs->si + 16))) return -1;
  m->walk.size = 0;
  m->walk.pieces = where.pieces;
  m->walk.n_pieces = where.n;
  return copy_walk(m, policy);
}

INLINE void add_payload(struct message* m, const struct capture_policy* policy, struct pt_regs* regs, bool sent,
                        struct cpu_counts* c) {
  struct event_data* e = &m->event;
  long failed = copy_payload(m, policy, regs, sent);
  if (failed) e->head_bytes = e->tail_bytes = 0;
  if (failed > 0) count(&c->payload_unseen);
  if (failed < 0) {
    e->flags |= DATA_READ_FAULT;
    count(&c->read_faults);
  }
  if (e->head_bytes + e->tail_bytes < e->length_bytes) e->flags |= DATA_CUT;
}
