#!/usr/bin/env python3
"""Imports Train Ticket and Online Boutique: counts, seconds, megabytes, and critical paths that sum to their roots.

usage: imports.py [--data ../shared/data/nezha] [--traces 200]

benches/analysis_critical_path_bench adds up the sections of every trace (built by: ninja benches). In addition, `--traces` traces of
each system are chosen by trace id, printed with `show --json` and added up here.
"""
import argparse
import glob
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from bench import CULPRIT, ROOT, ask, keep

PATHS = os.environ.get("CULPRIT_PATHS", os.path.join(os.path.dirname(CULPRIT), "benches/analysis_critical_path_bench"))


def every_path(store):
    """Checks the critical path of every trace in one process."""
    if not os.path.exists(PATHS):
        sys.exit("no " + PATHS + ": ./dev bench imports builds it")
    out = subprocess.run([PATHS, store], capture_output=True, text=True)
    if not out.stdout:
        sys.exit("critical paths: " + out.stderr)
    paths = json.loads(out.stdout)
    paths["said"] = f"{paths['right']} of {paths['traces']} traces sum to their root"
    return paths


def measure(folder, traces):
    files = sorted(glob.glob(folder + "/traces/*.zst"))
    directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp")
    store = directory + "/store.culprit"
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([CULPRIT, "import", *files, "-o", store], check=True, stdout=subprocess.DEVNULL)
    imported = time.monotonic()
    quality = json.loads(subprocess.run([CULPRIT, "quality", store, "--json"], check=True, capture_output=True, text=True).stdout)
    sealed = time.monotonic()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    size = sum(os.path.getsize(os.path.join(path, file)) for path, _, names in os.walk(store) for file in names)
    ids = [row["trace_id"] for row in ask(store, "SELECT DISTINCT trace_id FROM span ORDER BY trace_id")]
    paths = every_path(store)
    wrong = 0
    chosen = ids[:: max(1, len(ids) // traces)]
    for trace_id in chosen:
        shown = json.loads(subprocess.run([CULPRIT, "show", trace_id, "-s", store, "--json"], check=True, capture_output=True, text=True).stdout)
        sections = shown["critical_path"]
        root = {span["span_id"]: span for span in shown["spans"]}
        total = sum(section["end_ns"] - section["start_ns"] for section in sections)
        roots = [span["duration_ns"] for span in root.values() if span["parent_span_id"] not in root]
        begins = [span["duration_ns"] for span in root.values() if span["parent_span_id"] is None] or roots
        ordered = all(a["end_ns"] == b["start_ns"] for a, b in zip(sections, sections[1:]))
        wrong += not (total in roots and total == max(begins) and ordered)
    shutil.rmtree(directory, ignore_errors=True)
    ledger = {}
    for row in quality["rows"]:
        ledger[row["kind"]] = ledger.get(row["kind"], 0) + row["n"]
    received = quality["received"].get("span", 0)
    balanced = received == quality["stored"].get("span", 0) + quality["accounted"].get("span", 0)
    return {"data": os.path.basename(folder), "spans": received, "balanced": balanced, "traces": len(ids), "import_s": round(imported - begin, 2),
            "seal_s": round(sealed - imported, 2), "cpu_s": round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2),
            "peak_mb": round(after.ru_maxrss / 1024), "bytes_per_span": round(size / max(1, received), 1), "shown": len(chosen), "shown_wrong": wrong, "paths": paths,
            "ledger": ledger}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.path.join(ROOT, "../shared/data/nezha"))
    parser.add_argument("--traces", type=int, default=200)
    arguments = parser.parse_args()
    keep("imports", {"rows": [measure(folder, arguments.traces) for folder in sorted(glob.glob(arguments.data + "/*-*"))]})


if __name__ == "__main__":
    main()
