/* What the BPF programs hand to the recorder through the rings: plain C, shared by both, never stored.
 *
 *   ┌──────────────────────────┬──────────────────┬─────────────────────┐
 *   │ struct event_header 24 B │ the type's body  │ payload, if any     │
 *   └──────────────────────────┴──────────────────┴─────────────────────┘
 *
 * Times are CLOCK_MONOTONIC nanoseconds (bpf_ktime_get_ns). Events of one CPU come in order; the reader merges CPUs.
 */
#pragma once

#ifndef __bpf__
#include <linux/types.h>
#endif

enum event_type {
#define EVENT(number, TYPE, body) EVENT_##TYPE = number,
#include "capture/wire/events.inc"
};

struct event_header {
  __u64 time_ns;
  __u32 pid; /* tgid of the thread the event is about */
  __u32 tid;
  __u16 type;
  __u16 cpu;
  __u32 size_bytes; /* of the whole event, header included; a multiple of 8 */
};

enum data_flags {
  DATA_SENT = 1,       /* else received */
  DATA_READ_FAULT = 2, /* the program's memory could not be read: payload is missing */
  DATA_CUT = 4, /* fewer bytes copied than length_bytes; the last tail_bytes of the payload are the message's last */
  DATA_IOV = 8, /* came by readv, recvmsg and the like */
  DATA_DATAGRAM = 16, /* of a socket that is no stream: no EVENT_SOCKET and no EVENT_SOCKET_END tell of it */
};

/* Bytes of one send or receive call, at the call's end (the kernel's sock_send_length, sock_recv_length).
 * Payload: head_bytes from the beginning, then tail_bytes from the end; together all of it unless DATA_CUT. */
struct event_data {
  struct event_header header;
  __u64 socket;       /* our id of this end of the connection: never 0, never reused */
  __u32 length_bytes; /* as the call returned */
  __u32 tcp_sequence; /* of the first byte, where TCP; else 0 */
  __u32 head_bytes;
  __u16 tail_bytes;
  __u16 flags;
  __u16 left_before; /* sent: how long before the call's end its bytes began to leave, in LEFT_UNIT_NS; 0: not seen, or
                        longer before than this can say: then the call waited, and has its end for its moment */
  __u16 pad[3];
};

enum { LEFT_UNIT_NS = 64 };

enum socket_family { SOCKET_OTHER = 0, SOCKET_UNIX = 1, SOCKET_INET = 2, SOCKET_INET6 = 10 };

struct event_socket {
  struct event_header header;
  __u64 socket;
  __u64 peer_socket;                        /* Unix: our id of the other end, 0 unknown */
  __u16 family;                             /* enum socket_family */
  __u16 socket_type;                        /* SOCK_STREAM 1 … */
  __u16 local_port, peer_port;              /* host order */
  __u8 local_address[16], peer_address[16]; /* IPv4 in the first four bytes, network order */
  char
      path[64]; /* Unix: the bound path of this end or, where this end is unnamed, of the other; NUL-ended if shorter */
  __u32 network_namespace; /* its inode: addresses mean the same within one only */
  __u32 pad;
};

struct event_socket_end {
  struct event_header header;
  __u64 socket;
};

struct event_retransmit {
  struct event_header header;
  __u64 socket; /* 0: a socket that was never seen; the ports tell */
  __u16 local_port, peer_port;
  __u32 pad;
};

enum waker_class {
  WAKER_NONE = 0,      /* no wake-up: it was preempted, or ran on */
  WAKER_THREAD = 1,    /* a thread, from inside a system call: a true edge */
  WAKER_INTERRUPT = 2, /* an interrupt, a timer, a softirq: waker_tid only happened to run */
  WAKER_UNKNOWN = 3,
};

/* header.time_ns: when it got the CPU; off_ns: when it lost it; wake_ns: when it became runnable again (0: it always was). */
struct event_switch {
  struct event_header header;
  __u64 off_ns;
  __u64 wake_ns;
  __u32 waker_pid, waker_tid;
  __u32 previous_pid, previous_tid; /* who had this CPU until now; 0: idle */
  __u32 state;   /* task state when it lost the CPU: 0 runnable, 1 interruptible, 2 uninterruptible … */
  __s16 syscall; /* number of the call it waits in, -1: none */
  __u8 waker;    /* enum waker_class */
  __u8 io_wait;  /* in_iowait was set */
  __u16 off_cpu; /* the CPU it lost */
  __u16 pad;
  __u32 pad2;
  __u64 argument; /* first argument of the call it waits in: a futex' address, a descriptor */
  __u64 socket;   /* the socket that it waits to read or write, where known; else 0 */
};

struct event_fork {
  struct event_header header; /* pid, tid: the parent */
  __u32 child_pid, child_tid;
  char name[16];
};

struct event_exec {
  struct event_header header;
  char name[16];
  char path[128];
};

struct event_exit {
  struct event_header header;
  __u32 exit_code;
  __u32 group_dead; /* the last thread of the process */
  char name[16];
};

enum block_flags { BLOCK_WRITE = 1, BLOCK_FLUSH = 2, BLOCK_SYNC = 4 };
struct event_block {
  struct event_header header; /* time: completion; pid, tid: who issued it */
  __u64 insert_ns, issue_ns;  /* insert 0: never queued */
  __u32 device;
  __u32 length_bytes;
  __u64 sector;
  __u32 flags;
  __u32 error;
};

struct event_sync {
  struct event_header header; /* time: return */
  __u64 begin_ns;
  __u64 inode;
  __u32 device;
  __s32 result;
};

/* Payload: text_bytes of the text (0 where the call gave none). */
struct event_report {
  struct event_header header;
  __u32 state; /* as the server numbers it, which differs between versions; 0: the text was read out of its memory */
  __u16 text_bytes;
  __u16 cut; /* 1: the text was longer */
};

struct event_gap {
  struct event_header header; /* time: when the ring took an event again */
  __u64 from_ns;              /* the first lost */
  __u64 lost_by_type[16];     /* indexed by event_type */
};
