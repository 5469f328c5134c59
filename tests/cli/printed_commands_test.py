#!/usr/bin/env python3
"""Every command that is printed runs as it is printed: in help, in README, in answers (see, next, reproduce), after a mistake.

Commands that record are run with --print-config: their words are checked, nothing is recorded (tests/e2e records)."""

import gzip
import json
import os
import re
import shlex
import subprocess
import sys

import program

sys.path.insert(0, os.path.join(program.ROOT, "tests"))
import run_cases  # noqa: E402

RECORDS = re.compile(r"\bculprit (record|demo)\b|\bculprit why(?= --|\s*$)")
JAEGER = {"data": [{"traceID": "9f31c07ab2000001", "spans": [{"traceID": "9f31c07ab2000001", "spanID": "1", "operationName": "GET /",
          "references": [], "startTime": 1767225600000000, "duration": 1000, "tags": [], "logs": [], "processID": "p1"}],
          "processes": {"p1": {"serviceName": "web", "tags": []}}}]}


def shell(line, where):
    done = subprocess.run(["bash", "-c", line], cwd=where, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          env=program.environment(where, COLUMNS="1000", PATH=f"{where}/bin:{os.path.dirname(program.CULPRIT)}:/usr/bin:/bin"))
    return done.returncode, done.stdout, done.stderr


def prepare(where):
    """The files that the examples name."""
    os.mkdir(os.path.join(where, "bin"))
    for name, body in (("bin/sudo", 'exec "$@"\n'), ("reindex.sh", "exit 0\n")):
        with open(os.path.join(where, name), "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n" + body)
        os.chmod(os.path.join(where, name), 0o755)
    text = "".join(program.otlp("web", [program.span(trace, 1, 0, "GET /orders", i * 100, i * 100 + 20),
                                        program.span(trace, 2, 1, "SELECT orders", i * 100 + 1, i * 100 + 19, **{"db.system.name": "postgresql"})])
                   for i, trace in enumerate([1, 0x9f31c07ab2 << 88, *range(100, 160)]))
    for name in ("traces", "before", "after", "a", "b", "logs", "it's"):
        with open(os.path.join(where, name + ".jsonl"), "w", encoding="utf-8") as file:
            file.write(text)
    with gzip.open(os.path.join(where, "traces.jsonl.gz"), "wt", encoding="utf-8") as file:
        file.write(text)
    with gzip.open(os.path.join(where, "jaeger.json.gz"), "wt", encoding="utf-8") as file:
        json.dump(JAEGER, file)
    with open(os.path.join(where, "bug-report.txt"), "w", encoding="utf-8") as file:
        file.write("web GET /orders 0..20\n")
    shell("mkdir day; cp traces.jsonl logs.jsonl day", where)
    shell("zstd -q traces.jsonl || cp traces.jsonl.gz traces.jsonl.zst", where)
    for name in ("slow", "after-fix", "monday", "tuesday"):
        status, _, err = shell(f"culprit import traces.jsonl -o {name}.culprit", where)
        assert status == 0, err


def runs(checks, line, where, origin):
    shown = line
    if RECORDS.search(line):
        line = re.sub(r"\bculprit (record|demo|why)\b", r"culprit \1 --print-config", line, count=1)
    made = re.search(r" -o (\S+\.culprit)", line)
    if made and "import" in line:  # an example of another verb asks this store next
        shell(f"rm -rf {shlex.quote(made.group(1))}", where)
    status, _, err = shell(line, where)
    checks.that(status in (0, 1) and (status == 0 or "--fail-on" in line), f"{origin} prints `{shown}`: exits {status}: {err.strip()}")


def examples(text):
    block = text.split("Examples:\n", 1)[1].split("\n\n", 1)[0]
    return [line.strip() for line in block.split("\n") if line.strip()]


def commands_of_answer(text):
    for line in text.splitlines():
        match = re.match(r"\s*(?:see|next)\s+((?:sudo )?culprit .*)$", line)
        if match:
            yield match.group(1)


def test_help(checks, where):
    _, overview, _ = shell("culprit --help", where)
    verbs = re.findall(r"^  ([a-z]+) +\S", overview.split("Verbs:\n", 1)[1], re.M)
    checks.that(len(verbs) >= 9, f"only these verbs: {verbs}")
    lines = [("--help", line) for line in examples(overview)]
    # What makes a store comes before what reads it.
    for verb in sorted(verbs, key=lambda verb: verb != "import"):
        _, text, _ = shell(f"culprit {verb} --help", where)
        found = examples(text)
        checks.that(len(found) >= 3 and "Usage: culprit " + verb in text, f"culprit {verb} --help has {len(found)} examples")
        lines += [(f"{verb} --help", line) for line in found]
    for origin, line in lines:
        runs(checks, line, where, origin)


def test_readme(checks, where):
    with open(os.path.join(program.ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    found = [line.split("#")[0].strip() for line in re.findall(r"^    \$ (.*culprit .*)$", text, re.M)]
    checks.that(len(found) >= 1, "README shows no command")
    for line in found:
        runs(checks, line, where, "README.md")


def test_answers(checks, where):
    folder = os.path.join(program.ROOT, "tests", "cases", "why")
    ran = 0
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            _, sections = run_cases.parse(file.read())
        here = os.path.join(where, "case it's " + name)  # a folder that must be quoted
        os.mkdir(here)
        inputs = run_cases.write_inputs(sections, here)
        sources = [shlex.quote(os.path.join(here, section.argument)) for section in inputs if section.kind == "traces"]
        asked = [f"why {source}" for source in sources] + ([f"why {sources[0]} {sources[1]}"] if len(sources) == 2 else [])
        for command in asked:
            _, text, _ = shell(f"culprit {command}", where)
            _, answer, err = shell(f"culprit {command} --json", where)
            checks.that(answer != "", f"culprit {command} --json: {err}")
            commands = list(commands_of_answer(text))
            for finding in json.loads(answer or "{}").get("findings", []):
                commands.append(finding["reproduce"])
            for line in filter(None, commands):
                ran += 1
                runs(checks, line, where, f"why of {name}")
    checks.that(ran >= 20, f"answers printed only {ran} commands")


def commands_of_fix(checks, mistake, fix):
    """A fix is a command, or words, a colon and a command, several of them with semicolons between; or words without a command."""
    for part in fix.split("; "):
        match = re.search(r"(?:sudo )?culprit [a-z-].*", part)
        if not match:
            continue
        checks.that(match.start() == 0 or part[:match.start()].endswith(": "), f"`{mistake}`: a command inside a sentence: {fix}")
        checks.that(not re.search(r"\b[A-Z]{2,}\b|\.\.\.| \(|\[", match.group().split("'")[0]), f"`{mistake}`: a grammar, and no command: {fix}")
        yield match.group()


def test_mistakes(checks, where):
    ran = 0
    for mistake in ("culprit why nowhere", "culprit show", "culprit sql", "culprit show cafe -s traces.jsonl", "culprit import", "culprit",
                    "culprit sql 'DROP TABLE span' -s traces.jsonl", "culprit sql 'COPY span TO 1' -s traces.jsonl",
                    "culprit why a.jsonl --fail-on regression", "culprit diff a.jsonl", "culprit diff a.jsonl b.jsonl traces.jsonl",
                    "culprit quality", "culprit record", "culprit record x", "culprit record sh -c 'a b'", "culprit record -a -- true",
                    "culprit why a.jsonl -s b.jsonl", "culprit why a.jsonl -s 'it'\"'\"'s.jsonl'", "culprit nonsense", "culprit --nonsense",
                    "culprit quality --nonsense", "culprit search x", "culprit completion", "culprit completion tcsh",
                    "culprit show slowest", "culprit sql 'SELECT 1'", "culprit --print-config --nonsense", "culprit why a.jsonl --for 3s",
                    "culprit show zz -s traces.jsonl", "culprit why a.jsonl --ask-passfile x", "CULPRIT_COLOR=x culprit quality a.jsonl",
                    "culprit why a.jsonl --trace nothing", "culprit import nowhere -o new.culprit", "culprit import day -o slow.culprit",
                    "culprit why a.jsonl --fail-on leak", "culprit why a.jsonl --tz Mars"):
        status, _, err = shell(mistake, where)
        checks.that(status in (2, 3), f"`{mistake}` exits {status}: {err}")
        if "  → " not in err:
            continue
        for line in commands_of_fix(checks, mistake, err.split("  → ")[-1].strip()):
            ran += 1
            runs(checks, line, where, f"`{mistake}`")
    checks.that(ran >= 20, f"mistakes printed only {ran} commands")


def test_next(checks, where):
    """What import says to type next."""
    for made, wanted in (("next.culprit", "why"), ("it's.culprit", "why")):
        _, out, err = shell(f"culprit import traces.jsonl -o {shlex.quote(made)}", where)
        commands = re.findall(r"next: (culprit .*)$", out, re.M)
        checks.that(len(commands) == 1 and commands[0].startswith(f"culprit {wanted} "), f"import prints {out!r} {err!r}")
        for line in commands:
            runs(checks, line, where, "import")


def test(checks):
    with program.folder() as where:
        prepare(where)
        test_help(checks, where)
        test_readme(checks, where)
        test_answers(checks, where)
        test_mistakes(checks, where)
        test_next(checks, where)
        checks.that(program.left_behind(where) == [], f"left behind: {program.left_behind(where)}")


if __name__ == "__main__":
    sys.exit(program.main(test))
