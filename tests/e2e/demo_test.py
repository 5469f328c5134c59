#!/usr/bin/env python3
"""`culprit demo`: the planted fault is found, its healing is seen, and nothing stays behind.

Needs root (to record, and to start PostgreSQL as its own user) and PostgreSQL: without them it skips, and says so.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile

FAULT = os.environ.get("CULPRIT_E2E_FAULT", "missing_index")
# What is right: contract of the demo's truth.
CLASS = {"missing_index": "slow_statement", "row_lock": "lock_wait", "n_plus_one": "n_plus_one", "commit_per_row": "fsync_storm",
         "noisy_neighbour": "cpu_saturation", "slow_dependency": "dependency_slow", "none": None}


def skip(why):
    print("SKIPPED:", why)
    sys.exit(77)


def left_behind():
    """Places and processes of a demo."""
    places = glob.glob("/var/tmp/culprit-demo-*") + glob.glob("/var/lib/culprit-demo-*")
    processes = []
    for link in glob.glob("/proc/[0-9]*/cwd"):
        try:
            where = os.readlink(link)
        except OSError:
            continue
        if "/culprit-demo-" in where:
            processes.append(f"{link} -> {where}")
    return set(places + processes)


def main():
    if os.geteuid() != 0:
        skip("demo needs root")
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        skip("PostgreSQL is not installed")
    culprit = os.environ.get("CULPRIT") or os.path.join(os.path.dirname(__file__), "../../build/release/culprit")
    if not os.path.exists(culprit):
        skip("culprit is not built: ./dev build")
    before = left_behind()  # another demo may run on this machine
    with tempfile.TemporaryDirectory() as folder:
        save = os.path.join(folder, "demo")
        run = subprocess.run([culprit, "demo", "--fault", FAULT, "--for", "8s", "--save", save], capture_output=True, text=True, timeout=240)
        print(run.stdout, run.stderr, sep="\n")
        assert run.returncode == 0, f"exit status {run.returncode}"
        read = lambda name: json.load(open(os.path.join(save, name)))
        truth, why, diff, load = read("truth.json"), read("why.json"), read("diff.json"), read("load.json")
        for recording in ("before.culprit", "after.culprit"):
            assert os.path.isdir(os.path.join(save, recording)), recording
        assert truth["fault"] == FAULT and truth["class"] == CLASS[FAULT], truth
        assert why["schema"] == "culprit.why/1" and diff["schema"].startswith("culprit."), (why["schema"], diff["schema"])
        assert sorted(phase["name"] for phase in load["phases"] if not phase["name"].startswith("warm_up")) == ["after", "before"]
        found = [finding["class"] for finding in why["findings"]]
        expected = [CLASS[FAULT]] if CLASS[FAULT] else []
        assert [name for name in found if name != "unexplained"][:1] == expected, f"planted {FAULT}, found {found}"
        slow = {seen["operation"]: seen["p95_ns"] for seen in truth["client"]["before"]}
        healed = {seen["operation"]: seen["p95_ns"] for seen in truth["client"]["after"]}
        if truth["operation"]:
            assert slow[truth["operation"]] > 2 * healed[truth["operation"]], (slow, healed)
    stays = left_behind() - before
    assert not stays, f"left behind: {stays}"


if __name__ == "__main__":
    main()
