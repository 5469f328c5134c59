#!/usr/bin/env python3
"""Ctrl-C ends long work within two seconds and leaves nothing; a reader that goes away is no failure; exit statuses."""

import os
import signal
import subprocess
import sys
import time

import program

LIMIT_S = 2.0
# Long enough that a signal meets reading, sealing and analysis, short enough that thirty runs take a minute.
WANTED_S = 2.5
SPANS_PER_TRACE = 8
FEWEST, MOST = 1_500, 60_000  # traces; the most take 190 MB


def write_traces(path, traces):
    with open(path, "w", encoding="utf-8") as file:
        for i in range(1, traces + 1):
            spans = [program.span(i, j, 1 if j > 1 else 0, f"GET /{j}", i * 10 + j, i * 10 + 50 + j, **{"http.route": f"/{j}"})
                     for j in range(1, SPANS_PER_TRACE + 1)]
            file.write(program.otlp("web", spans))


def run(command, where, stdout=subprocess.DEVNULL):
    begin = time.monotonic()
    subprocess.run([program.CULPRIT, *command], cwd=where, env=program.environment(where), stdin=subprocess.DEVNULL,
                   stdout=stdout, stderr=subprocess.DEVNULL, check=True, timeout=120)
    return time.monotonic() - begin


def write_long_work(path, where):
    """Traces that `why` takes about WANTED_S for, on this machine; says how long it took."""
    write_traces(path, FEWEST)
    small = run(["why", path], where)
    traces = max(FEWEST, min(MOST, int(FEWEST * WANTED_S / max(small, 0.05))))
    write_traces(path, traces)
    whole = run(["why", path], where)
    print(f"{traces} traces: why takes {whole:.1f} s", flush=True)
    return whole


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
    took = time.monotonic() - begin
    # It was about to end by itself: main() had returned when the signal came.
    return (None, 0) if status == 0 and took < 0.1 else (status, took)


class Interruptions:
    """Ends commands at several moments, and looks at what they leave."""

    def __init__(self, checks, where, whole):
        self.checks, self.where, self.whole = checks, where, whole
        self.met = 0

    def at(self, command, share, number):
        made = os.path.join(self.where, "made.culprit")
        ended, took = interrupted(command, self.where, number, share * self.whole)
        shown = f"{' '.join(command)} at {share:.2f} of {self.whole:.1f} s, {signal.Signals(number).name}"
        if ended is not None:
            self.met += 1
            self.checks.that(ended == 128 + number and took < LIMIT_S, f"{shown}: status {ended} after {took:.1f} s")
            self.checks.that(not os.path.exists(made), f"{shown}: left half a store")
        left = program.left_behind(self.where)
        self.checks.that(left == [], f"{shown}: left {left}")
        subprocess.run(["rm", "-rf", made, *(os.path.join(self.where, "tmp", name) for name in left)], check=True)


def test_moments(checks, where, whole):
    interruptions = Interruptions(checks, where, whole)
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    commands = [["why", "large.jsonl"], ["diff", "large.jsonl", "large.jsonl"], ["show", "slowest", "-s", "large.jsonl"],
                ["quality", "large.jsonl"], ["import", "large.jsonl", "-o", "made.culprit"],
                ["sql", "SELECT count(*) FROM span a, span b WHERE a.name <> b.name", "-s", "large.jsonl"],
                ["why", "stored.culprit"], ["diff", "stored.culprit", "large.jsonl"]]
    shares = (0.1, 0.35, 0.6, 0.85) if whole < 2 * WANTED_S else (0.1, 0.7)
    for i, command in enumerate(commands):
        for j, share in enumerate(shares):
            interruptions.at(command, share, numbers[(i + j) % 3])
    # The private store's last steps and the analysis are the end of it; of diff, more than half.
    for share in (0.7, 0.8, 0.9, 0.95):
        interruptions.at(["why", "large.jsonl"], share, signal.SIGINT)
    for share in (2.2, 2.6, 3.0):
        interruptions.at(["diff", "large.jsonl", "large.jsonl"], share, signal.SIGINT)
    # What is not sealed yet is sealed while it is asked, in place and, where that is not to be, privately.
    os.chmod(os.path.join(where, "fresh.culprit", "segments"), 0o500)
    for share in (0.05, 0.2, 0.4):
        subprocess.run(["rm", "-rf", "copy.culprit"], cwd=where, check=True)
        subprocess.run(["cp", "-a", "fresh.culprit", "copy.culprit"], cwd=where, check=True)
        interruptions.at(["quality", "copy.culprit"], share, signal.SIGINT)
    checks.that(interruptions.met >= 2 * len(shares) + 6, f"only {interruptions.met} commands were interrupted: they ended too soon")


def test_twice(checks, where, whole):
    """A second Ctrl-C ends at once; one that comes with the first (timeout(1) sends two) is the same request."""
    process = subprocess.Popen([program.CULPRIT, "why", "large.jsonl"], cwd=where, env=program.environment(where),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.3 * whole)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    status = process.wait(30)
    checks.that(status == 130 and time.monotonic() - begin < LIMIT_S, f"two at once: status {status}")
    checks.that(program.left_behind(where) == [], f"two at once left {program.left_behind(where)}")


def test_silent_input(checks, where):
    """A pipe that never ends, and one that nothing comes from."""
    reader, writer = os.pipe()
    for number in (signal.SIGINT, signal.SIGTERM):
        ended, took = interrupted(["why", "-"], where, number, 0.5, stdin=reader)
        checks.that(ended == 128 + number and took < LIMIT_S, f"why - waiting for stdin: status {ended} after {took:.1f} s")
    os.close(reader)
    os.close(writer)


def test_nohup(checks, where, whole):
    """nohup's SIG_IGN of SIGHUP counts."""
    process = subprocess.Popen(["nohup", program.CULPRIT, "quality", "large.jsonl"], cwd=where, env=program.environment(where),
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.2 * whole)
    process.send_signal(signal.SIGHUP)
    checks.that(process.wait(60) == 0, "nohup culprit quality ends at SIGHUP")


def shell(line, where):
    done = subprocess.run(["bash", "-c", line], cwd=where, env=program.environment(where), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    return done.stdout, done.stderr


def test_closed_pipes(checks, where):
    sql = "culprit sql 'SELECT a.span_id FROM span a, range(50) LIMIT 90000' -s small.jsonl"
    commands = [f"{sql} --format {form}" for form in ("csv", "text", "json", "ndjson")]
    commands += ["culprit why small.jsonl", "culprit why small.jsonl --json", "culprit show slowest -s small.jsonl",
                 "culprit quality small.jsonl --format html", "culprit diff small.jsonl small.jsonl --format md", "culprit --help",
                 "culprit completion bash", "culprit --print-config"]
    commands = [command for command in commands if "--format md" not in command]
    for command in commands:
        for reader in ("head -n 1", "true"):
            out, err = shell(f"{command} | {reader} >/dev/null; echo ${{PIPESTATUS[0]}}", where)
            checks.that(out == "0\n" and "culprit:" not in err, f"{command} | {reader}: {out!r}, {err!r}")  # progress may be there
    out, err = shell("culprit why small.jsonl >&-; echo $?", where)
    checks.that(out == "3\n" and "cannot write to stdout" in err, f"a closed stdout: {out!r} {err!r}")
    out, err = shell("culprit why no-such-file 2>&-; echo $?", where)
    checks.that(out == "3\n", f"a closed stderr: {out!r}")


def test_outputs(checks, where):
    """Where -O may lead, and where it may not."""
    shell("mkfifo fifo; mkdir folder", where)
    for command in ("culprit --help >/dev/full", "culprit why small.jsonl >/dev/full", "culprit why small.jsonl -O /dev/full",
                    "culprit sql 'SELECT * FROM span' -s small.jsonl --format csv -O /dev/full"):
        out, err = shell(f"{command}; echo $?", where)
        checks.that(out == "3\n" and "No space left" in err, f"{command}: {out!r} {err!r}")
    out, err = shell("culprit why small.jsonl -O folder; echo $?", where)
    checks.that(out == "3\n" and "Is a directory" in err, f"-O to a directory: {out!r} {err!r}")
    out, err = shell("culprit why small.jsonl -O no/such/folder/x; echo $?", where)
    checks.that(out == "3\n" and "No such file" in err, f"-O below nothing: {out!r} {err!r}")
    out, err = shell("(head -n 1 fifo > seen) & culprit why small.jsonl -O fifo; echo $?; wait; wc -l < seen", where)
    checks.that(out == "0\n1\n", f"-O to a FIFO whose reader takes a line: {out!r} {err!r}")
    ended, took = interrupted(["why", "small.jsonl", "-O", "fifo"], where, signal.SIGINT, 1.0)
    checks.that(ended == 130 and took < LIMIT_S, f"-O to a FIFO that nothing reads: status {ended} after {took:.1f} s")
    out, err = shell("culprit why no-such-file; echo $?; culprit why --nope; echo $?", where)
    checks.that(out == "3\n2\n", f"no such file, no such option: {out!r}")


def test(checks):
    with program.folder() as where:
        write_traces(os.path.join(where, "small.jsonl"), 300)
        test_closed_pipes(checks, where)
        test_outputs(checks, where)
        checks.that(program.left_behind(where) == [], f"left behind: {program.left_behind(where)}")
        whole = write_long_work(os.path.join(where, "large.jsonl"), where)
        run(["import", "large.jsonl", "-o", "stored.culprit"], where)
        run(["import", "large.jsonl", "-o", "fresh.culprit"], where)
        run(["quality", "stored.culprit"], where)  # seals it
        test_moments(checks, where, whole)
        test_twice(checks, where, whole)
        test_silent_input(checks, where)
        test_nohup(checks, where, whole)
        checks.that(program.left_behind(where) == [], f"left behind: {program.left_behind(where)}")


if __name__ == "__main__":
    sys.exit(program.main(test))
