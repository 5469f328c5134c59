#!/usr/bin/env python3
"""The short form of bench/churn.py: sockets, processes and datagrams that come and go are all accounted for, and nothing of them stays.

Needs root and a C compiler. Without them, skips and says so.
"""
import os
import shutil
import sys

CULPRIT = os.environ["CULPRIT"]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
import churn  # noqa: E402


def main():
    if os.geteuid() != 0:
        print("SKIPPED: recording needs root")
        sys.exit(77)
    compiler = os.environ.get("CC", "cc")
    if shutil.which(compiler) is None:
        print(f"SKIPPED: {compiler} is not here")
        sys.exit(77)
    result = churn.measure((12_000, 8_000, 1_000, 5_000))
    print(result)
    wrong = churn.faults(result)
    for fault in wrong:
        print("FAIL", fault)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
