#!/usr/bin/env python3
"""Kills the recorder (kill -9) at random moments: the target is unaffected, the kernel is clean, the recording opens.

usage: kill.py [--times 50] [--seed N]

Needs root and bpftool.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

from bench import CULPRIT, Cluster, keep


def held(pid):
    """Returns the ids of the process's BPF programs and maps. Other recorders may run at the same time."""
    found = set()
    for name in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            text = open(f"/proc/{pid}/fdinfo/{name}").read()
        except OSError:
            continue
        found |= {(kind, int(number)) for kind, number in re.findall(r"^(prog|map)_id:\s*(\d+)", text, re.M)}
    return found


def in_kernel():
    return {(kind, item["id"]) for kind in ("prog", "map")
            for item in json.loads(subprocess.run(["/usr/sbin/bpftool", "-j", kind, "list"], capture_output=True, text=True).stdout or "[]")}


def settled(mine, tries=50):
    """Returns how many of these ids still exist."""
    left = mine
    for _ in range(tries):  # the kernel frees maps some time after the last reference
        left = mine & in_kernel()
        if not left:
            break
        time.sleep(0.1)
    return len(left)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    opened = balanced = left = held_in_all = with_spans = 0
    directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp")
    with Cluster() as cluster:
        subprocess.run(["pgbench", "-q", "-i"], env=cluster.environment(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        load = subprocess.Popen(["pgbench", "-n", "-c", "4", "-T", "100000"], env=cluster.environment("tcp"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(1)
        for i in range(arguments.times):
            recording = f"{directory}/{i}.culprit"
            recorder = subprocess.Popen([CULPRIT, "record", "-p", str(cluster.process.pid), "-o", recording], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(random.uniform(0.05, 3))
            recorder.send_signal(signal.SIGSTOP)  # nothing can change between this check and the end
            mine = held(recorder.pid)
            recorder.kill()
            recorder.wait()
            held_in_all += len(mine)
            left += settled(mine)
            if not os.path.exists(recording):  # killed before it had made its directory
                opened, balanced = opened + 1, balanced + 1
                continue
            quality = subprocess.run([CULPRIT, "quality", recording, "--json"], capture_output=True, text=True)
            opened += quality.returncode == 0
            if quality.returncode == 0:
                counts = json.loads(quality.stdout)
                balanced += all(n == counts["stored"].get(unit, 0) + counts["accounted"].get(unit, 0) for unit, n in counts["received"].items())
                with_spans += counts["stored"].get("span", 0) > 0
            else:
                print(i, quality.stderr)
        alive = load.poll() is None
        load.terminate()
        errors = load.stderr.read().decode()
    shutil.rmtree(directory, ignore_errors=True)
    keep("kill", {"times": arguments.times, "seed": arguments.seed, "opened": opened, "balanced": balanced, "with_spans": with_spans,
                  "held_in_kernel": held_in_all, "left_in_kernel": left, "target_alive": alive, "target_errors": "ERROR" in errors or "aborted" in errors})


if __name__ == "__main__":
    main()
