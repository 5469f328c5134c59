#!/usr/bin/env python3
"""What recording costs: CPU per pgbench -S transaction with a recorder on and off, interleaved, as a ratio with its interval.

usage: cost.py [--rounds 12] [--transactions 60000] [--tools culprit-T0,culprit-T1,perf,strace]

Each round is a pgbench of so many transactions without and one with the recorder, in random order. CPU is that of the server
with its ended backends and of pgbench (utime + stime, ticks of 10 ms), the recorder's own is apart. The interval is the
order-statistic 95 % one of the rounds' ratios. Needs root.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time

from bench import CULPRIT, Cluster, ask, keep

TICK = os.sysconf("SC_CLK_TCK")


def nanoseconds(pids):
    """Exact CPU time of all threads, from schedstat."""
    total = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                total += int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0])
        except OSError:
            pass
    return total


class Tool:
    def __init__(self, name, cluster, directory):
        server = str(cluster.process.pid)
        self.output = directory + "/out.culprit"
        self.argv = {
            "culprit-T0": [CULPRIT, "record", "-p", server, "--tier", "T0", "-o", self.output],
            "culprit-T1": [CULPRIT, "record", "-p", server, "-o", self.output],
            "culprit-T0-all": [CULPRIT, "record", "-a", "--tier", "T0", "-o", self.output],
            "perf": ["perf", "record", "-q", "-e", "raw_syscalls:*", "-p", server, "-o", self.output],
            "strace": ["strace", "-f", "-qq", "-o", self.output, "-p", server],
        }[name]
        self.process = None

    def start(self):
        shutil.rmtree(self.output, ignore_errors=True)
        if os.path.exists(self.output):
            os.remove(self.output)
        self.process = subprocess.Popen(self.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.8)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)


def server_cpu(cluster):
    """CPU seconds of the postmaster and of all its children that have ended."""
    fields = open(f"/proc/{cluster.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / TICK


def window(cluster, transactions):
    """One pgbench of so many transactions: CPU seconds per transaction of server and client, and its rate."""
    before, begin = server_cpu(cluster), time.monotonic()
    load = subprocess.Popen(["pgbench", "-n", "-S", "-M", "prepared", "-c", "4", "-j", "2", "-t", str(transactions // 4)],
                            env=cluster.environment("tcp"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(load.pid, 0)
    load.returncode = os.waitstatus_to_exitcode(status)
    taken = time.monotonic() - begin
    assert load.returncode == 0, "pgbench failed"
    time.sleep(0.2)  # its backends end after it, and count once the postmaster has waited for them
    return (server_cpu(cluster) - before + usage.ru_utime + usage.ru_stime) / transactions, transactions / taken


def interval(ratios):
    """Order-statistic 95 % interval of the median (binomial)."""
    ratios, n = sorted(ratios), len(ratios)
    from math import comb
    k, mass = 0, 0.0
    while k < n // 2 and mass + comb(n, k) / 2**n <= 0.025:
        mass += comb(n, k) / 2**n
        k += 1
    k = max(0, k - 1)
    return ratios[k], ratios[n // 2], ratios[n - 1 - k]


def measure(cluster, name, rounds, transactions):
    directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp")
    ratios, rates, own = [], [], []
    tool = Tool(name, cluster, directory)
    for _ in range(rounds):
        pair = {}
        for on in random.sample((False, True), 2):
            if on:
                tool.start()
                own_before, begin = nanoseconds([tool.process.pid]), time.monotonic()
            pair[on] = window(cluster, transactions)
            if on:
                own.append((nanoseconds([tool.process.pid]) - own_before) / 1e9 / (time.monotonic() - begin))
                tool.stop()
        ratios.append(pair[True][0] / pair[False][0])
        rates.append(pair[True][1] / pair[False][1])
    low, middle, high = interval(ratios)
    result = {"tool": name, "rounds": rounds, "cpu_per_transaction_ratio": round(middle, 4), "interval_95": [round(low, 4), round(high, 4)],
              "rate_ratio": round(sorted(rates)[len(rates) // 2], 4), "own_cpus": round(sorted(own)[len(own) // 2], 4)}
    if name.startswith("culprit"):
        size = sum(os.path.getsize(os.path.join(path, file)) for path, _, files in os.walk(tool.output) for file in files)
        host = ask(tool.output, "SELECT events, events_lost FROM host ORDER BY ended_ns DESC LIMIT 1")[0]
        result["events"], result["events_lost"] = host["events"], host["events_lost"]
        result["bytes_per_event"] = round(size / max(1, host["events"]), 2)
    elif os.path.exists(tool.output):
        result["bytes"] = os.path.getsize(tool.output)
    shutil.rmtree(directory, ignore_errors=True)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--transactions", type=int, default=60_000)
    parser.add_argument("--tools", default="culprit-T0,culprit-T1,culprit-T0-all,perf,strace")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    rows = []
    with Cluster(settings=("shared_buffers=256MB",)) as cluster:
        subprocess.run(["pgbench", "-q", "-i", "-s", "5"], env=cluster.environment(), check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        window(cluster, arguments.transactions)  # warm
        for name in arguments.tools.split(","):
            rows.append(measure(cluster, name, arguments.rounds if name.startswith("culprit") else max(4, arguments.rounds // 3), arguments.transactions))
            print(rows[-1], flush=True)
    keep("cost", {"seed": arguments.seed, "transactions": arguments.transactions, "rows": rows})


if __name__ == "__main__":
    main()
