#!/usr/bin/env python3
"""Records many short connections, processes and datagrams: the memory must not grow, and kept + lost must be exact.

usage: churn.py [--connections 1000000] [--processes 100000] [--datagrams 100000]

A C program makes the given numbers of connections with one HTTP request each (half of them Unix, half TCP), of processes that end at
once, and of datagrams from new sockets, in mixed order. The first run is with `capture_dump_bench`, which reports what the kernel part
kept and lost of each type of event. The second run is with `culprit record`. Its resident memory is read twice per second and must not
grow after the first third of the run. Needs root and a C compiler.
"""
import argparse
import os
import re
import signal
import statistics
import subprocess
import tempfile
import time

from bench import CULPRIT, ask, keep

DUMP = os.path.join(os.path.dirname(CULPRIT), "benches/capture_dump_bench")
MESSAGES_EACH = 4  # a request and an answer, each of them sent and received
# The allowed growth of memory in the last two thirds: the allocator's arenas and an incomplete frame.
MOST_GROWTH = 16 << 20
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

static const char kAsk[] = "GET /churn HTTP/1.1\r\nHost: a\r\n\r\n", kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static void must(int truth) { if (!truth) { perror("churn"); exit(1); } }

static int listen_at(int family, struct sockaddr* address, socklen_t* size) {
  int listener = socket(family, SOCK_STREAM, 0);
  must(!bind(listener, address, *size) && !listen(listener, 16));
  *size = sizeof(struct sockaddr_storage);
  must(!getsockname(listener, address, size));
  return listener;
}

static void converse(int listener, const struct sockaddr* address, socklen_t size) {
  char bytes[256];
  struct linger at_once = {1, 0}; /* a reset: no port waits for its old packets */
  int client = socket(address->sa_family, SOCK_STREAM, 0), server;
  must(!connect(client, address, size) && (server = accept(listener, 0, 0)) >= 0);
  must(write(client, kAsk, sizeof kAsk - 1) == sizeof kAsk - 1 && read(server, bytes, sizeof bytes) == sizeof kAsk - 1);
  must(write(server, kAnswer, sizeof kAnswer - 1) == sizeof kAnswer - 1 && read(client, bytes, sizeof bytes) == sizeof kAnswer - 1);
  if (address->sa_family == AF_INET) setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(client), close(server);
}

int main(int argc, char** argv) {
  long connections = atol(argv[1]), processes = atol(argv[2]), datagrams = atol(argv[3]), i;
  long steps = connections > datagrams ? connections : datagrams;
  if (processes > steps) steps = processes;
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
    /* As many of each as there are to be, spread evenly. */
    if ((i + 1) * connections / steps != i * connections / steps) {
      if (i & 1) converse(tcp_listener, &tcp.any, tcp_size);
      else converse(local_listener, &local.any, local_size);
    }
    if ((i + 1) * processes / steps != i * processes / steps) {
      pid_t child = fork();
      if (!child) _exit(0);
      must(waitpid(child, 0, 0) == child);
    }
    if ((i + 1) * datagrams / steps != i * datagrams / steps) {
      char byte = 'x';
      int sender = socket(AF_INET, SOCK_DGRAM, 0);
      must(sendto(sender, &byte, 1, 0, &udp.any, udp_size) == 1 && read(receiver, &byte, 1) == 1);
      close(sender);
    }
  }
  return 0;
}
"""


class Churn:
    def __init__(self, program, counts):
        self.process = subprocess.Popen([program, *map(str, counts)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def go(self):
        self.process.stdin.write("g")
        self.process.stdin.flush()

    def over(self):
        return self.process.poll() is not None


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def count_events(program, counts):
    """Compares what the kernel part kept and lost, by type of event, with what the program did."""
    churn = Churn(program, counts)
    dump = subprocess.Popen([DUMP, "-p", str(churn.process.pid), "-s", "3600", "-n"], stdout=subprocess.PIPE, text=True)
    dump.stdout.readline()  # attached
    churn.go()
    if churn.process.wait() != 0:
        raise SystemExit("the churn failed")
    time.sleep(2.5)  # the recorder looks for closed sockets once per second
    dump.send_signal(signal.SIGINT)
    text = dump.communicate(timeout=60)[0]
    kept = {match[1]: (int(match[2]), int(match[3])) for match in re.finditer(r"^(\w+) +kept +(\d+) +lost +(\d+)", text, re.M)}
    connections, processes, datagrams = counts
    issued = {"data": MESSAGES_EACH * connections + 2 * datagrams, "socket": 2 * connections, "fork": processes, "exit": processes + 1}
    rows = {name: {"issued": n, "kept": kept.get(name, (0, 0))[0], "lost": kept.get(name, (0, 0))[1]} for name, n in issued.items()}
    for row in rows.values():
        row["difference"] = row["issued"] - row["kept"] - row["lost"]
    ends, told = kept.get("socket_end", (0, 0)), kept.get("socket", (0, 0))
    rows["sockets without an end"] = told[0] - ends[0]
    rows["map_full"] = int(re.search(r"map full (\d+)", text)[1])
    rows["collisions"] = int(re.search(r"collisions (\d+)", text)[1])
    return rows


def watch_memory(program, counts, directory):
    recording = directory + "/r.culprit"
    churn = Churn(program, counts)
    recorder = subprocess.Popen([CULPRIT, "record", "-p", str(churn.process.pid), "--tier", "T0", "-o", recording],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    begin, samples = time.monotonic(), []
    churn.go()
    while not churn.over() and recorder.poll() is None:
        samples.append(resident_bytes(recorder.pid))
        time.sleep(0.5)
    seconds = time.monotonic() - begin
    if recorder.poll() is None:
        recorder.send_signal(signal.SIGINT)
    status = recorder.wait(timeout=300)
    third = max(1, len(samples) // 3)
    row = {"seconds": round(seconds, 1), "recorder_status": status, "resident_at_a_third": max(samples[: third + 1]), "resident_most": max(samples),
           "resident_at_the_end": samples[-1], "resident_median": int(statistics.median(samples))}
    row["growth"] = row["resident_most"] - row["resident_at_a_third"]
    row["requests"] = ask(recording, "SELECT count(*) AS n FROM span WHERE kind = 'server'")[0]["n"]
    host = ask(recording, "SELECT events, events_lost FROM host ORDER BY ended_ns DESC LIMIT 1")[0]
    row["events"], row["events_lost"] = host["events"], host["events_lost"]
    return row


def measure(counts):
    with tempfile.TemporaryDirectory(prefix="culprit-bench-", dir="/var/tmp") as directory:
        with open(directory + "/churn.c", "w") as file:
            file.write(CHURN)
        program = directory + "/churn"
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-w", "-o", program, directory + "/churn.c"], check=True)
        return {"counts": dict(zip(("connections", "processes", "datagrams"), counts)), "events": count_events(program, counts),
                "memory": watch_memory(program, counts, directory)}


def faults(result):
    """Returns the violations of the result in words."""
    events, memory = result["events"], result["memory"]
    wrong = [f"{name}: {row}" for name, row in events.items() if isinstance(row, dict) and row["difference"] != 0]
    if events["sockets without an end"] > max(4, events["socket"]["lost"]):
        wrong.append(f"{events['sockets without an end']} sockets without an end")
    if events["map_full"] or events["collisions"]:
        wrong.append(f"tables were full: {events['map_full']}, {events['collisions']}")
    if memory["growth"] > MOST_GROWTH:
        wrong.append(f"memory grew by {memory['growth']} bytes after the first third")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1_000_000)
    parser.add_argument("--processes", type=int, default=100_000)
    parser.add_argument("--datagrams", type=int, default=100_000)
    arguments = parser.parse_args()
    result = measure((arguments.connections, arguments.processes, arguments.datagrams))
    print(result, flush=True)
    keep("churn", result)
    if wrong := faults(result):
        raise SystemExit("; ".join(wrong))


if __name__ == "__main__":
    main()
