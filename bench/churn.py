#!/usr/bin/env python3
"""Records many short connections, processes and datagrams: the memory must not grow, and kept + lost must be exact.

usage: churn.py [--tcp 1000000] [--unix 100000] [--processes 100000] [--datagrams 100000]

A C program makes the given numbers of TCP and Unix connections with one HTTP request each, of processes that end at once, and of
datagrams from new sockets, in mixed order; `culprit record` records it. At the end the program makes a few more connections, whose
requests must be recorded too. For each type of event, kept + lost must be the number of events that the program caused. No table of the
recorder may exceed its limit. Its resident memory is read twice per second and must not grow after the first third of the run: the lower
bound of the slope's 95 % interval must be about zero. Needs root and a C compiler.
"""
import argparse
import json
import os
import signal
import statistics
import subprocess
import tempfile
import time

from bench import CULPRIT, ask, keep

MESSAGES_EACH = 4  # a request and an answer, each of them sent and received
AFTER = 100        # connections of each kind at the end
# The allowed growth of memory in the last two thirds of a short run, in which the tables still fill: less than a fifth of the memory of
# 40,000 ends of connections.
MOST_GROWTH = 32 << 20
# The least number of samples for a slope: with fewer, its interval is too wide.
LEAST_SAMPLES = 120
# The largest slope that does not count as a leak, in bytes per connection.
LEAST_SLOPE = 0.1
CHURN = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static void must(int truth) { if (!truth) { perror("churn"); exit(1); } }

static int listen_at(int family, struct sockaddr* address, socklen_t* size) {
  int listener = socket(family, SOCK_STREAM, 0);
  must(!bind(listener, address, *size) && !listen(listener, 16));
  *size = sizeof(struct sockaddr_storage);
  must(!getsockname(listener, address, size));
  return listener;
}

static void converse(int listener, const struct sockaddr* address, socklen_t size, const char* path) {
  char bytes[256], ask[64];
  long n = snprintf(ask, sizeof ask, "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n", path);
  struct linger at_once = {1, 0}; /* a reset: no port waits for its old packets */
  int client = socket(address->sa_family, SOCK_STREAM, 0), server;
  must(!connect(client, address, size) && (server = accept(listener, 0, 0)) >= 0);
  must(write(client, ask, n) == n && read(server, bytes, sizeof bytes) == n);
  must(write(server, kAnswer, sizeof kAnswer - 1) == sizeof kAnswer - 1 && read(client, bytes, sizeof bytes) == sizeof kAnswer - 1);
  if (address->sa_family == AF_INET) setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(client), close(server);
}

/* Whether step i of so many does one of these: as many of each as there are to be, spread evenly. */
static int is_due(long i, long steps, long all) { return (i + 1) * all / steps != i * all / steps; }

int main(int argc, char** argv) {
  long counts[4], steps = 1, i;
  for (i = 0; i < 4; ++i) {
    counts[i] = atol(argv[1 + i]);
    if (counts[i] > steps) steps = counts[i];
  }
  long after = atol(argv[5]);
  union { struct sockaddr any; struct sockaddr_in in; struct sockaddr_un un; struct sockaddr_storage room; } tcp, local, udp;
  memset(&tcp, 0, sizeof tcp), memset(&local, 0, sizeof local), memset(&udp, 0, sizeof udp);
  tcp.in.sin_family = udp.in.sin_family = AF_INET, local.un.sun_family = AF_UNIX;
  tcp.in.sin_addr.s_addr = udp.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t tcp_size = sizeof tcp.in, local_size = sizeof(sa_family_t), udp_size = sizeof udp.in;
  int tcp_listener = listen_at(AF_INET, &tcp.any, &tcp_size), local_listener = listen_at(AF_UNIX, &local.any, &local_size);
  int receiver = socket(AF_INET, SOCK_DGRAM, 0);
  must(!bind(receiver, &udp.any, udp_size) && !getsockname(receiver, &udp.any, &udp_size));
  puts("ready"), fflush(stdout);
  must(getchar() == 'g');
  for (i = 0; i < steps; ++i) {
    if (is_due(i, steps, counts[0])) converse(tcp_listener, &tcp.any, tcp_size, "churn");
    if (is_due(i, steps, counts[1])) converse(local_listener, &local.any, local_size, "churn");
    if (is_due(i, steps, counts[2])) {
      pid_t child = fork();
      if (!child) _exit(0);
      must(waitpid(child, 0, 0) == child);
    }
    if (is_due(i, steps, counts[3])) {
      char byte = 'x';
      int sender = socket(AF_INET, SOCK_DGRAM, 0);
      must(sendto(sender, &byte, 1, 0, &udp.any, udp_size) == 1 && read(receiver, &byte, 1) == 1);
      close(sender);
    }
  }
  sleep(2);
  for (i = 0; i < after; ++i) converse(tcp_listener, &tcp.any, tcp_size, "after"), converse(local_listener, &local.any, local_size, "after");
  sleep(3); /* a look for ended sockets is made each second */
  return 0;
}
"""


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def slope(samples, each=20):
    """Returns bytes per second with their 95 % interval: the slope of a line through the means of blocks, which are nearly independent."""
    n = max(1, len(samples) // each)
    blocks = [(statistics.mean(t for t, _ in part), statistics.mean(v for _, v in part))
              for part in (samples[i:i + n] for i in range(0, len(samples) - n + 1, n))]
    mean_t, mean_v = statistics.mean(t for t, _ in blocks), statistics.mean(v for _, v in blocks)
    spread = sum((t - mean_t) ** 2 for t, _ in blocks)
    value = sum((t - mean_t) * (v - mean_v) for t, v in blocks) / spread
    rest = sum((v - mean_v - value * (t - mean_t)) ** 2 for t, v in blocks)
    half = 2.1 * (rest / (len(blocks) - 2) / spread) ** 0.5  # Student's t of 18 degrees
    return {"bytes_per_second": round(value, 1), "from": round(value - half, 1), "to": round(value + half, 1)}


def issued(counts):
    tcp, local, processes, datagrams = counts
    connections = tcp + local + 2 * AFTER
    return {"data": MESSAGES_EACH * connections + 2 * datagrams, "socket": 2 * connections, "socket_end": 2 * connections, "fork": processes,
            "exit": processes + 1}


def measure(counts):
    with tempfile.TemporaryDirectory(prefix="culprit-bench-", dir="/var/tmp") as directory:
        with open(directory + "/churn.c", "w") as file:
            file.write(CHURN)
        program = directory + "/churn"
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-w", "-o", program, directory + "/churn.c"], check=True)
        return record(program, counts, directory + "/r.culprit")


def record(program, counts, recording):
    churn = subprocess.Popen([program, *map(str, counts), str(AFTER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    churn.stdout.readline()
    with tempfile.TemporaryFile("w+") as told:
        recorder = subprocess.Popen([CULPRIT, "record", "-p", str(churn.pid), "--tier", "T0", "-o", recording, "--json"], stdout=told,
                                    stderr=subprocess.DEVNULL)
        time.sleep(1.5)
        begin, samples = time.monotonic(), []
        churn.stdin.write("g")
        churn.stdin.flush()
        while churn.poll() is None and recorder.poll() is None:
            samples.append((time.monotonic() - begin, resident_bytes(recorder.pid)))
            time.sleep(0.5)
        seconds = time.monotonic() - begin
        if churn.wait() != 0:
            raise SystemExit("the churn failed")
        if recorder.poll() is None:
            recorder.send_signal(signal.SIGINT)
        status = recorder.wait(timeout=300)
        told.seek(0)
        summary = json.load(told)
    types = {row["name"]: row for row in summary["types"]}
    rows = {name: {"issued": n, "kept": types[name]["kept"], "lost": types[name]["lost"],
                   "difference": n - types[name]["kept"] - types[name]["lost"]} for name, n in issued(counts).items()}
    third = len(samples) // 3
    result = {"counts": dict(zip(("tcp", "unix", "processes", "datagrams"), counts)), "seconds": round(seconds, 1), "recorder_status": status,
              "recorder_cpu_share": round(summary["recorder_cpu_ns"] / 1e9 / seconds, 3), "recording_bytes": summary["bytes"],
              "events": summary["events"], "events_lost": summary["events_lost"], "types": rows,
              "tables": {row["name"]: {"most": row["most"], "limit": row["limit"]} for row in summary["tables"]},
              "resident": {"at_a_third": max(v for _, v in samples[:third + 1]), "most": max(v for _, v in samples), "at_the_end": samples[-1][1],
                           "by_time": [v for _, v in samples[:: max(1, len(samples) // 40)]]}}
    if len(samples) >= LEAST_SAMPLES:
        result["slope"] = slope(samples[third:])
    result["requests"] = ask(recording, "SELECT count(*) AS n FROM span WHERE kind = 'server'")[0]["n"]
    result["requests_after"] = ask(recording, "SELECT count(*) AS n FROM span WHERE kind = 'server' AND name LIKE '%after%'")[0]["n"]
    quality = json.loads(subprocess.run([CULPRIT, "quality", recording, "--json"], capture_output=True, text=True, check=True).stdout)
    result["balanced"] = all(n == quality["stored"].get(unit, 0) + quality["accounted"].get(unit, 0) for unit, n in quality["received"].items())
    return result


def faults(result):
    """Returns the violations of the result in words."""
    wrong = [f"{name}: {row}" for name, row in result["types"].items() if row["difference"] != 0]
    wrong += [f"table {name}: {table}" for name, table in result["tables"].items() if table["most"] > table["limit"]]
    lost = result["events_lost"]
    connections = result["counts"]["tcp"] + result["counts"]["unix"] + 2 * AFTER
    if abs(connections - result["requests"]) > lost:
        wrong.append(f"{result['requests']} of {connections} requests, and {lost} events lost")
    if abs(2 * AFTER - result["requests_after"]) > lost:
        wrong.append(f"{result['requests_after']} of {2 * AFTER} requests after all")
    if not result["balanced"]:
        wrong.append("received is not stored + accounted")
    line = result.get("slope")
    if line and line["from"] > LEAST_SLOPE * connections / result["seconds"]:
        wrong.append(f"memory grows: {line}")
    if not line and result["resident"]["most"] - result["resident"]["at_a_third"] > MOST_GROWTH:
        wrong.append(f"memory grew after the first third: {result['resident']}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tcp", type=int, default=1_000_000)
    parser.add_argument("--unix", type=int, default=100_000)
    parser.add_argument("--processes", type=int, default=100_000)
    parser.add_argument("--datagrams", type=int, default=100_000)
    arguments = parser.parse_args()
    result = measure((arguments.tcp, arguments.unix, arguments.processes, arguments.datagrams))
    keep("churn", result)
    if wrong := faults(result):
        raise SystemExit("; ".join(wrong))


if __name__ == "__main__":
    main()
