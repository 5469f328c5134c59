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

/* The number of all processes and threads outside of the recorder's PID namespace (outside of its container). */
#define PID_OUTSIDE 0x7fffffff

/* Numbers of processes and threads are those of the recorder's PID namespace. */
struct event_header {
  __u64 time_ns;
  __u32 pid; /* process of the thread that the event describes */
  __u32 tid;
  __u16 type;
  __u16 cpu;
  __u32 size_bytes; /* size of the whole event, header included; a multiple of 8 */
};

enum data_flags {
  DATA_SENT = 1,       /* set: sent; not set: received */
  DATA_READ_FAULT = 2, /* the program's memory could not be read: the payload is missing */
  DATA_CUT = 4, /* fewer bytes copied than length_bytes; the last tail_bytes of the payload are the message's last */
  DATA_IOV = 8, /* by readv, recvmsg and similar calls */
  DATA_DATAGRAM = 16, /* of a socket that is no stream: it has no EVENT_SOCKET and no EVENT_SOCKET_END */
};

/* The bytes of one send or receive call, at the end of the call (the kernel's sock_send_length, sock_recv_length).
 * Payload: head_bytes from the start of the message, then tail_bytes from its end. Without DATA_CUT the payload is
 * the whole message. */
struct event_data {
  struct event_header header;
  __u64 socket;       /* the recorder's id of this end of the connection: never 0, never reused */
  __u32 length_bytes; /* result of the call */
  __u32 tcp_sequence; /* TCP: sequence number of the first byte; else 0 */
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
  __u64 peer_socket;                        /* Unix: the id of the other end; 0: unknown */
  __u16 family;                             /* enum socket_family */
  __u16 socket_type;                        /* SOCK_STREAM 1 … */
  __u16 local_port, peer_port;              /* host order */
  __u8 local_address[16], peer_address[16]; /* IPv4 in the first four bytes, network order */
  /* Unix: the path bound to this end or, if this end is unnamed, to the other; NUL-terminated if shorter */
  char path[64];
  __u32 network_namespace; /* its inode number: addresses are unique only within one namespace */
  __u32 pad;
};

struct event_socket_end {
  struct event_header header;
  __u64 socket;
};

struct event_retransmit {
  struct event_header header;
  __u64 socket; /* 0: no EVENT_SOCKET was emitted for it; the ports identify the connection */
  __u16 local_port, peer_port;
  __u32 pad;
};

enum waker_class {
  WAKER_NONE = 0,      /* no wake-up: the thread was preempted, or never lost the CPU */
  WAKER_THREAD = 1,    /* a thread, inside a system call: a real dependency */
  WAKER_INTERRUPT = 2, /* an interrupt, timer or softirq: waker_tid is the interrupted thread, without a dependency */
  WAKER_UNKNOWN = 3,
};

/* header.time_ns: when the thread got the CPU; off_ns: when it lost the CPU; wake_ns: when it became runnable (0: it
 * always was). */
struct event_switch {
  struct event_header header;
  __u64 off_ns;
  __u64 wake_ns;
  __u32 waker_pid, waker_tid;
  __u32 previous_pid, previous_tid; /* the thread that had this CPU until now; 0: idle */
  __u32 state;   /* task state when the thread lost the CPU: 0 runnable, 1 interruptible, 2 uninterruptible … */
  __s16 syscall; /* number of the system call in which it waits; -1: none */
  __u8 waker;    /* enum waker_class */
  __u8 io_wait;  /* in_iowait was set */
  __u16 off_cpu; /* the CPU that the thread lost */
  __u16 pad;
  __u32 pad2;
  __u64 argument; /* first argument of that system call: a futex address, a descriptor */
  __u64 socket;   /* the socket that the thread waits to read or write; 0: unknown */
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
  __u32 group_dead; /* 1: this was the last thread of the process */
  char name[16];
};

enum block_flags { BLOCK_WRITE = 1, BLOCK_FLUSH = 2, BLOCK_SYNC = 4 };
struct event_block {
  struct event_header header; /* time: completion; pid, tid: the issuer */
  __u64 insert_ns, issue_ns;  /* insert 0: the request was never queued */
  __u32 device;
  __u32 length_bytes;
  __u64 sector;
  __u32 flags;
  __u32 error;
};

struct event_sync {
  struct event_header header; /* time: return of the call */
  __u64 begin_ns;
  __u64 inode;
  __u32 device;
  __s32 result;
};

/* Payload: text_bytes of the text (0: the call passed no text). */
struct event_pg_activity {
  struct event_header header;
  /* in the server's numbering, which differs between versions; 0: the text was read from the server's memory */
  __u32 state;
  __u16 text_bytes;
  __u16 cut; /* 1: the text was longer than the payload */
};

struct event_gap {
  struct event_header header; /* time: when the ring accepted an event again */
  __u64 from_ns;              /* time of the first lost event */
  __u64 lost_by_type[16];     /* indexed by event_type */
};
