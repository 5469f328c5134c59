#!/usr/bin/env python3
"""Ctrl-C ends long work within two seconds and leaves nothing; a reader that goes away is no failure; exit statuses."""

import os
import signal
import subprocess
import sys
import time

import program

LIMIT_S = 2.0


def write_traces(path, traces):
    with open(path, "w", encoding="utf-8") as file:
        for i in range(1, traces + 1):
            file.write(program.otlp("web", [program.span(i, j, 1 if j > 1 else 0, f"GET /{j}", i * 10 + j, i * 10 + 50 + j,
                                                         **{"http.route": f"/{j}"}) for j in range(1, 9)]))


def interrupted(command, where, number, after_s, stdin=subprocess.DEVNULL):
    """Its status, and how long it took to end after the signal; (None, 0) where it had ended before."""
    process = subprocess.Popen([program.CULPRIT, *command], cwd=where, env=program.environment(where), stdin=stdin,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    if process.poll() is not None:
        return None, 0
    process.send_signal(number)
    begin = time.monotonic()
    try:
        status = process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    return status, time.monotonic() - begin


def test(checks):
    with program.folder() as where:
        traces = 3000
        path = os.path.join(where, "large.jsonl")
        write_traces(path, traces)
        # Large enough to be interrupted anywhere, on any machine.
        while True:
            begin = time.monotonic()
            subprocess.run([program.CULPRIT, "why", "large.jsonl"], cwd=where, env=program.environment(where), stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=True)
            whole = time.monotonic() - begin
            if whole > 2.5 or traces > 200_000:
                break
            traces *= 3
            write_traces(path, traces)
        for command in (["why", "large.jsonl"], ["diff", "large.jsonl", "large.jsonl"], ["show", "slowest", "-s", "large.jsonl"],
                        ["quality", "large.jsonl"], ["import", "large.jsonl", "-o", "made.culprit"]):
            for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
                for share in (0.1, 0.45, 0.8):
                    ended, took = interrupted(command, where, number, share * whole)
                    if ended is not None:
                        checks.that(ended == status and took < LIMIT_S,
                                    f"{command} at {share:.2f} of {whole:.1f} s: status {ended} after {took:.1f} s")
                    checks.that(program.left_behind(where) == [], f"{command} at {share:.2f} left {program.left_behind(where)}")
                    made = os.path.join(where, "made.culprit")
                    checks.that(ended is None or not os.path.exists(made), f"{command} at {share:.2f} left half a store")
                    subprocess.run(["rm", "-rf", made, *(os.path.join(where, "tmp", name) for name in program.left_behind(where))], check=True)

        # A file that never ends.
        reader, writer = os.pipe()
        ended, took = interrupted(["why", "-"], where, signal.SIGINT, 0.5, stdin=reader)
        checks.that(ended == 130 and took < LIMIT_S, f"why - waiting for stdin: status {ended} after {took:.1f} s")
        os.close(reader)
        os.close(writer)

        def shell(line):
            done = subprocess.run(["bash", "-c", line], cwd=where, env=program.environment(where), stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False)
            return done.stdout, done.stderr

        sql = "culprit sql 'SELECT a.span_id FROM span a, range(5) LIMIT 90000' -s large.jsonl"
        for form in ("csv", "text", "json", "ndjson"):
            out, err = shell(f"{sql} --format {form} | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}")
            checks.that(out == "0\n" and "culprit:" not in err, f"| head with {form}: {out!r}, {err!r}")  # progress may be there
        out, err = shell("culprit --help >/dev/full; echo $?")
        checks.that(out == "3\n" and "No space left" in err, f"help to a full disk: {out!r} {err!r}")
        out, err = shell("culprit why no-such-file; echo $?; culprit why --nope; echo $?")
        checks.that(out == "3\n2\n", f"no such file, no such option: {out!r}")
        checks.that(program.left_behind(where) == [], f"left behind: {program.left_behind(where)}")


if __name__ == "__main__":
    sys.exit(program.main(test))
