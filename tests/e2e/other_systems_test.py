#!/usr/bin/env python3
"""A Python service on a server of its own: the planted cause is the first finding, and a healthy run has none.

The faults are those of bench/other_systems/cases.py. Needs root, PostgreSQL and python3-psycopg2: without them it skips, and says so.
"""
import argparse
import glob
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASES = ("healthy", "missing_index", "lock_active")


def skip(why):
    print("SKIPPED:", why)
    sys.exit(77)


def main():
    if os.geteuid() != 0:
        skip("recording needs root")
    if not glob.glob("/usr/lib/postgresql/*/bin/initdb"):
        skip("PostgreSQL is not installed")
    if subprocess.run(["/usr/bin/python3", "-c", "import psycopg2"], capture_output=True).returncode != 0:
        skip("python3-psycopg2 is not installed: ./dev setup")
    sys.path.insert(0, os.path.join(ROOT, "bench"))
    import other_systems
    from cases import CASES as ALL
    if not os.path.exists(other_systems.CULPRIT):
        skip("culprit is not built: ./dev build")
    arguments = argparse.Namespace(keep="", seconds=7, no_diff=True)
    wrong = []
    with other_systems.Lab(second=False) as lab:
        for case in ALL:
            if case.name not in CASES:
                continue
            row = other_systems.run(lab, case, arguments)
            print(row, flush=True)
            if not row["right"]:
                wrong.append(case.name)
    assert not wrong, f"not the first finding, or a finding without a fault: {wrong}"


if __name__ == "__main__":
    main()
