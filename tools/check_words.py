#!/usr/bin/env python3
"""Finds words that are hard for readers whose first language is not English, and identifiers that have been renamed.

    tools/check_words.py [ROOT]       prints their places; exits 1 if there are more than the list allows
    tools/check_words.py --self-test

The number of a word is the number of lines that may still contain it. Numbers are only lowered, never raised.
Write instead: noun first, the field's term, one clause. GLOSSARY.md has the terms.
"""

import os
import re
import subprocess
import sys

# word (a regular expression for whole words in any case): number of allowed lines, and the replacement
WORDS = {
    r"dear(er|est)?": (13, "expensive, over budget, most expensive"),
    r"accus(e|es|ed|ing)": (66, "name, report a finding"),
    r"nobody": (13, "no process, no request, not … by any"),
    r"somebody": (9, "a process, another program"),
    r"whom": (6, "name the noun: blocking session, peer"),
    r"honest": (0, "exact, measured"),
    r"bears? out": (0, "confirms"),
    r"heed(s|ed)?": (0, "respects, applies, tracks"),
    r"crowd": (0, "concurrent requests"),
}
# Renamed identifiers: the old name and the new name.
NAMES = {
    "Population": "WorkloadProfile", "CpuStory": "CpuUsage", "tell_cpu": "measure_cpu_usage",
    "Inquiry": "DatabaseInspector", "Asker": "LockWaitPoller", "ProcessSeed": "ProcessInfo",
}
SEARCHED = ("src", "lab", "tools", "docs", "tests", "bench", "dev", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md")
LEFT_OUT = ("tools/check_words.py", "tests/corpus/", "tests/data/", "bench/results/", "GLOSSARY.md")


def files(root):
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z", "--", *SEARCHED], capture_output=True, text=True, check=False).stdout
    for name in filter(None, listed.split("\0")):
        if not name.startswith(LEFT_OUT) and name.endswith((".cc", ".h", ".c", ".py", ".sh", ".md", ".test", ".cmake", ".inc", "dev")):
            try:
                with open(os.path.join(root, name), encoding="utf-8", errors="replace") as file:
                    yield name, file.read()
            except OSError:
                pass


def find(texts):
    """Returns a dictionary from word to places for each of the two lists."""
    words, names = {word: [] for word in WORDS}, {name: [] for name in NAMES}
    patterns = {word: re.compile(rf"\b(?:{word})\b", re.I) for word in WORDS}
    any_word = re.compile("|".join(rf"\b(?:{word})\b" for word in WORDS), re.I)
    any_name = re.compile(r"\b(?:" + "|".join(NAMES) + r")\b")
    for path, text in texts:
        for number, line in enumerate(text.split("\n"), 1):
            if any_word.search(line):
                for word, pattern in patterns.items():
                    if pattern.search(line):
                        words[word].append(f"{path}:{number}")
            for match in any_name.findall(line) if path.startswith("src/") else ():
                names[match].append(f"{path}:{number}")
    return words, names


def breaches(texts):
    words, names = find(texts)
    for word, places in words.items():
        allowed, instead = WORDS[word]
        if len(places) > allowed:
            yield f"'{word}': {len(places)} lines, {allowed} allowed; write {instead}: {' '.join(places[:8])}"
    for name, places in names.items():
        if places:
            yield f"{name} is {NAMES[name]} now: {' '.join(places[:8])}"


def self_test():
    tests = [("// Nobody waits.", 1), ("// The dearest of them.", 1), ("// No request waits.", 0), ("struct Inquiry {", 1), ("// endearing", 0)]
    wrong = []
    for line, n in tests:
        words, names = find([("src/x.cc", line)])
        if sum(map(len, [*words.values(), *names.values()])) != n:
            wrong.append(line)
    for line in wrong:
        print(f"wrong: {line}")
    print(f"{len(tests) - len(wrong)} of {len(tests)} self-tests passed")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    found = list(breaches(files(root)))
    for problem in found:
        print(problem)
    print(f"words: {len(found)} breaches" if found else "words: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
