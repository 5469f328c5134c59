/* Data in maps that the BPF programs and the recorder share: plain C, never stored. */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif
#ifdef __cplusplus
#define _Static_assert static_assert
#endif

#define PROBES 8         /* most probes on servers with counters of their own: servers beyond share one */
#define EVENT_TYPES 16   /* length of event_gap's lost_by_type */
#define HEAD_LIMIT 65536 /* CapturePolicy::kMaxHeadBytes */
#define TAIL_LIMIT 1024  /* CapturePolicy::kMaxTailBytes */

/* The bytes of each message in one direction that are copied: CapturePolicy. */
struct capture_policy {
  __u32 head_bytes;
  __u16 tail_bytes;
  __u16 to_blank_line;
};

/* The state of one thread. Size 128 bytes: with two slots in one pair of cache lines, CPUs compete for it (+300 ns
 * an event, measured). */
struct thread_slot {
  __u32 tid;  /* the thread that has the slot, by the machine's own number; 0: the slot is free */
  __u32 tgid; /* as events have it */
  __u32 epoch; /* epoch of the decision `traced` */
  __u8 traced;
  __u8 waker; /* enum waker_class */
  __u8 io_wait;
  __u8 pad;
  __u64 off_ns;  /* when the thread lost its CPU; 0: it has one, or was never seen to lose it */
  __u64 wake_ns; /* time of the wake-up that made it runnable */
  __u64 in_ns;   /* when the thread got its CPU */
  __u32 waker_pid, waker_tid;
  __u32 state;
  __s16 syscall;
  __u16 off_cpu;
  __u64 argument;
  __u64 socket;       /* the socket of its last send or receive call */
  __u64 descriptor;   /* the descriptor of that call */
  __u64 sync_ns;      /* when its current file sync began */
  __u32 policy_epoch; /* the capture_epoch of the policies below; 0: they must be looked up */
  __u16 left_before;  /* of its last send call: as in event_data */
  __u16 data_flags;   /* of `socket`: DATA_DATAGRAM or 0 */
  struct capture_policy sent, received;
  __u64 left_ns;  /* when the bytes of its current send call began to leave; 0: not seen */
  __u32 told_tid; /* `tid` as events have it */
  __u32 pad2;
};
_Static_assert(sizeof(struct thread_slot) == 128, "one slot, two cache lines");

/* Counters of one CPU. Only programs on that CPU write them, but an interrupt may come in between: the counters are
 * atomic. The members that each event needs come first, in one cache line. */
struct cpu_counts {
  __u64 gap_from_ns;    /* time of the first loss since the last EVENT_GAP; 0: none */
  __u64 unlooked_bytes; /* bytes put into the ring since its fill level was last checked */
  __u64 ring_peak_bytes;
  __u32 interrupt; /* inside an interrupt handler of a timer or a device */
  __u32 pad;
  __u64 lost[EVENT_TYPES];
  __u64 gap_lost[EVENT_TYPES];
  __u64 read_faults;
  __u64 slot_collisions;
  __u64 map_full;
  __u64 payload_unseen;
  __u64 probe_hits[PROBES], probe_texts[PROBES]; /* indexed by the probe's cookie */
  __u64 pad2[8];
};

/* The sockets that exist, as a set of bits: the bit of a socket is (id * multiplier) >> (64 - LIVE_BITS_LOG). A bit
 * that is not set means that the socket is gone. Two sockets may share a bit; the next multiplier gives them
 * different bits. */
#define LIVE_BITS_LOG 21
struct live_sockets {
  __u64 words[(1 << LIVE_BITS_LOG) / 64];
};

/* The policies of one socket, one for each direction. */
struct socket_policies {
  struct capture_policy sent, received;
};
