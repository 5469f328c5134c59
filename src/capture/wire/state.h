/* What the BPF programs keep in maps and the recorder reads or writes: plain C, shared by both, never stored. */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif
#ifdef __cplusplus
#define _Static_assert static_assert
#endif

#define PROBES 8         /* on servers: those of more share a place */
#define EVENT_TYPES 16   /* as long as event_gap's lost_by_type */
#define HEAD_LIMIT 65536 /* CapturePolicy::kMaxHeadBytes */
#define TAIL_LIMIT 1024  /* CapturePolicy::kMaxTailBytes */

/* Which bytes of each message in one direction are copied: CapturePolicy. */
struct capture_policy {
  __u32 head_bytes;
  __u16 tail_bytes;
  __u16 to_blank_line;
};

/* What one thread does. 128 bytes: two slots in one cache line pair make CPUs fight for it, +300 ns an event (measured). */
struct thread_slot {
  __u32 tid; /* whose slot it is; 0: nobody's */
  __u32 tgid;
  __u32 epoch; /* of the decision `traced` */
  __u8 traced;
  __u8 waker; /* enum waker_class */
  __u8 io_wait;
  __u8 pad;
  __u64 off_ns;  /* when it lost its CPU; 0: it has one, or we never saw it */
  __u64 wake_ns; /* the last wake-up that counts */
  __u64 in_ns;   /* when it got its CPU */
  __u32 waker_pid, waker_tid;
  __u32 state;
  __s16 syscall;
  __u16 off_cpu;
  __u64 argument;
  __u64 socket;       /* of its last send or receive … */
  __u64 descriptor;   /* … and the descriptor that it used */
  __u64 sync_ns;      /* when its file sync began */
  __u32 policy_epoch; /* the policies of `socket`, as of this capture_epoch; 0: look them up */
  __u16 left_before;  /* of its last send: as event_data says it */
  __u16 data_flags;   /* of `socket`: DATA_DATAGRAM or 0 */
  struct capture_policy sent, received;
  __u64 left_ns; /* when the bytes of the send that it is in began to leave; 0: not seen */
  __u64 pad2;
};
_Static_assert(sizeof(struct thread_slot) == 128, "one slot, two cache lines");

/* One for each CPU; only programs on that CPU write it, but an interrupt may come between: counters are atomic. What
 * each event needs comes first, in one cache line. */
struct cpu_counts {
  __u64 gap_from_ns;    /* first loss since the last EVENT_GAP; 0: none */
  __u64 unlooked_bytes; /* put into the ring since it was last looked how full it is */
  __u64 ring_peak_bytes;
  __u32 interrupt; /* in a timer's or a device's interrupt handler */
  __u32 pad;
  __u64 lost[EVENT_TYPES];
  __u64 gap_lost[EVENT_TYPES];
  __u64 read_faults;
  __u64 slot_collisions;
  __u64 map_full;
  __u64 payload_unseen;
  __u64 probe_hits[PROBES], probe_texts[PROBES]; /* by the probe's cookie */
  __u64 pad2[8];
};

/* The sockets that live, as a set of bits: a socket's bit is (id * multiplier) >> (64 - LIVE_BITS_LOG). A bit that is not
 * set says for sure that the socket has gone; two sockets may share one, until the next multiplier parts them. */
#define LIVE_BITS_LOG 21
struct live_sockets {
  __u64 words[(1 << LIVE_BITS_LOG) / 64];
};

/* The policies of one socket. */
struct socket_policies {
  struct capture_policy sent, received;
};
