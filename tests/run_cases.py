#!/usr/bin/env python3
"""Runs case tests: files that hold input, commands and the exact output on one page (tests/cases/README.md).

    tests/run_cases.py [--binary build/release/culprit] [--accept] [CASE.test | FOLDER]...

Exit status: 0 all passed, 1 some failed or there was none to run, 2 usage.
"""

import argparse
import base64
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TIMEOUT_S = 60  # a command that takes longer hangs
HEADER = re.compile(r"^--- (?:(traces|events|file|base64) (\S+)|(run|prints|errors)|exits (\d+))$")
SPAN_LINE = re.compile(r"^\s*[^#\s].*\s\d[\d.]*\.\.\d")


class BadCase(Exception):
    pass


class Section:
    """What stands between one `---` line and the next; `first` and `last` delimit its content in the file's lines."""

    def __init__(self, kind, argument, first):
        self.kind, self.argument, self.first, self.last, self.lines = kind, argument, first, first, []

    def text(self):
        return "".join(line + "\n" for line in self.lines)


def parse(text):
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    sections = []
    for number, line in enumerate(lines, 1):
        match = HEADER.match(line)
        if match:
            kind = match.group(1) or match.group(3) or "exits"
            sections.append(Section(kind, match.group(2) or match.group(4), number))
        elif line.startswith("--- "):
            raise BadCase(f"line {number}: no such section: {line}")
        elif sections:
            sections[-1].lines.append(line)
        elif line.strip() and not line.startswith("#"):
            raise BadCase(f"line {number}: text before the first section that is no comment")
    for i, section in enumerate(sections):
        # The empty line before the next section belongs to neither.
        if i + 1 < len(sections) and section.lines and section.lines[-1] == "":
            section.lines.pop()
        section.last = section.first + len(section.lines)
    return lines, sections


class Step:
    """A `run` section with what is expected of it."""

    def __init__(self, run):
        self.commands = [line for line in run.lines if line.strip() and not line.startswith("#")]
        self.run, self.prints, self.errors, self.exits = run, None, None, 0


def steps_of(sections):
    steps = []
    for section in sections:
        if section.kind == "run":
            steps.append(Step(section))
            if not steps[-1].commands:
                raise BadCase(f"line {section.first}: a run section without a command")
        elif section.kind in ("prints", "errors", "exits"):
            if not steps:
                raise BadCase(f"line {section.first}: {section.kind} before the first run")
            setattr(steps[-1], section.kind, int(section.argument) if section.kind == "exits" else section)
    if not steps:
        raise BadCase("no run section")
    return steps


def write_inputs(sections, folder):
    inputs = []
    for section in sections:
        if section.kind not in ("traces", "events", "file", "base64"):
            continue
        path = os.path.normpath(section.argument)
        if os.path.isabs(path) or path.startswith(".."):
            raise BadCase(f"line {section.first}: {section.argument} lies outside the case's folder")
        content = section.text().encode()
        if section.kind == "base64":
            content = base64.b64decode(content)
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content)
        inputs.append(section)
    return inputs


def environment(binary, folder):
    kept = {name: value for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS") or name in ("CULPRIT_DUCKDB_DIR", "LD_LIBRARY_PATH")}
    return {**kept, "PATH": f"{os.path.dirname(binary)}:{os.path.dirname(binary)}/tests:/usr/bin:/bin", "HOME": folder, "TMPDIR": folder,
            "NO_COLOR": "1", "COLUMNS": "100", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def execute(command, folder, env):
    try:
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no end after {TIMEOUT_S} s\n", 124
    return as_text(done.stdout), as_text(done.stderr), done.returncode


def as_text(printed):
    # CSV's lines end in CR LF (RFC 4180); a case is read, and written, with LF alone.
    return printed.decode("utf-8", "replace").replace("\r\n", "\n")


def difference(expected, actual, name):
    lines = difflib.unified_diff(expected.splitlines(), actual.splitlines(), f"{name} (expected)", f"{name} (printed)",
                                 lineterm="")
    text = "\n".join(lines)
    return text if text else f"{name}: differs in the last line's end: expected {expected[-20:]!r}, printed {actual[-20:]!r}"


def check_account(section, folder, env):
    """Conservation: what came in is stored or accounted for, in every unit."""
    name = section.argument
    out, err, status = execute(f"culprit quality '{name}' --json", folder, env)
    if status == 3 and section.kind != "traces":
        return []  # not a trace file, and the program said so
    if status != 0:
        return [f"conservation: culprit quality {name} exits {status}: {err.strip()}"]
    try:
        quality = json.loads(out)
        received, stored, accounted = (quality[part] for part in ("received", "stored", "accounted"))
    except (ValueError, KeyError, TypeError) as error:
        return [f"conservation: culprit quality {name} --json is not what it should be: {error!r}"]
    problems = []
    for unit in sorted({*received, *stored, *accounted}):
        got, kept, rest = (part.get(unit, 0) for part in (received, stored, accounted))
        if got != kept + rest:
            problems.append(f"conservation: {name}: {got} {unit} received, but {kept} stored + {rest} accounted")
    arrived = [line for line in section.lines if SPAN_LINE.match(line) and not re.search(r"\slost(\s|$)", line)]
    if section.kind == "traces" and arrived and received.get("span", 0) <= 0:
        problems.append(f"conservation: {name}: has spans, none counted as received")
    return problems


def run_step(step, folder, env):
    """What was printed on stdout and stderr, the exit status, and what is wrong with the latter."""
    printed, complained, status, problems = "", "", 0, []
    for i, command in enumerate(step.commands):
        out, err, status = execute(command, folder, env)
        printed, complained = printed + out, complained + err
        wanted = step.exits if i == len(step.commands) - 1 else 0
        if status != wanted:
            problems.append(f"$ {command}\nexits {status}, expected {wanted}; stderr:\n{err.rstrip()}")
    return printed, complained, problems


def as_lines(text):
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def run_case(path, binary, accept):
    """The list of what is wrong; empty: passed."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    try:
        lines, sections = parse(text)
        steps = steps_of(sections)
        with tempfile.TemporaryDirectory(prefix="culprit-case-") as folder:
            env = environment(binary, folder)
            inputs = write_inputs(sections, folder)
            problems, accepted = [], []
            for step in steps:
                printed, complained, wrong = run_step(step, folder, env)
                problems += wrong
                for section, actual in ((step.prints, printed), (step.errors, complained)):
                    if section is None or section.text() == actual:
                        continue
                    if accept:
                        accepted.append((section, as_lines(actual)))
                    else:
                        problems.append(difference(section.text(), actual, section.kind))
                if step.prints is None and accept and printed:
                    at = Section("prints", None, step.run.last)
                    accepted.append((at, ["", "--- prints", *as_lines(printed)]))
                elif step.prints is None and printed:
                    problems.append(difference("", printed, "prints"))
            for section in inputs:
                if section.kind != "events":  # no file of the program's
                    problems += check_account(section, folder, env)
    except (BadCase, ValueError) as error:
        return [f"bad case: {error}"]
    if accepted:
        for section, new in sorted(accepted, key=lambda pair: -pair[0].first):
            lines[section.first:section.last] = new
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(line + "\n" for line in lines))
        print(f"accepted {os.path.relpath(path, ROOT)}")
    return problems


def find_cases(places):
    for place in places:
        if os.path.isfile(place):
            yield place
        for folder, folders, files in os.walk(place):
            folders.sort()
            yield from (os.path.join(folder, file) for file in sorted(files) if file.endswith(".test"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", nargs="*", default=[os.path.join(ROOT, "tests", "cases")])
    parser.add_argument("--binary", default=os.path.join(ROOT, "build", "release", "culprit"))
    parser.add_argument("--accept", action="store_true", help="rewrite what is expected; review the diff")
    parser.add_argument("--filter", default="", help="only cases whose path contains this")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    binary = os.path.abspath(arguments.binary)
    if not os.access(binary, os.X_OK):
        print(f"no program at {binary}: ./dev build makes it", file=sys.stderr)
        return 1
    failed = passed = 0
    for path in find_cases(arguments.places):
        name = os.path.relpath(path, ROOT)
        if arguments.filter not in name:
            continue
        problems = run_case(path, binary, arguments.accept)
        failed, passed = failed + bool(problems), passed + (not problems)
        if problems:
            print(f"FAILED {name}")
            for problem in problems:
                print("    " + problem.replace("\n", "\n    "))
    print(f"{passed} of {passed + failed} cases passed")
    if passed + failed == 0:
        print("no case found: that is a failure too", file=sys.stderr)
    return 0 if passed and not failed else 1


# A program that stands for culprit: it answers `quality` from the file it is given, and says what else it was asked.
FAKE = r"""#!/usr/bin/env python3
import sys
if sys.argv[1] == "quality":
    text = open(sys.argv[2]).read()
    if "nonsense" in text: sys.exit(3)
    n = text.count("..")
    print('{"received": {"span": %d}, "stored": {"span": %d}, "accounted": {}}' % (n, n - text.count("leak")))
elif sys.argv[1] == "fail":
    print("could not", file=sys.stderr); sys.exit(3)
else:
    print(" ".join(sys.argv[1:]))
"""
TRACES = "--- traces a.txt\nweb GET 0..1\n\n"
SELF_TESTS = [
    # (what it shows, the case, whether it passes, a word of the output)
    ("exact output passes", TRACES + "--- run\nculprit why a.txt\n\n--- prints\nwhy a.txt\n", True, "1 of 1"),
    ("other output fails with a diff", TRACES + "--- run\nculprit why\n\n--- prints\nwhy not\n", False, "-why not"),
    ("unexpected output fails", TRACES + "--- run\nculprit why\n", False, "+why"),
    ("an unexpected status fails", "--- run\nculprit fail\n", False, "exits 3, expected 0"),
    ("status and stderr are compared", "--- run\nculprit fail\n\n--- errors\ncould not\n\n--- exits 3\n", True, "1 of 1"),
    ("other words on stderr fail", "--- run\nculprit fail\n--- errors\ncould\n--- exits 3\n", False, "+could not"),
    ("a leak fails", "--- traces a.txt\nweb leak 0..1\n\n--- run\nculprit fail\n\n--- exits 3\n", False, "0 stored"),
    ("spans that were not received fail", "--- file a.txt\nnonsense\n--- traces b\nw nonsense 0..1\n--- run\nculprit fail\n--- exits 3\n",
     False, "quality b exits 3"),
    ("a file that is no trace is let be", "--- file a.json\nnonsense\n\n--- run\nculprit why\n--- prints\nwhy\n", True, "1 of 1"),
    ("recorded events are no trace file", "--- events e.txt\n1 db > sync\n\n--- run\nculprit why\n--- prints\nwhy\n", True, "1 of 1"),
    ("an unknown section fails", "--- runs\nculprit why\n", False, "no such section"),
    ("a case without a command fails", TRACES, False, "no run section"),
    ("a path that leaves the folder fails", "--- file ../a\nx\n--- run\nculprit why\n", False, "outside"),
]


def self_test():
    with tempfile.TemporaryDirectory(prefix="culprit-self-test-") as folder:
        binary, case = os.path.join(folder, "culprit"), os.path.join(folder, "cases", "a.test")
        os.mkdir(os.path.dirname(case))
        with open(binary, "w", encoding="utf-8") as file:
            file.write(FAKE)
        os.chmod(binary, 0o755)

        def run(text, *options):
            with open(case, "w", encoding="utf-8") as file:
                file.write(text)
            done = subprocess.run([sys.executable, __file__, "--binary", binary, *options, os.path.dirname(case)],
                                  capture_output=True, text=True, check=False)
            return done.returncode == 0, done.stdout + done.stderr

        wrong = []
        for title, text, passes, word in SELF_TESTS:
            passed, output = run(text)
            if passed != passes or word not in output:
                wrong.append(f"{title}: passed={passed}, printed:\n{output}")
        stale = TRACES + "--- run\nculprit why\n\n--- prints\nold\nlines\n\n--- run\nculprit who\n"
        run(stale, "--accept")
        with open(case, encoding="utf-8") as file:
            fresh = file.read()
        if fresh != TRACES + "--- run\nculprit why\n\n--- prints\nwhy\n\n--- run\nculprit who\n\n--- prints\nwho\n":
            wrong.append(f"--accept rewrote it to:\n{fresh}")
        if not run(fresh)[0]:
            wrong.append("what --accept wrote does not pass")
        if run("", "--filter", "no such case")[0]:
            wrong.append("no case found, and that passed")
        for problem in wrong:
            print(problem)
        print(f"{len(SELF_TESTS) + 3 - len(wrong)} of {len(SELF_TESTS) + 3} self-tests passed")
        return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
