#!/usr/bin/env python3
"""Prints which tests of a ctest log were skipped, and why: tools/skipped_tests.py build/release/Testing/Temporary/LastTest.log"""

import re
import sys

BEGIN = re.compile(r"^\d+/\d+ Test: (.*)$")


def reasons(lines):
    """Pairs of a test's name and its words, for every test that was skipped."""
    name, said, after_skip = None, [], False
    for line in lines:
        begin = BEGIN.match(line)
        if begin:
            name, said = begin.group(1), []
        elif line.startswith("Test Skipped."):
            yield name, said
        elif re.match(r"^(SKIP|skipp?ed|Skipp?ed)\b", line) or after_skip and line.strip():
            said.append(line.strip())
        # GoogleTest prints "file:line: Skipped", then the reason on a line of its own.
        after_skip = bool(re.search(r": Skipped$", line))


def main():
    try:
        with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
            skipped = list(reasons(file.read().splitlines()))
    except OSError:
        return
    by_reason = {}
    for name, said in skipped:
        by_reason.setdefault(" ".join(said) or "no reason given", []).append(name)
    for reason, names in sorted(by_reason.items()):
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        print(f"SKIPPED {len(names)}: {reason} ({shown})")


if __name__ == "__main__":
    main()
