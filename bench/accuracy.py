#!/usr/bin/env python3
"""Measures how often the demo's planted fault is the first finding, a healthy run has no finding, and diff is right.

usage: accuracy.py [--each 10] [--healthy 20] [--for 20s] [--only FAULT] [--blind]

Runs `culprit demo --fault NAME --save DIR` and compares the answers with the truth that the demo wrote. An answer is right if its
class is right and its entity has the right kind and the right name, statement or pid. For a lock, the holder's pid must be right too.
Needs root.
"""
import argparse
import json
import os
import shutil
import subprocess
import tempfile

from bench import CULPRIT, keep

FAULTS = ("missing_index", "row_lock", "n_plus_one", "commit_per_row", "noisy_neighbour", "slow_dependency")


def load(directory, name):
    with open(os.path.join(directory, name)) as file:
        return json.load(file)


def squeezed(text):
    return " ".join((text or "").rstrip(";").lower().split())


def same_entity(found, truth):
    if found.get("kind") != truth.get("kind"):
        return False
    pairs = [("name", "name"), ("statement", "statement"), ("name", "statement"), ("statement", "name")]
    same = any(squeezed(found.get(a)) and squeezed(found.get(a)) == squeezed(truth.get(b)) for a, b in pairs)
    pids = truth.get("pids", []) + [truth.get("pid")]
    return same or (found.get("pid") is not None and found.get("pid") in pids)


def judge(directory, fault):
    truth, why, diff = (load(directory, name) for name in ("truth.json", "why.json", "diff.json"))
    named = [finding for finding in why["findings"] if finding["class"] != "unexplained"]
    verdicts = [change["verdict"] for change in diff["findings"]]
    row = {"fault": fault, "found": [(finding["class"], finding["mechanism"], finding["entity"].get("statement") or finding["entity"]["name"]) for finding in named[:3]]}
    if fault == "none":
        row["right"] = not named
        row["diff_right"] = not diff["appeared"] and all(verdict == "fixed" for verdict in verdicts)
        return row
    first = named[0] if named else None
    row["class"] = bool(first) and first["class"] == truth["class"]
    row["entity"] = bool(first) and same_entity(first["entity"], truth["entity"])
    row["holder"] = True
    if truth.get("holder"):
        row["holder"] = bool(first) and (first.get("holder") or {}).get("pid") == truth["holder"]["pid"]
    row["right"] = row["class"] and row["entity"] and row["holder"]
    row["diff_right"] = bool(diff["findings"]) and diff["findings"][0]["verdict"] == "fixed"
    row["prediction"] = diff["findings"][0]["prediction"] if diff["findings"] else "none"
    if row["prediction"] in ("inside", "outside"):
        change = diff["findings"][0]
        if change["predicted_interval"] is not None:
            row["predicted_ns"] = [change["predicted_interval"]["low_ns"], change["predicted_ns"], change["predicted_interval"]["high_ns"]]
        row["after_ns"] = change["after_ns"]
    return row


def run(fault, duration, misses, blind):
    directory = tempfile.mkdtemp(prefix="culprit-accuracy-", dir="/var/tmp")
    try:
        done = subprocess.run([CULPRIT, "demo", "--fault", fault, "--for", duration, "--save", directory + "/save", *(["--tier", "T0", "--no-ask"] if blind else [])], capture_output=True, text=True, timeout=600)
        if done.returncode != 0:
            return {"fault": fault, "right": False, "diff_right": False, "error": done.stderr[-500:]}
        row = judge(directory + "/save", fault)
        if not (row["right"] and row["diff_right"]):
            print(done.stdout, flush=True)
            if misses:
                shutil.copytree(directory + "/save", tempfile.mkdtemp(prefix=fault + "-", dir=misses), dirs_exist_ok=True)
        return row
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--healthy", type=int, default=20)
    parser.add_argument("--for", dest="duration", default="20s")
    parser.add_argument("--only", default="")
    parser.add_argument("--misses", help="a directory to keep what the demo saved of the runs that went wrong")
    parser.add_argument("--blind", action="store_true", help="without probes inside the server and without asking it")
    arguments = parser.parse_args()
    # The faults alternate, so that slow changes of the machine affect all of them equally.
    left, plan = {**{fault: arguments.each for fault in FAULTS}, "none": arguments.healthy}, []
    while any(left.values()):
        for fault in sorted(left, key=left.get, reverse=True):
            if left[fault] > 0:
                plan.append(fault)
                left[fault] -= 1
    rows = []
    for fault in plan:
        if arguments.only and fault not in arguments.only.split(","):
            continue
        rows.append(run(fault, arguments.duration, arguments.misses, arguments.blind))
        print(json.dumps(rows[-1]), flush=True)
    totals = {}
    for row in rows:
        total = totals.setdefault(row["fault"], {"runs": 0, "right": 0, "diff_right": 0, "predicted": 0, "inside": 0})
        total["runs"] += 1
        total["right"] += row["right"]
        total["diff_right"] += row["diff_right"]
        total["predicted"] += row.get("prediction") in ("inside", "outside")
        total["inside"] += row.get("prediction") == "inside"
    keep("accuracy" + ("_blind" if arguments.blind else "") + ("-" + arguments.only if arguments.only else ""), {"for": arguments.duration, "totals": totals, "rows": rows})


if __name__ == "__main__":
    main()
