#!/usr/bin/env python3
"""Measures how often `why` names a cause that was planted in traces, and how often it has a finding in healthy traces.

usage: trace_truth.py [--systems 6] [--requests 300] [--first 1] [--only FAULT] [--verbose]

Systems of made-up services (trace_systems.py: topology, naming habits, conventions, noise, losses and clocks by seed) are traced
twice, healthy and with one fault planted. `why SLOW` and `why SLOW --baseline FAST` are held against what was planted: right is the
class and the entity, first. Every system is asked about twice without a fault as well: then no finding is right.
"""
import argparse
import json
import os
import subprocess
import tempfile

from bench import CULPRIT, keep
from trace_systems import FAULTS, System


def ask(*sources):
    out = subprocess.run([CULPRIT, "why", *sources, "--json"], capture_output=True, text=True)
    if out.returncode != 0:
        raise SystemExit("culprit why: " + out.stderr)
    return [finding for finding in json.loads(out.stdout)["findings"] if finding["class"] != "unexplained"]


def squeezed(text):
    return " ".join((text or "").replace("$1", "?").lower().split())


def named(entity):
    return " ".join(squeezed(entity.get(key)) for key in ("name", "instance", "statement"))


def is_right(finding, truth):
    text = named(finding["entity"]) + " " + squeezed(finding.get("trigger")) * ("deploy" in truth["names"])
    return finding["class"] in truth["classes"] and all(squeezed(name) in text for name in truth["names"])


def told(findings):
    return [(finding["class"], finding["mechanism"], finding["entity"]["name"][:50], round(finding["score"], 2)) for finding in findings[:3]]


def one(seed, fault, requests, directory):
    """Runs both queries on one system with one fault; each result is right, wrong or silent."""
    system = System(seed)
    fast, slow = (os.path.join(directory, f"{seed}-{fault}-{name}.jsonl") for name in ("fast", "slow"))
    system.write(fast, requests, start_s=0, fault=None)
    truth = system.write(slow, requests, start_s=600, fault=None if fault == "none" else fault)
    rows = []
    for mode, sources in (("baseline", (fast, slow)), ("alone", (slow,))):
        if truth is None and fault != "none":
            continue  # this system has nothing to plant it in
        if truth and mode not in truth["modes"]:
            continue
        findings = ask(*sources)
        right = not findings if fault == "none" else bool(findings) and is_right(findings[0], truth)
        among = bool(truth) and any(is_right(finding, truth) for finding in findings)
        rows.append({"system": seed, "fault": fault, "mode": mode, "right": right, "among": among, "found": told(findings),
                     "truth": truth and {"classes": sorted(truth["classes"]), "names": truth["names"]}})
    for path in (fast, slow):
        if os.path.exists(path):
            os.unlink(path)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--systems", type=int, default=6)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--only")
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="culprit-bench-", dir="/var/tmp") as directory:
        for fault in [arguments.only] if arguments.only else [*FAULTS, "none"]:
            for seed in range(arguments.first, arguments.first + arguments.systems):
                new = one(seed, fault, arguments.requests, directory)
                rows += new
                for row in new:
                    if arguments.verbose or not row["right"]:
                        print("ok  " if row["right"] else "MISS", seed, fault, row["mode"], row["found"], "truth", row["truth"], flush=True)
    table = {}
    for row in rows:
        cell = table.setdefault(row["fault"], {}).setdefault(row["mode"], {"right": 0, "among": 0, "of": 0})
        cell["right"] += row["right"]
        cell["among"] += row["among"]
        cell["of"] += 1
    planted = [row for row in rows if row["fault"] != "none"]
    healthy = [row for row in rows if row["fault"] == "none"]
    result = {"systems": arguments.systems, "requests": arguments.requests, "right": sum(row["right"] for row in planted), "of": len(planted),
              "healthy_right": sum(row["right"] for row in healthy), "healthy_of": len(healthy), "by_fault": table,
              "misses": [{key: row[key] for key in ("system", "fault", "mode", "found", "truth")} for row in rows if not row["right"]]}
    if arguments.only:
        print(json.dumps({key: result[key] for key in ("right", "of", "healthy_right", "healthy_of", "by_fault")}))
    else:
        keep("trace_truth", result)


if __name__ == "__main__":
    main()
