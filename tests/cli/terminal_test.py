#!/usr/bin/env python3
"""Nothing that data sends steers a terminal, in any format; what a pipe gets is exact."""

import csv
import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import program

# One of each kind: C0 (escape, bell, backspace), DEL, C1 (CSI, as a code point), overrides, isolates, marks.
HOSTILE = "a\x1b]0;title\x07\x08\x7f\x9b31m\u202eb\u2066c\u200fd\u061ce"
STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
OURS = re.compile("\x1b\\[[0-9;]*m")  # colours
PROGRESS = re.compile("\r\x1b\\[K[^\r\n]*(?=\r\x1b\\[K)|\r\x1b\\[K")  # a line of ours, wiped, where the machine is slow


def on_terminal(command, where, columns=100, **more):
    """What the command writes to a terminal of its own, as text."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(command, cwd=where, env=program.environment(where, **more), stdin=subprocess.DEVNULL,
                               stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    chunks = []
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(master)
    process.wait()
    return PROGRESS.sub("", b"".join(chunks).decode("utf-8", "replace"))


def in_pipe(command, where):
    done = subprocess.run(command, cwd=where, env=program.environment(where), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.stdout.decode("utf-8")


def test(checks):
    with program.folder() as where:
        spans = []
        for i in range(1, 31):
            spans.append(program.span(i, 1, 0, "GET " + HOSTILE, i * 100, i * 100 + 300))
            spans.append(program.span(i, 2, 1, "call " + HOSTILE, i * 100 + 1, i * 100 + 299, **{"db.query.text": "SELECT " + HOSTILE,
                                                                                                 "db.system.name": "postgresql", HOSTILE: HOSTILE}))
        with open(os.path.join(where, "t.jsonl"), "w", encoding="utf-8") as file:
            file.write(program.otlp("web" + HOSTILE, spans))
        select = "SELECT name, service, attributes FROM span ORDER BY 1 LIMIT 2"
        commands = [["sql", select, "-s", "t.jsonl", "--format", form] for form in ("text", "csv", "json", "ndjson")]
        commands += [["sql", f'SELECT 1 AS "x{HOSTILE}"', "-s", "t.jsonl", "--format", form] for form in ("text", "csv", "json", "ndjson")]
        commands += [["show", "slowest", "-s", "t.jsonl", "--format", form] for form in ("text", "json", "html")]
        commands += [["why", "t.jsonl", "--format", form] for form in ("text", "json", "md", "html")]
        commands += [["diff", "t.jsonl", "t.jsonl", "--format", form] for form in ("text", "json", "html")]
        commands += [["quality", "t.jsonl", "--format", form] for form in ("text", "json", "html")]
        commands += [["why", "no" + HOSTILE], ["wy" + HOSTILE], ["why", "--x" + HOSTILE], ["show", HOSTILE, "-s", "t.jsonl"],
                     ["sql", "SELECT " + HOSTILE, "-s", "t.jsonl"], ["why", "t.jsonl", "--fail-on", HOSTILE]]
        for command in commands:
            for color in ("1", ""):
                raw = on_terminal([program.CULPRIT, *command], where, NO_COLOR=color)
                text = raw if color else OURS.sub("", raw)
                found = STEERS.search(text.replace("\r\n", "\n").replace("\r", ""))
                checks.that(found is None and raw != "", f"{command} prints {found and found.group()!r} in {raw[:300]!r}")
        exact = "SELECT name FROM span WHERE parent_span_id = 0 LIMIT 1"
        rows = list(csv.reader(io.StringIO(in_pipe([program.CULPRIT, "sql", exact, "-s", "t.jsonl", "--format", "csv"], where), newline="")))
        checks.that(rows == [["name"], ["GET " + HOSTILE]], f"csv in a pipe is not exact: {rows!r}")
        for form in ("json", "ndjson"):
            text = in_pipe([program.CULPRIT, "sql", exact, "-s", "t.jsonl", "--format", form], where)
            value = json.loads(text)
            value = value["rows"][0] if form == "json" else value
            checks.that(value == {"name": "GET " + HOSTILE}, f"{form} in a pipe is not exact: {text!r}")
        raw = on_terminal([program.CULPRIT, "sql", exact, "-s", "t.jsonl", "--json"], where)
        checks.that(json.loads(raw)["rows"] == [{"name": "GET " + HOSTILE}], "json on a terminal means something else")
        narrow = on_terminal(["bash", "-c", f"'{program.CULPRIT}' why t.jsonl; '{program.CULPRIT}' show slowest -s t.jsonl"], where, columns=60)
        widest = max(len(OURS.sub("", line)) for line in narrow.splitlines())
        checks.that(widest <= 60, f"a line of {widest} columns on a terminal of 60")
        checks.that(program.left_behind(where) == [], f"left behind: {program.left_behind(where)}")


if __name__ == "__main__":
    sys.exit(program.main(test))
