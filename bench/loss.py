#!/usr/bin/env python3
"""Checks that every event is accounted for: kept + lost equals the workload's own count, and default rings lose no event.

usage: loss.py [--messages 400000]

A C program sends through socket pairs and receives 64 bytes per call, as often as the arguments say, and counts its calls.
"small rings": two such producers run at full speed with `--ring-size 64K` and one send per receive. A third one makes slow HTTP
requests. Each of its requests that overlaps a loss must be flagged. "default rings": up to a million events per second. There, one send
fills the buffer for 512 receives, which are the cheapest recorded calls. With one send per receive, two CPUs reach less than half a
million.
Needs root and a C compiler.
"""
import argparse
import os
import shutil
import subprocess
import tempfile
import time

from bench import CULPRIT, ask, keep

LENGTH = 64
EACH_SEND = 512
STORM = r"""
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}
static void must(int truth) { if (!truth) { perror("storm"); _exit(1); } }

/* A send for each so many messages, then receives of one each. pause_ns: at most one event each so many ns; 0: as fast as it goes. */
static void produce(long messages, long each_send, double pause_ns) {
  static char bytes[64 << 10];
  int ends[2];
  memset(bytes, '.', sizeof bytes);
  must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  double begin = now();
  long events = 0;
  for (long i = 0; i < messages; ++i, ++events) {
    if (i % each_send == 0) must(write(ends[0], bytes, 64 * each_send) == 64 * each_send), ++events;
    must(read(ends[1], bytes, 64) == 64);
    while (pause_ns && now() < begin + events * pause_ns / 1e9) {}
  }
}

/* GET, 20 ms, 200: both ends recorded; messages of 64 bytes, too. */
static void serve(int requests) {
  int ends[2];
  char ask[65], answer[65], bytes[64];
  snprintf(ask, 65, "GET /slow HTTP/1.1\r\nHost: a\r\nX-Filler: %-21.21s\r\n\r\n", ".....................");
  snprintf(answer, 65, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Fill: %-16.16s\r\n\r\n", "................");
  must(strlen(ask) == 64 && strlen(answer) == 64 && !socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  if (!fork()) {
    for (int i = 0; i < requests; ++i) {
      must(read(ends[1], bytes, 64) == 64);
      usleep(20000);
      must(write(ends[1], answer, 64) == 64);
    }
    _exit(0);
  }
  for (int i = 0; i < requests; ++i) must(write(ends[0], ask, 64) == 64 && read(ends[0], bytes, 64) == 64);
}

int main(int argc, char** argv) {
  int producers = atoi(argv[1]), requests = atoi(argv[4]);
  long messages = atol(argv[2]), each_send = atol(argv[5]);
  double pause_ns = atof(argv[3]), begin = now();
  for (int i = 0; i < producers; ++i)
    if (!fork()) { produce(messages, each_send, pause_ns); _exit(0); }
  if (requests && !fork()) { serve(requests); while (wait(NULL) > 0) {} _exit(0); }
  int status, bad = 0;
  while (wait(&status) > 0) bad |= status;
  printf("%ld %.3f\n", (messages + messages / each_send) * producers + 4l * requests, now() - begin);
  return bad != 0;
}
"""


def measure(storm, name, producers, messages, pause_ns, requests, each_send, *options):
    directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp")
    recording = directory + "/r.culprit"
    run = subprocess.run([CULPRIT, "record", "-o", recording, *options, "--", storm, str(producers), str(messages), str(pause_ns), str(requests),
                          str(each_send)],
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(run.stderr)
    issued, seconds = run.stdout.split()[:2]
    # The counters of the connections give the number of kept calls. They grow from row to row.
    bytes_kept = ask(recording, "SELECT CAST(sum(sent) AS BIGINT) AS sent, CAST(sum(received) AS BIGINT) AS received FROM (SELECT"
                                " max(bytes_sent) AS sent, max(bytes_received) AS received FROM connection GROUP BY id)")[0]
    kept = int(bytes_kept["sent"]) // (LENGTH * each_send) + int(bytes_kept["received"]) // LENGTH
    rows = {row["detail"]: row["n"] for row in ask(recording, "SELECT detail, CAST(sum(n) AS BIGINT) AS n FROM ledger WHERE kind = 'ring_full' GROUP BY detail")}
    spans = ask(recording, "SELECT count(*) AS n, count(*) FILTER (WHERE flags & 128 <> 0) AS flagged FROM span")[0]
    host = ask(recording, "SELECT events, events_lost FROM host ORDER BY ended_ns DESC LIMIT 1")[0]
    shutil.rmtree(directory, ignore_errors=True)
    lost = rows.get("data", 0)
    return {"case": name, "producers": producers, "messages_issued": int(issued), "messages_kept": kept, "messages_lost": lost,
            "difference": int(issued) - kept - lost, "ledger_lost": rows, "host_events": host["events"], "host_events_lost": host["events_lost"],
            "ledger_is_host": sum(rows.values()) == host["events_lost"], "events_per_second": round(int(issued) / float(seconds)),
            "spans": spans["n"], "spans_flagged": spans["flagged"], "load_average": round(os.getloadavg()[0], 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=400_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="culprit-bench-", dir="/var/tmp") as directory:
        with open(directory + "/storm.c", "w") as file:
            file.write(STORM)
        storm = directory + "/storm"
        subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", storm, directory + "/storm.c"], check=True)
        rows = [measure(storm, "small rings", 2, arguments.messages, 0, 20, 1, "--ring-size", "64K")]
        print(rows[-1], flush=True)
        many = arguments.messages * 10 // (2 * EACH_SEND) * (2 * EACH_SEND)  # each of the producers fills whole buffers
        rows.append(measure(storm, "default rings, one producer, at most 1 M/s", 1, many, 1000, 0, EACH_SEND))
        print(rows[-1], flush=True)
        rows.append(measure(storm, "default rings, two producers, at most 0.6 M/s each", 2, many // 2, 1667, 0, EACH_SEND))
        print(rows[-1], flush=True)
    keep("loss", {"rows": rows})
    wrong = [row["case"] for row in rows if row["difference"] != 0 or not row["ledger_is_host"]]
    if wrong:
        raise SystemExit("not accounted for: " + ", ".join(wrong))


if __name__ == "__main__":
    main()
