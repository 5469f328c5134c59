#!/usr/bin/env python3
"""Checks docs/causes against the program: each class of a detector has a page, and its examples are current output.

    tools/causes.py CULPRIT            says which page is missing or has another answer than the program's, exits 1 if there is one
    tools/causes.py CULPRIT --accept   writes the answers anew

An example is the block under `<!-- case: AREA/NAME -->` or `<!-- case: AREA/NAME: COMMAND -->`: what the first `run` of
tests/cases/AREA/NAME.test, or COMMAND on its files, prints on a terminal of 76 columns: with its indent it fits one of 80.
A page whose class no case can show says so: `<!-- no case: REASON -->`.
"""

import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(ROOT, "docs", "causes")
EXAMPLE = re.compile(r"(<!-- case: ([^\s:]+)(?:: ([^\n]+?))? -->\n```text\n)(.*?)(```\n)", re.S)
NO_CASE = re.compile(r"^<!-- no case: .+ -->$", re.M)
SECTIONS = ("Signature", "What else it could be", "What to do", "What it looks like")
sys.path.insert(0, os.path.join(ROOT, "tests"))
import run_cases  # noqa: E402  (the format of cases is known there)


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def printable_classes():
    """Returns the classes that have a detector."""
    names = dict(re.findall(r'CLASS\((\w+), "(\w+)"', read("src", "model", "finding_names.inc")))
    found = re.findall(r"^ +\{FindingClass::(\w+), \w+, \w+,", read("src", "analysis", "detectors", "registry.cc"), re.M)
    return [names[one] for one in found]


def answer_of(binary, case, command):
    _, sections = run_cases.parse(read("tests", "cases", case + ".test"))
    with tempfile.TemporaryDirectory(prefix="culprit-causes-") as folder:
        run_cases.write_inputs(sections, folder)
        env = {**run_cases.environment(binary, folder), "COLUMNS": "76"}
        printed = ""
        for line in [command] if command else run_cases.steps_of(sections)[0].commands:
            printed, errors, status = run_cases.execute(line, folder, env)
            if status != 0:
                raise SystemExit(f"{case}: {line}: exit {status}: {errors}")
    return "".join(line.rstrip() + "\n" for line in printed.splitlines())


def page_problems(name, text):
    if not text.startswith(f"# {name}\n"):
        yield f"does not begin with '# {name}'"
    for section in SECTIONS:
        if f"\n## {section}\n" not in text:
            yield f"has no section '{section}'"
    if NO_CASE.search(text):
        return  # it says itself why
    if "```text\n" not in text:
        yield "has no answer to look at"
    elif not re.search(rf"^\d  {name}\b", text, re.M):
        yield "its answer has no finding of its class"


def main():
    if len(sys.argv) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    binary, accept = os.path.abspath(sys.argv[1]), "--accept" in sys.argv[2:]
    classes, wrong = printable_classes(), []
    there = {name[:-3] for name in os.listdir(FOLDER) if name.endswith(".md")} - {"README"}
    wrong += [f"docs/causes/{name}.md: there is no such page" for name in classes if name not in there]
    wrong += [f"docs/causes/{name}.md: no detector finds that class" for name in sorted(there - set(classes))]
    index = read("docs", "causes", "README.md")
    for name in sorted(there):
        if f"]({name}.md)" not in index:
            wrong.append(f"docs/causes/README.md: does not list {name}")
        text = read("docs", "causes", name + ".md")
        now = EXAMPLE.sub(lambda match: match[1] + answer_of(binary, match[2], match[3]) + match[5], text)
        if now != text and accept:
            with open(os.path.join(FOLDER, name + ".md"), "w", encoding="utf-8") as file:
                file.write(now)
        elif now != text:
            wrong.append(f"docs/causes/{name}.md: its answer is not what the program prints: ./dev test --accept")
        wrong += [f"docs/causes/{name}.md: {problem}" for problem in page_problems(name, now)]
    for line in wrong:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
