#!/usr/bin/env python3
"""Checks that docs/manual/VERB.md equals the output of `culprit VERB --help`, which is made from the tables of verbs and options.

    tools/manual.py CULPRIT            prints the pages that differ from the program's output; exits 1 if there is one
    tools/manual.py CULPRIT --accept   writes these pages
"""

import os
import re
import subprocess
import sys

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "manual")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "100", "LC_ALL": "C.UTF-8"}


def help_of(program, *verb):
    # Wide enough to print each verb of the overview on one line.
    env = ENVIRONMENT if verb else {**ENVIRONMENT, "COLUMNS": "200"}
    done = subprocess.run([program, *verb, "--help"], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip("\n") + "\n"


def verbs(program):
    """Returns names and sentences in the order of the help."""
    listed = help_of(program).split("Verbs:\n", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^  ([a-z]+) +(\S.*)$", listed, re.M)


def pages(program):
    made = "<!-- Made by tools/manual.py from the program's own help; change src/cli/verbs.inc and src/cli/option_table.cc. -->\n"
    known = verbs(program)
    index = "".join(f"| [{verb}]({verb}.md) | {sentence} |\n" for verb, sentence in known)
    yield "README.md", f"# Manual\n\n{made}\n| verb | |\n|---|---|\n{index}"
    for verb, _ in known:
        yield f"{verb}.md", f"# culprit {verb}\n\n{made}\n```text\n{help_of(program, verb)}```\n"


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    accept = "--accept" in sys.argv[2:]
    wanted = dict(pages(os.path.abspath(sys.argv[1])))
    there = {name for name in os.listdir(FOLDER) if name.endswith(".md")} if os.path.isdir(FOLDER) else set()
    stale = []
    for name, text in wanted.items():
        path = os.path.join(FOLDER, name)
        if name in there and open(path, encoding="utf-8").read() == text:
            continue
        stale.append(name)
        if accept:
            os.makedirs(FOLDER, exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    for name in sorted(there - wanted.keys()):
        stale.append(name)
        if accept:
            os.remove(os.path.join(FOLDER, name))
    for name in stale:
        print(f"docs/manual/{name}: " + ("written" if accept else "not what the program prints: ./dev test --accept"))
    return 1 if stale and not accept else 0


if __name__ == "__main__":
    sys.exit(main())
