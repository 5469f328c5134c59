#!/usr/bin/env python3
"""`culprit record -- COMMAND`: the command runs as without a recorder, and its status is what the recorder returns.

Needs root: without it, skips and says so.
"""
import os
import subprocess
import sys
import tempfile

CULPRIT = os.environ["CULPRIT"]
failures = []


def expect(truth, what):
    print("ok  " if truth else "FAIL", what)
    if not truth:
        failures.append(what)


def record(directory, *command, **more):
    return subprocess.run([CULPRIT, "record", "-o", directory, "--", *command], capture_output=True, timeout=60, **more)


def main():
    if os.geteuid() != 0:
        print("SKIPPED: recording needs root")
        sys.exit(77)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        names = iter(f"{place}/{i}.culprit" for i in range(100))
        for status in (0, 1, 3, 125, 255):
            run = record(next(names), "sh", "-c", f"exit {status}")
            expect(run.returncode == status, f"status {status} comes back ({run.returncode})")
        run = record(next(names), "sh", "-c", "kill -9 $$")
        expect(run.returncode == 128 + 9, f"a death by signal comes back as the shell tells it ({run.returncode})")

        everything = bytes(range(256)) * 300
        run = record(next(names), "cat", input=everything)
        expect(run.stdout == everything, "stdin reaches the command and its stdout reaches us, byte for byte")
        run = record(next(names), "sh", "-c", "echo out; echo err >&2")
        expect(run.stdout == b"out\n", "the recorder writes nothing to stdout")
        expect(b"err\n" in run.stderr, "stderr is passed through")
        run = record(next(names), "sh", "-c", "yes | head -n 1")
        expect(run.stdout == b"y\n" and b"roken pipe" not in run.stderr, "the command dies of a closed pipe as it always did")
        run = record(next(names), "sh", "-c", "ls /proc/self/fd | wc -l")
        plain = subprocess.run(["sh", "-c", "ls /proc/self/fd | wc -l"], capture_output=True)
        expect(run.stdout == plain.stdout, "no descriptor of the recorder's is inherited")
        run = record(next(names), "sh", "-c", "echo $PPID; cat /proc/$$/status | grep -E 'Sig(Blk|Ign)'")
        plain = subprocess.run(["sh", "-c", "cat /proc/$$/status | grep -E 'Sig(Blk|Ign)'"], capture_output=True)
        expect(run.stdout.split(b"\n", 1)[1] == plain.stdout, "no signal is ignored or blocked for it that was not before")

        run = record(next(names), "/nowhere/to/be/found")
        expect(run.returncode == 125 and run.stderr, f"125 where the command can't be started ({run.returncode})")
        taken = next(names)
        os.mkdir(taken)
        open(taken + "/another's", "w").close()
        run = record(taken, "touch", place + "/ran")
        expect(run.returncode == 125 and run.stderr, f"125 where the recorder fails ({run.returncode})")
        expect(not os.path.exists(place + "/ran"), "and then the command did not run")

        recording = next(names)
        script = ("import socket, threading\na, b = socket.socketpair()\n"
                  "threading.Thread(target=lambda: (b.recv(99), b.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n'))).start()\n"
                  "a.sendall(b'GET /first HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n')\na.recv(99)\n")
        expect(record(recording, sys.executable, "-c", script).returncode == 0, "a command that speaks HTTP ends well")
        told = subprocess.run([CULPRIT, "sql", "SELECT name FROM span", "-s", recording, "--format", "csv"], capture_output=True, text=True)
        expect("GET /first" in told.stdout, "its very first request is in the recording")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
