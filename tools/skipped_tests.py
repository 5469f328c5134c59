#!/usr/bin/env python3
"""Prints the skipped tests of a ctest log with their reasons: tools/skipped_tests.py build/release/Testing/Temporary/LastTest.log"""

import re
import sys

BEGIN = re.compile(r"^\d+/\d+ Test: (.*)$")
# The line that a program prints when it skips itself or a part of itself.
SKIP_LINE = re.compile(r"^(SKIP|skip)(PED|ped|ping)?\b")


def reasons(lines):
    """Yields pairs of name and reason for every test that was skipped completely or in part."""
    name, before = None, ""
    for line in lines:
        begin = BEGIN.match(line)
        if begin:
            name = begin.group(1)
        elif SKIP_LINE.match(line):
            yield name, re.sub(r"^\w+:? *", "", line.strip()) or "no reason given"
        elif before.endswith(": Skipped"):  # GoogleTest prints "file:line: Skipped", then the reason on a line of its own
            yield name, line.strip() or "no reason given"
        before = line


def main():
    try:
        with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
            skipped = list(reasons(file.read().splitlines()))
    except OSError:
        return
    by_reason = {}
    for name, reason in skipped:
        by_reason.setdefault(reason, []).append(name)
    for reason, names in sorted(by_reason.items()):
        shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
        print(f"SKIPPED {len(names)}: {reason} ({shown})")


if __name__ == "__main__":
    main()
