/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel structures that the programs read. Field offsets are relocated at load time against the running
 * kernel's BTF (CO-RE), so only names and types matter here. A generated vmlinux.h would have 135,000 lines, of
 * which about 100 are needed. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>

/* Declares to bpf_tracing.h that struct pt_regs has the kernel's field names. */
#define __VMLINUX_H__

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
  unsigned long r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, sp, bp;
  __u16 cs;
};

typedef struct {
  int counter;
} atomic_t;

struct signal_struct {
  atomic_t live;
};

struct ns_common {
  unsigned int inum;
};

struct pid_namespace {
  struct ns_common ns;
};

/* The number of a thread in one of its PID namespaces. */
struct upid {
  int nr;
  struct pid_namespace* ns;
};

struct pid {
  unsigned int level;
  struct upid numbers[1]; /* level + 1, from the machine's own namespace on */
};

struct task_struct {
  unsigned int __state;
  unsigned int flags;
  unsigned int in_iowait : 1;
  int exit_code;
  int pid, tgid;
  struct signal_struct* signal;
  struct task_struct* group_leader;
  struct pid* thread_pid;
  char comm[16];
};

struct bpf_iter__task {
  struct task_struct* task;
};

struct bpf_iter__bpf_sk_storage_map {
  struct sock* sk;
  void* value;
};

struct in6_addr {
  __u8 bytes[16];
};

typedef struct {
  long long counter;
} atomic64_t;

struct net {
  struct ns_common ns;
};

typedef struct {
  struct net* net;
} possible_net_t;

struct sock_common {
  __be32 skc_daddr, skc_rcv_saddr;
  __be16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
  atomic64_t skc_cookie;
};

struct file {
  struct inode* f_inode;
};

struct socket {
  struct file* file;
};

struct sock {
  struct sock_common __sk_common;
  struct socket* sk_socket;
  __u16 sk_type;
  __u16 sk_protocol;
};

struct sockaddr_un {
  unsigned short sun_family;
  char sun_path[108];
};

struct unix_address {
  int len;
  struct sockaddr_un name[0];
};

struct unix_sock {
  struct sock sk;
  struct unix_address* addr;
  struct sock* peer;
};

struct tcp_sock {
  __u32 copied_seq, write_seq;
};

struct linux_binprm {
  const char* filename;
};

struct gendisk {
  int major, first_minor;
};

struct request_queue {
  struct gendisk* disk;
};

struct request {
  struct request_queue* q;
  unsigned int cmd_flags;
  unsigned int __data_len;
  __u64 __sector;
};

struct super_block {
  __u32 s_dev;
};

struct inode {
  struct super_block* i_sb;
  unsigned long i_ino;
};

enum req_flag_bits { __REQ_SYNC = 11, __REQ_PREFLUSH = 18 };

#pragma clang attribute pop

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h: not part of an ABI, unchanged since 2009 */
#define TASK_DEAD 0x80
#define TASK_UNINTERRUPTIBLE 2
#define TASK_STATES 0x7f
#define USER_CODE 0x33 /* __USER_CS: a 64-bit program; 32-bit programs number their system calls differently */
#define REQ_OP_MASK 0xff
#define REQ_OP_FLUSH 2
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define IPPROTO_TCP 6
#define TCP_CLOSE 7
#define MSG_PEEK 2
