#!/usr/bin/env python3
"""Sums up the logs of the fuzzers that just ran: tools/fuzz_results.py SECONDS LOG... writes bench/results/fuzz.json."""

import datetime
import glob
import json
import os
import platform
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def row(log):
    name = os.path.basename(log).removesuffix(".log")
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    done = re.search(r"^Done (\d+) runs in (\d+) second", text, re.M)
    seen = re.findall(r"^#(\d+)\s.*?cov: (\d+)", text, re.M)
    crashes = glob.glob(os.path.join(ROOT, "build/fuzz/crashes", name + "-*"))
    return {"name": name, "runs": int(done.group(1) if done else seen[-1][0] if seen else 0),
            "seconds": int(done.group(2)) if done else None, "edges": int(seen[-1][1]) if seen else None,
            "findings": len(crashes), "finished": bool(done)}


def main():
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
    result = {"benchmark": "fuzz", "commit": commit.stdout.strip(),
              "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
              "machine": {"cpus": os.cpu_count(), "kernel": platform.release()},
              "sanitizers": "address,undefined", "seconds_each": int(sys.argv[1]), "fuzzers": [row(log) for log in sorted(sys.argv[2:])]}
    path = os.path.join(ROOT, "bench/results/fuzz.json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(f"{os.path.relpath(path, ROOT)}: {len(result['fuzzers'])} fuzzers, "
          f"{sum(fuzzer['runs'] for fuzzer in result['fuzzers'])} runs, {sum(fuzzer['findings'] for fuzzer in result['fuzzers'])} findings")


if __name__ == "__main__":
    main()
