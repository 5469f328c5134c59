#!/usr/bin/env python3
"""Recorded programs that behave badly: the recording stays whole, its account balances, and no byte of theirs reaches a terminal raw.

A C program renames itself and its command line with escape sequences, lets a thread call exec, ends threads that others wait for, closes a
socket that is read, and speaks HTTP meanwhile. It runs in a control group whose path has almost 4 kB. The recorder has a ring of 4 kB (the
least is used), once with a nice value of 19. Needs root and a C compiler. Without them, skips and says so.
"""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

CULPRIT = os.environ["CULPRIT"]
REQUESTS = 50
PROGRAM = r"""
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char kName[] = "\033]0;x\007\n\xff", kTitle[] = "\033[2J\033[31mroot \xff\xfe\r\n";
static void must(int truth) { if (!truth) { perror("hostile"); _exit(1); } }

static void converse(int requests) {
  static const char kAsk[] = "GET /\033[2J HTTP/1.1\r\nHost: \033]0;x\007\r\n\r\n", kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  char bytes[256];
  int ends[2];
  must(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
  for (int i = 0; i < requests; ++i) {
    must(write(ends[0], kAsk, sizeof kAsk - 1) > 0 && read(ends[1], bytes, sizeof bytes) > 0);
    must(write(ends[1], kAnswer, sizeof kAnswer - 1) > 0 && read(ends[0], bytes, sizeof bytes) > 0);
  }
  close(ends[0]), close(ends[1]);
}

static void* sleeper(void* fd) {
  char byte;
  read(*(int*)fd, &byte, 1);
  return 0;
}
static void* execs(void* self) {
  execl(self, "\033[2Jagain", "again", (char*)0);
  return 0;
}
static void* ends(void* unused) { /* the thread ends while others wait for it */
  usleep(1000);
  syscall(SYS_exit, 0);
  return unused;
}

int main(int argc, char** argv) {
  if (argc > 1 && !strcmp(argv[1], "again")) { converse(5); return 0; }
  prctl(PR_SET_NAME, kName);
  if (strlen(argv[0]) >= sizeof kTitle) strcpy(argv[0], kTitle);
  converse(atoi(argv[2]));
  for (int i = 0; i < 50; ++i) { /* closed while it is read */
    int pair[2];
    pthread_t thread;
    must(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair) && !pthread_create(&thread, 0, sleeper, &pair[0]));
    usleep(500);
    close(pair[1]);
    pthread_join(thread, 0);
    close(pair[0]);
    must(!pthread_create(&thread, 0, ends, 0));
    pthread_join(thread, 0);
  }
  for (int i = 0; i < 20; ++i) { /* a thread replaces its process */
    pid_t child = fork();
    if (!child) {
      pthread_t thread;
      pthread_create(&thread, 0, execs, argv[1]);
      for (;;) pause();
    }
    int status;
    must(waitpid(child, &status, 0) == child && !status);
  }
  for (int i = 0; i < 200; ++i) { /* processes that end at once */
    pid_t child = fork();
    if (!child) _exit(3);
    waitpid(child, 0, 0);
  }
  return 0;
}
"""
failures = []


def expect(truth, what):
    print("ok  " if truth else "FAIL", what, flush=True)
    if not truth:
        failures.append(what)


@contextlib.contextmanager
def deep_group():
    """A control group whose path is as long as the kernel allows; None where it can't be made."""
    root = next((path for path in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup") if os.access(path, os.W_OK)), None)
    made = []
    path = f"{root}/culprit-{os.getpid()}"
    with contextlib.suppress(OSError, TypeError):
        while len(path) < 3700:
            os.mkdir(path)
            made.append(path)
            path += "/" + "g" * 240 + "\x1b[2J"
    try:
        yield made[-1] if made else None
    finally:
        for one in reversed(made):
            with contextlib.suppress(OSError):
                os.rmdir(one)


def run(program, place, group, name, *wrapper):
    recording = f"{place}/{name}.culprit"

    def enter():
        if group:
            with open(group + "/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))

    script = f"{program} {program} {REQUESTS}"
    inner = ["/bin/bash", "-c", f"exec -a {'x' * 100} {script}"]
    told = subprocess.run([*wrapper, CULPRIT, "record", "--ring-size", "4K", "-o", recording, "--json", "--output", f"{place}/{name}.json", "--", *inner],
                          capture_output=True, text=True, preexec_fn=enter, timeout=120)
    expect(told.returncode == 0, f"{name}: the command's status: {told.returncode} {told.stderr[-300:]}")
    summary = json.load(open(f"{place}/{name}.json"))
    expect(summary["events"] == summary["events_kept"] + summary["events_lost"], f"{name}: {summary['events']} events, {summary['events_lost']} lost")
    for verb in (["quality", recording], ["why", recording], ["show", "slowest", "-s", recording], ["sql", "SELECT * FROM process", "-s", recording],
                 ["sql", "SELECT * FROM process", "-s", recording, "--format", "csv"], ["sql", "SELECT name FROM span", "-s", recording]):
        out = subprocess.run([CULPRIT, *verb], capture_output=True)
        expect(out.returncode == 0, f"{name}: {verb[0]}: {out.stderr[-200:]}")
        raw = [c for c in (out.stdout + out.stderr).decode("utf-8", "replace") if c in "\x1b\x07\x9b"]
        # Into a pipe, csv has the exact bytes.
        expect(not raw or "csv" in verb, f"{name}: {verb[0]}: nothing raw: {raw[:4]}")
        out.stdout.decode()  # valid UTF-8
    quality = json.loads(subprocess.run([CULPRIT, "quality", recording, "--json"], capture_output=True).stdout)
    expect(all(n == quality["stored"].get(unit, 0) + quality["accounted"].get(unit, 0) for unit, n in quality["received"].items()), f"{name}: balanced")
    rows = json.loads(subprocess.run([CULPRIT, "sql", "SELECT count(*) FILTER (WHERE exit_code <> 0) AS ended, max(length(cgroup)) AS longest FROM process", "-s",
                                      recording, "--json"], capture_output=True).stdout)["rows"][0]
    expect(summary["events_lost"] > 0 or int(rows["ended"]) >= 200, f"{name}: {rows['ended']} processes with their status")
    spans = json.loads(subprocess.run([CULPRIT, "sql", "SELECT count(*) AS n FROM span WHERE kind = 'server'", "-s", recording, "--json"],
                                      capture_output=True).stdout)["rows"][0]
    wanted = REQUESTS + 20 * 5
    expect(summary["events_lost"] > 0 or int(spans["n"]) == wanted, f"{name}: {spans['n']} of {wanted} requests, {summary['events_lost']} events lost")


def main():
    if os.geteuid() != 0:
        print("SKIPPED: recording needs root")
        sys.exit(77)
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        print(f"SKIPPED: {compiler} is not here")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="culprit-hostile-", dir="/var/tmp") as place, deep_group() as group:
        print("a control group's path of", len(group or ""), "bytes")
        with open(place + "/hostile.c", "w") as file:
            file.write(PROGRAM)
        subprocess.run([compiler, "-O1", "-w", "-pthread", "-o", place + "/hostile", place + "/hostile.c"], check=True)
        run(place + "/hostile", place, group, "plain")
        run(place + "/hostile", place, None, "nice", "nice", "-n", "19")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
