#!/usr/bin/env python3
"""Compares recorded statements and latencies with the server's own log: pgbench -S and TPC-B in each query mode and transport.

usage: pgbench_truth.py [--seconds 5] [--only MODE/TRANSPORT/SCRIPT]

pgbench's connections and prepared statements begin before the recording: the recorder starts while it runs. Only what lies
inside the recording counts, for both sides. The server writes its log line after it has taken the duration and before it sends the
answer, so what that costs is in the difference, too: once for a simple statement, three times for an extended one. `log_us` tells
how much: one client's mean time for a statement, as pgbench has it, with the log minus that without. What the server does after its log line is
in the difference by right: it makes the answer and encrypts it, until it sends.

Each is run twice: with as many transactions as the machine can do, where whoever is pushed off its CPU between the two clocks' readings
shows, too, and at a rate that leaves CPUs idle ("at ease"). Needs root.
"""
import argparse
import os
import re
import subprocess
import tempfile
import time

from bench import CULPRIT, Cluster, ask, keep, quantile, recorded

TPCB_STATEMENTS = 7
LOG_RUN = {"select": 2000, "tpcb": 300}  # transactions: about 0.2 s
AT_EASE = {"select": 3000, "tpcb": 300}  # transactions a second
LINE = re.compile(r"^(\d+\.\d+) (\d+) LOG:  duration: ([\d.]+) ms  (statement|execute [^:]*|parse [^:]*|bind [^:]*): (.*)$")


def logged(path):
    """Yields (end time ns, pid, duration ns, what, text) for each line of the server's log."""
    for line in open(path, errors="replace"):
        match = LINE.match(line)
        if match:
            end, pid, duration, what, text = match.groups()
            yield int(float(end) * 1e9), int(pid), int(float(duration) * 1e6), what.split()[0], text


def words(text):
    """Returns the words of a statement without its literals and parameters."""
    return re.findall(r"[a-z_]+", text.lower())


def matched(statements, spans):
    """Yields each logged statement of one backend with its span. Both are in order. A span belongs to a statement if it began
    before the log's time (whole milliseconds) and has the same text or an unknown one."""
    at = 0
    for statement in statements:
        end, _, text = statement
        while at < len(spans) and spans[at][0] + spans[at][1] < end - 1_500_000:
            at += 1
        for index in range(at, len(spans)):
            if spans[index][0] - 1_500_000 > end:
                break
            if words(spans[index][2]) in (words(text), []):
                yield statement, spans[index]
                at = index + 1
                break


def log_cost_us(cluster, mode, script):
    """Measures the time that the server's log adds to a transaction with one client and without a recorder. Uses the best of 20
    runs, because other load only adds time."""
    best = {"-1": 0.0, "0": 0.0}
    for _ in range(20):
        for setting in best:
            environment = {**cluster.environment("unix"), "PGOPTIONS": "-c log_min_duration_statement=" + setting}
            argv = ["pgbench", "-n", "-M", mode, "-c", "1", "-t", str(LOG_RUN[script])] + (["-S"] if script == "select" else [])
            out = subprocess.run(argv, env=environment, capture_output=True, text=True, check=True).stdout
            best[setting] = max(best[setting], float(re.search(r"^tps = ([\d.]+)", out, re.M).group(1)))
    return 1e6 / best["0"] - 1e6 / best["-1"]


def measure(cluster, mode, transport, script, seconds, at_ease=False):
    open(cluster.log, "w").close()
    recording = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp") + "/r.culprit"
    argv = ["pgbench", "-n", "-M", mode, "-c", "4", "-j", "2", "-T", str(seconds + 4)] + (["-S"] if script == "select" else [])
    argv += ["-R", str(AT_EASE[script])] if at_ease else []
    load = subprocess.Popen(argv, env=cluster.environment(transport), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    with recorded(recording, "-p", str(cluster.process.pid)) as recorder:
        time.sleep(seconds)
    load.wait()
    host = ask(recording, "SELECT started_ns, ended_ns FROM host ORDER BY ended_ns DESC LIMIT 1")[0]
    # The first and last 200 ms are left out: a statement at the edge may be in only one of the two.
    begin, end = host["started_ns"] + 200_000_000, host["ended_ns"] - 200_000_000
    spans = ask(recording, "SELECT pid, start_ns, duration_ns, name, \"db.query.text\" AS text, flags FROM span WHERE kind = 'server'"
                           " AND source = 'recorder' ORDER BY pid, start_ns")
    seen = {}
    for span in spans:
        if begin - 50_000_000 <= span["start_ns"] + span["duration_ns"] <= end + 50_000_000:  # the log's moment is another
            seen.setdefault(span["pid"], []).append((span["start_ns"], span["duration_ns"], span["text"] or ""))
    # Messages that a client sends together are one request; the log has separate lines for Parse and Bind.
    truth, before = {}, {}
    for at, pid, duration, what, text in logged(cluster.log):
        if what in ("parse", "bind"):
            before[pid] = before.get(pid, 0) + duration
            continue
        duration += before.pop(pid, 0)
        if begin <= at <= end:
            truth.setdefault(pid, []).append((at, duration, text))
    run = sum(map(len, truth.values()))
    pairs = [pair for pid, statements in truth.items() for pair in matched(statements, seen.get(pid, []))]
    recovered = len(pairs)
    with_text = sum(words(statement[2]) == words(span[2]) for statement, span in pairs)
    errors = [abs(span[1] - statement[1]) for statement, span in pairs]
    lost = recorder.summary.get("events_lost", 0)
    return {"mode": mode, "transport": transport, "script": script, "at_ease": at_ease, "run": run, "recovered": recovered, "with_text": with_text,
            "difference_p50_us": quantile(errors, 0.5) and quantile(errors, 0.5) / 1e3,
            "difference_p99_us": quantile(errors, 0.99) and quantile(errors, 0.99) / 1e3, "events_lost": lost, "load_average": round(os.getloadavg()[0], 1)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    rows = []
    with Cluster(settings=("log_min_duration_statement=0", "log_line_prefix=%n %p ", "shared_buffers=256MB")) as cluster:
        subprocess.run(["pgbench", "-q", "-i", "-s", "5"], env=cluster.environment(), check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for script in ("select", "tpcb"):
            for mode in ("simple", "extended", "prepared"):
                log_us = None
                for transport in ("unix", "tcp", "tls"):
                    if arguments.only and arguments.only != f"{mode}/{transport}/{script}":
                        continue
                    if log_us is None:
                        log_us = round(log_cost_us(cluster, mode, script) / (1 if script == "select" else TPCB_STATEMENTS), 1)
                    for at_ease in (False, True):
                        rows.append({**measure(cluster, mode, transport, script, arguments.seconds, at_ease), "log_us": log_us})
                        print(rows[-1], flush=True)
    keep("pgbench_truth", {"seconds": arguments.seconds, "rows": rows, "culprit": os.path.basename(CULPRIT)})


if __name__ == "__main__":
    main()
