#!/usr/bin/env python3
"""Summarises the logs of a fuzzer run: tools/fuzz_results.py SECONDS LOG... updates their rows in bench/results/fuzz.json."""

import datetime
import json
import os
import platform
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def row(log, seconds, commit):
    name = os.path.basename(log).removesuffix(".log")
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    done = re.search(r"^Done (\d+) runs in (\d+) second", text, re.M)
    seen = re.findall(r"^#(\d+)\s.*?cov: (\d+)", text, re.M)
    return {"name": name, "commit": commit, "runs": int(done.group(1) if done else seen[-1][0] if seen else 0),
            "seconds": int(done.group(2)) if done else None, "seconds_meant": seconds, "edges": int(seen[-1][1]) if seen else None,
            "findings": text.count("Test unit written to"), "finished": bool(done)}


def main():
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
    path = os.path.join(ROOT, "bench/results/fuzz.json")
    rows = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            rows = {fuzzer["name"]: fuzzer for fuzzer in json.load(file)["fuzzers"]}
    now = [row(log, int(sys.argv[1]), commit.stdout.strip()) for log in sys.argv[2:]]
    rows.update({fuzzer["name"]: fuzzer for fuzzer in now})
    result = {"benchmark": "fuzz", "commit": commit.stdout.strip(),
              "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
              "machine": {"cpus": os.cpu_count(), "kernel": platform.release()},
              "sanitizers": "address,undefined", "fuzzers": [rows[name] for name in sorted(rows)]}
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(f"{os.path.relpath(path, ROOT)}: {len(now)} fuzzers, "
          f"{sum(fuzzer['runs'] for fuzzer in now)} runs, {sum(fuzzer['findings'] for fuzzer in now)} findings")


if __name__ == "__main__":
    main()
