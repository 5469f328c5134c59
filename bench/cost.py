#!/usr/bin/env python3
"""Measures the cost of recording: CPU per pgbench -S transaction with and without a recorder, as a ratio with its interval.

usage: cost.py [--rounds 20] [--seconds 3] [--rate 8000] [--tools culprit-T0,culprit-T1,culprit-T0-all,perf,strace]

One pgbench runs the whole time and prints its rate each second, while the recorder is started and stopped. A round is some seconds
without the recorder and as many with it; the seconds of its start and end are left out. The CPU time is that of the server's processes
and of pgbench, to the nanosecond (schedstat), without the recorder's own CPU time. The interval is the order-statistic 95 % interval of
the median of the rounds' ratios. Each ratio compares "with" to the mean of "without" before and after it.

Each recorder is measured twice: under as much as the machine can do, where it takes CPUs from the load, which then runs in other
turns; and at a rate that leaves CPUs idle. Needs root.
"""
import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

from bench import CULPRIT, Cluster, ask, keep

ALL_TOOLS = "culprit-T0,culprit-T1,culprit-T0-all,perf,strace"


def nanoseconds(pids):
    """Returns the exact CPU time of all threads, from schedstat."""
    total = 0
    for pid in pids:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                total += int(open(f"/proc/{pid}/task/{task}/schedstat").read().split()[0])
        except OSError:
            pass
    return total


def descendants(pid):
    try:
        children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    except OSError:
        return []
    return [pid] + [one for child in children for one in descendants(int(child))]


class Tool:
    def __init__(self, name, cluster, directory):
        self.name, self.server = name, cluster.process.pid
        self.output = directory + "/out.culprit"
        self.process = None

    def argv(self):
        server = str(self.server)
        # strace and perf follow only later children, so every existing process is passed to them.
        backends = [str(pid) for pid in descendants(self.server)]
        return {
            "culprit-T0": [CULPRIT, "record", "-p", server, "--tier", "T0", "-o", self.output],
            "culprit-T1": [CULPRIT, "record", "-p", server, "-o", self.output],
            "culprit-T0-all": [CULPRIT, "record", "-a", "--tier", "T0", "-o", self.output],
            "perf": ["perf", "record", "-q", "-e", "raw_syscalls:*", "-p", ",".join(backends), "-o", self.output],
            "strace": ["strace", "-f", "-qq", "-o", self.output, *[word for pid in backends for word in ("-p", pid)]],
        }[self.name]

    def start(self):
        shutil.rmtree(self.output, ignore_errors=True)
        if os.path.exists(self.output):
            os.remove(self.output)
        self.process = subprocess.Popen(self.argv(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.8)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)


class Load:
    """Runs pgbench -S and measures each of its seconds."""

    def __init__(self, cluster, seconds, window, rate):
        self.cluster, self.seconds = cluster, window
        self.process = subprocess.Popen(["pgbench", "-n", "-S", "-M", "prepared", "-c", "4", "-j", "2", "-T", str(seconds), "-P", "1", *(["-R", str(rate)] if rate else [])],
                                        env=cluster.environment("tcp"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.next_second()

    def next_second(self):
        """Waits for pgbench's next line. Returns its rate, the monotonic time in seconds and the CPU time in ns."""
        for line in self.process.stderr:
            match = re.match(r"progress: [\d.]+ s, ([\d.]+) tps", line)
            if match:
                return float(match.group(1)), time.monotonic(), nanoseconds([self.process.pid, *descendants(self.cluster.process.pid)])
        raise SystemExit("pgbench ended early")

    def window(self):
        """Returns CPU ns per transaction and transactions per second, from the previous line on."""
        _, begin, before = self.next_second()
        transactions, last = 0, begin
        for _ in range(self.seconds):
            rate, end, after = self.next_second()
            transactions, last = transactions + rate * (end - last), end
        return (after - before) / transactions, transactions / (end - begin)

    def stop(self):
        self.process.kill()
        self.process.communicate()


def interval(ratios):
    """Returns the order-statistic 95 % interval of the median (binomial)."""
    ratios, n = sorted(ratios), len(ratios)
    from math import comb
    k, mass = 0, 0.0
    while k < n // 2 and mass + comb(n, k) / 2**n <= 0.025:
        mass += comb(n, k) / 2**n
        k += 1
    k = max(0, k - 1)
    return ratios[k], ratios[n // 2], ratios[n - 1 - k]


def measure(cluster, name, rounds, seconds, rate):
    directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp")
    own, on, off = [], [], []
    tool, load = Tool(name, cluster, directory), Load(cluster, rounds * (60 + 2 * seconds), seconds, rate)
    off.append(load.window())
    for _ in range(rounds):
        tool.start()
        own_before, begin = nanoseconds([tool.process.pid]), time.monotonic()
        on.append(load.window())
        own.append((nanoseconds([tool.process.pid]) - own_before) / 1e9 / (time.monotonic() - begin))
        tool.stop()
        off.append(load.window())
    load.stop()
    ratios = [2 * on[i][0] / (off[i][0] + off[i + 1][0]) for i in range(rounds)]
    rates = [2 * on[i][1] / (off[i][1] + off[i + 1][1]) for i in range(rounds)]
    low, middle, high = interval(ratios)
    result = {"tool": name, "rate": rate or "all it can", "rounds": rounds, "seconds": seconds, "us_per_transaction_off": round(statistics.median(cpu for cpu, _ in off) / 1e3, 2),
              "us_per_transaction_on": round(statistics.median(cpu for cpu, _ in on) / 1e3, 2), "cpu_per_transaction_ratio": round(middle, 4), "interval_95": [round(low, 4), round(high, 4)],
              "rate_ratio": round(sorted(rates)[len(rates) // 2], 4), "own_cpus": round(sorted(own)[len(own) // 2], 4), "load_average": round(os.getloadavg()[0], 1)}
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
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=3, help="of each window")
    parser.add_argument("--rate", type=int, default=8000, help="transactions a second that leave CPUs idle")
    parser.add_argument("--tools", default=ALL_TOOLS)
    arguments = parser.parse_args()
    rows = []
    with Cluster(settings=("shared_buffers=256MB",)) as cluster:
        subprocess.run(["pgbench", "-q", "-i", "-s", "5"], env=cluster.environment(), check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for name in arguments.tools.split(","):
            ours = name.startswith("culprit")
            for rate in (None, arguments.rate) if ours else (None,):
                rows.append(measure(cluster, name, arguments.rounds if ours else max(4, arguments.rounds // 3), arguments.seconds, rate))
                print(rows[-1], flush=True)
    if arguments.tools == ALL_TOOLS:
        keep("cost", {"rows": rows})


if __name__ == "__main__":
    main()
