/* SPDX-License-Identifier: GPL-2.0 */
/* The BPF programs for block requests and file syncs. */
#pragma once
#include "../wire/block_request.h"
#include "recorder.h"
#include "slots.h"

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH); /* An entry whose request never completes is evicted by newer ones. */
  __uint(max_entries, 16384);          /* several times the largest queue depth seen in tests */
  __type(key, __u64);                  /* the address of struct request: unique while the request exists */
  __type(value, struct pending_request);
} requests SEC(".maps");

/* Requests of recorded threads are recorded. Requests of kernel threads are recorded too: kernel threads write back
 * the dirty pages of all processes, and other requests to the disk wait behind them. */
INLINE bool wanted_issuer(struct task_struct* task) { return traced(task) || (task->flags & PF_KTHREAD); }

SEC("tp_btf/block_rq_insert")
int BPF_PROG(block_rq_insert, struct request* request) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct pending_request pending = {};
  __u64 key = (__u64)request;
  struct cpu_counts* c = cpu_counts();
  if (!c || !wanted_issuer(task)) return 0;
  pending.insert_ns = bpf_ktime_get_ns();
  pending.pid = tgid_of(task);
  pending.tid = tid_of(task);
  if (bpf_map_update_elem(&requests, &key, &pending, BPF_ANY)) count(&c->map_full);
  return 0;
}

SEC("tp_btf/block_rq_issue")
int BPF_PROG(block_rq_issue, struct request* request) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct pending_request pending = {};
  __u64 key = (__u64)request, now = bpf_ktime_get_ns();
  struct cpu_counts* c = cpu_counts();
  if (issue_waiting(bpf_map_lookup_elem(&requests, &key), now)) return 0;
  if (!c || !wanted_issuer(task)) return 0;
  pending.issue_ns = now;
  pending.pid = tgid_of(task);
  pending.tid = tid_of(task);
  if (bpf_map_update_elem(&requests, &key, &pending, BPF_ANY)) count(&c->map_full);
  return 0;
}

/* The request is merged into another one. Its address can be reused by the next request. */
SEC("tp_btf/block_rq_merge")
int BPF_PROG(block_rq_merge, struct request* request) {
  __u64 key = (__u64)request;
  bpf_map_delete_elem(&requests, &key);
  return 0;
}

/* The device refused the request. The request is queued again and will be issued again. */
SEC("tp_btf/block_rq_requeue")
int BPF_PROG(block_rq_requeue, struct request* request) {
  __u64 key = (__u64)request;
  requeue(bpf_map_lookup_elem(&requests, &key));
  return 0;
}

INLINE __u32 block_flags(__u32 command) {
  __u32 flags = 0, operation = command & REQ_OP_MASK;
  if (operation & 1) flags |= BLOCK_WRITE; /* as in the kernel (op_is_write): odd operations write */
  if (operation == REQ_OP_FLUSH || command & 1u << bpf_core_enum_value(enum req_flag_bits, __REQ_PREFLUSH))
    flags |= BLOCK_FLUSH;
  if (command & 1u << bpf_core_enum_value(enum req_flag_bits, __REQ_SYNC)) flags |= BLOCK_SYNC;
  return flags;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(block_rq_complete, struct request* request, __u64 error, unsigned int done_bytes) {
  struct pending_request* pending;
  __u64 key = (__u64)request;
  struct cpu_counts* c = cpu_counts();
  struct event_block* e;
  struct gendisk* disk;
  void* ring = own_ring();
  /* The request is completed in part; its completion is a later event. */
  if (done_bytes < request->__data_len) return 0;
  pending = bpf_map_lookup_elem(&requests, &key);
  if (!pending || !c || !ring) return 0;
  if ((e = reserve(ring, sizeof *e, EVENT_BLOCK, c))) {
    fill_header(&e->header, EVENT_BLOCK, sizeof *e, bpf_ktime_get_ns(), pending->pid, pending->tid);
    e->insert_ns = pending->insert_ns;
    e->issue_ns = pending->issue_ns;
    disk = request->q->disk;
    e->device = disk ? (__u32)disk->major << 20 | disk->first_minor : 0;
    e->length_bytes = request->__data_len;
    e->sector = request->__sector;
    e->flags = block_flags(request->cmd_flags);
    e->error = (__u8)error;
    submit(e, ring, sizeof *e, c);
  }
  bpf_map_delete_elem(&requests, &key);
  return 0;
}

SEC("tp_btf/ext4_sync_file_enter")
int BPF_PROG(ext4_sync_file_enter) {
  struct thread_slot* slot = traced(bpf_get_current_task_btf());
  if (slot) slot->sync_ns = bpf_ktime_get_ns();
  return 0;
}

SEC("tp_btf/ext4_sync_file_exit")
int BPF_PROG(ext4_sync_file_exit, struct inode* inode, int result) {
  struct thread_slot* slot = traced(bpf_get_current_task_btf());
  struct cpu_counts* c = cpu_counts();
  struct event_sync* e;
  void* ring = own_ring();
  if (!slot || !slot->sync_ns || !c || !ring) return 0;
  if ((e = reserve(ring, sizeof *e, EVENT_SYNC, c))) {
    fill_header(&e->header, EVENT_SYNC, sizeof *e, bpf_ktime_get_ns(), slot->tgid, slot->told_tid);
    e->begin_ns = slot->sync_ns;
    e->inode = inode->i_ino;
    e->device = inode->i_sb->s_dev;
    e->result = result;
    submit(e, ring, sizeof *e, c);
  }
  slot->sync_ns = 0;
  return 0;
}
