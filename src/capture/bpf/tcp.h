/* SPDX-License-Identifier: GPL-2.0 */
/* The BPF programs for TCP connections: their end, and retransmissions. */
#pragma once
#include "recorder.h"
#include "socket_state.h"

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock* sk, int old_state, int new_state) {
  struct cpu_counts* c = cpu_counts();
  struct socket_state* state;
  if (new_state != TCP_CLOSE || !c) return 0;
  state = bpf_sk_storage_get(&sockets, sk, 0, 0);
  if (state && state->id) tell_end(state, state->tgids[0], 0, c);
  return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock* sk) {
  struct socket_state* state = bpf_sk_storage_get(&sockets, sk, 0, 0);
  struct cpu_counts* c = cpu_counts();
  struct event_retransmit* e;
  void* ring = own_ring();
  if (!c || !ring || (!scope_all && !state)) return 0;
  if (!(e = reserve(ring, sizeof *e, EVENT_RETRANSMIT, c))) return 0;
  fill_header(&e->header, EVENT_RETRANSMIT, sizeof *e, bpf_ktime_get_ns(), state ? state->tgids[0] : 0, 0);
  e->socket = state ? state->id : 0;
  e->local_port = sk->__sk_common.skc_num;
  e->peer_port = bpf_ntohs(sk->__sk_common.skc_dport);
  e->pad = 0;
  submit(e, ring, sizeof *e, c);
  return 0;
}
