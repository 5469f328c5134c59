#!/usr/bin/env python3
"""Measures how often a comparison of a system with itself reports a change, and which size of change it finds.

usage: contrast.py [--pairs 200] [--power 40] [--data ../shared/data/nezha] [--first 1] [--verbose]

The system has six operations. Its requests share the properties of real ones: load that persists for a while (an autoregressive
process), a drift with the time of day, slow moments, and latencies with heavy tails like those of disks. For each of --pairs seeds,
BEFORE and AFTER are two parts of one such process, adjacent or hours apart; `diff` and `why BEFORE AFTER` may report a change in one
of twenty. Nezha's days, if present, are compared with themselves too: every second minute with the other minutes, and the halves of the
quiet time before each fault. Then one statement is made slower by a factor, in --power pairs for each factor and number of requests.
The rate at which `diff` calls its operation slower is the power. The power is reported without a limit.
"""
import argparse
import collections
import glob
import json
import math
import os
import random
import subprocess
import tempfile

from bench import CULPRIT, ROOT, keep

OPERATIONS = [("GET /cart", 12), ("GET /list", 25), ("POST /order", 60), ("GET /item", 5), ("GET /search", 110), ("GET /user", 8)]
FALSE_ALARMS = 0.05
SLOWER = 4  # the operation whose statement is made slower; it takes half of the whole time


class Noise:
    """The common factor on the durations of all requests, as a function of time."""

    def __init__(self, seed, window_s, rough=True):
        self.random = random.Random(seed)
        r = self.random
        self.rough = rough
        self.now = 0.0
        self.level = r.gauss(0, 1)
        self.lasts_s = window_s * 10 ** r.uniform(-2.5, -0.5)
        self.swing = r.uniform(0.1, 0.5)
        self.period_s, self.phase, self.tide = window_s * r.uniform(2, 8), r.uniform(0, 2 * math.pi), r.choice((0, 0.1, 0.3))
        self.bursts_each_s, self.burst_s, self.burst = window_s / r.uniform(2, 20), window_s * r.uniform(0.002, 0.05), r.uniform(1.5, 6)
        self.tail = r.choice((0, 0.02, 0.1))
        self.slow_until = -1.0

    def at(self, time_s):
        if not self.rough:
            return 1.0
        r, step = self.random, time_s - self.now
        self.now = time_s
        keep_share = math.exp(-step / self.lasts_s)
        self.level = keep_share * self.level + math.sqrt(1 - keep_share**2) * r.gauss(0, 1)
        if time_s > self.slow_until and r.random() < step / self.bursts_each_s:
            self.slow_until = time_s + self.burst_s * r.uniform(0.3, 3)
        factor = math.exp(self.swing * self.level + self.tide * math.sin(2 * math.pi * time_s / self.period_s + self.phase))
        return factor * (self.burst if time_s < self.slow_until else 1)

    def own(self):
        """Returns the factor of a single request."""
        r = self.random
        slow = r.random() ** -0.7 if self.rough and r.random() < self.tail else 1
        return math.exp(r.gauss(0, 0.3)) * min(slow, 50)


def write(path, noise, begin_s, window_s, requests, slower=1.0):
    """Writes `requests` of each operation in the notation. In one operation, the statement is `slower` times as slow."""
    r = noise.random
    due = sorted((begin_s + window_s * r.random(), i) for i in range(len(OPERATIONS)) for _ in range(requests))
    with open(path, "w") as file:
        for time_s, i in due:
            name, usual_ms = OPERATIONS[i]
            factor = noise.at(time_s)
            work, statement = (usual_ms * share * factor * noise.own() for share in (0.3, 0.7))
            statement *= slower if i == SLOWER else 1
            file.write(f"x1 at +{time_s:.6f}s\n"
                       f"web {name} 0..{work + statement + 1:.6f} kind=server\n"
                       f"  web get {0.2:.6f}..{work + statement + 0.8:.6f} kind=client\n"
                       f"    api {name} {0.4:.6f}..{work + statement + 0.6:.6f} kind=server\n"
                       f"      api SELECT {0.4 + work:.6f}..{0.4 + work + statement:.6f} kind=client peer=db db.system.name=postgresql "
                       f'db.query.text="SELECT * FROM t{i} WHERE id = ?"\n\n')


def answers(before, after):
    """Returns the changes that `diff` and `why` report: slower operations, other changes, and findings of high confidence whose saving may be zero."""
    def run(*words):
        out = subprocess.run([CULPRIT, *words, "--json"], capture_output=True, text=True)
        if out.returncode != 0:
            raise SystemExit("culprit " + " ".join(words) + ": " + out.stderr)
        return json.loads(out.stdout)

    diff, why = run("diff", before, after), run("why", before, after)
    findings = [finding for finding in why["findings"] if finding["class"] != "unexplained"]
    slower = [change["name"] for change in diff["operations"] if change["verdict"] == "slower"]
    faster = [change["name"] for change in diff["operations"] if change["verdict"] == "faster"]
    new = [finding["class"] + " " + finding["entity"]["name"] for finding in diff["appeared"] + findings]
    unsure = [finding for finding in findings + diff["appeared"]
              if finding["confidence"] == "high" and finding["saving"]["interval"]["low_ns"] <= 0]
    fixed = [change["verdict"] for change in diff["findings"] if change["verdict"] == "fixed"]
    return {"slower": slower, "new": sorted(set(new)), "faster": faster, "fixed": fixed, "high_without_saving": len(unsure)}


def rate(rows):
    worse = sum(bool(row["slower"] or row["new"]) for row in rows)
    any_change = sum(bool(row["slower"] or row["new"] or row["faster"] or row["fixed"]) for row in rows)
    return {"pairs": len(rows), "called_worse": worse, "called_changed": any_change,
            "high_without_saving": sum(row["high_without_saving"] for row in rows)}


def synthetic(arguments, directory):
    rows = []
    for seed in range(arguments.first, arguments.first + arguments.pairs):
        noise = Noise(seed, 600)
        r = noise.random
        requests, apart_s = r.choice((60, 150, 400)), r.choice((0, 0, 1200, 7200))
        before, after = (os.path.join(directory, name) for name in ("before.txt", "after.txt"))
        write(before, noise, 0, 600, requests)
        write(after, noise, 600 + apart_s, 600, requests)
        row = answers(before, after)
        rows.append(row)
        if arguments.verbose and (row["slower"] or row["new"] or row["faster"]):
            print(seed, requests, apart_s, row)
    return rate(rows)


def power(arguments, directory):
    table = []
    for rough in (False, True):
        for requests in (30, 100, 400):
            for slower in (1.25, 1.5, 2.0, 4.0):
                found = 0
                for seed in range(arguments.first, arguments.first + arguments.power):
                    noise = Noise(10_000 + seed, 600, rough)
                    before, after = (os.path.join(directory, name) for name in ("before.txt", "after.txt"))
                    write(before, noise, 0, 600, requests)
                    write(after, noise, 600, 600, requests, slower)
                    row = answers(before, after)
                    found += any(f"t{SLOWER} " in name for name in row["new"]) or OPERATIONS[SLOWER][0] in row["slower"]
                table.append({"noise": "rough" if rough else "independent", "requests": requests, "statement_times": slower,
                              "found": round(found / arguments.power, 3)})
                print(table[-1], flush=True)
    return table


def begin_of(members):
    return min(int(span["startTimeUnixNano"]) for _, span in members)


def nezha(arguments, directory):
    from trace_nezha import split, spans_of, write as write_spans

    rows = []

    def compare(name, one, other):
        paths = [os.path.join(directory, f"{half}.jsonl") for half in ("one", "other")]
        for path, traces in zip(paths, (one, other)):
            write_spans(path, (pair for members in traces for pair in members))
        for before, after in (paths, paths[::-1]):
            row = answers(before, after)
            rows.append(row)
            if arguments.verbose:
                print(name, row, flush=True)

    for system in sorted(glob.glob(os.path.join(arguments.data, "*/faults.json"))):
        folder = os.path.dirname(system)
        files = sorted(glob.glob(os.path.join(folder, "traces/*.jsonl.zst")))
        # Faults and quiet times are spread over all minutes, so every second minute is compared with the others.
        minutes = collections.defaultdict(list)
        for i, path in enumerate(files[:24]):
            traces = collections.defaultdict(list)
            for resource, span in spans_of(path):
                traces[span["traceId"]].append((resource, span))
            minutes[i // 2 % 2].extend(traces.values())
        compare(os.path.basename(folder) + " minutes", minutes[0], minutes[1])
        with open(system) as file:
            faults = json.load(file)
        for fault in faults:
            at_s = fault["inject_unix"]
            near = [path for path in files if abs((int(os.path.basename(path)[:2]) * 60 + int(os.path.basename(path)[3:5])) * 60
                                                  - at_s % 86400) <= 180]
            quiet, _ = split(near, at_s) if near else ([], [])
            if len(quiet) >= 60:
                compare(f"{os.path.basename(folder)} {at_s}", quiet[: len(quiet) // 2], quiet[len(quiet) // 2:])
    return rate(rows) if rows else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--power", type=int, default=40)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--data", default=os.path.join(os.path.dirname(ROOT), "shared/data/nezha"))
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        result = {"false_alarms_stated": FALSE_ALARMS, "synthetic": synthetic(arguments, directory)}
        print(result, flush=True)
        result["nezha"] = nezha(arguments, directory) if os.path.isdir(arguments.data) else None
        print(result["nezha"], flush=True)
        result["power"] = power(arguments, directory) if arguments.power else None
    keep("contrast", result)
    wrong = [name for name in ("synthetic", "nezha") if result[name] and
             (result[name]["called_worse"] > FALSE_ALARMS * result[name]["pairs"] or result[name]["high_without_saving"])]
    if wrong:
        raise SystemExit(f"more false alarms than stated: {wrong}")


if __name__ == "__main__":
    main()
