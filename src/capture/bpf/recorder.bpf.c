/* SPDX-License-Identifier: GPL-2.0 */
/* The BPF programs of the recorder. They run in the kernel on every CPU, never wait, never write to a traced
 * program, and count every event that they could not hand over. */
#include "recorder.h"

#include <bpf/bpf_endian.h>

#include "disk.h"
#include "processes.h"
#include "report.h"
#include "sockets.h"
#include "tcp.h"
#include "threads.h"

char _license[] SEC("license") = "GPL";
