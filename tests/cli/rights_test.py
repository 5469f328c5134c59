#!/usr/bin/env python3
"""Exit status 5: a right is missing; the message says which, and the command that grants it.

As root it becomes an ordinary user (65534) for this; without `setpriv` it is skipped.
"""

import os
import shutil
import subprocess
import sys

import program

USER = 65534


def test(checks):
    with program.folder() as where:
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--inh-caps=-all"] if os.geteuid() == 0 else []
        os.chmod(where, 0o755)
        home = os.path.join(where, "home")
        os.mkdir(home)
        traces = os.path.join(home, "t.jsonl")
        with open(traces, "w", encoding="utf-8") as file:
            file.write(program.otlp("web", [program.span(1, 1, 0, "GET /", 0, 20)]))
        secret = os.path.join(home, "secret.jsonl")
        shutil.copy(traces, secret)
        locked = os.path.join(home, "locked")
        os.mkdir(locked)
        shutil.copy(traces, locked)
        if as_user:
            os.chown(home, USER, USER)
            os.chmod(os.path.join(where, "tmp"), 0o1777)
        os.chmod(secret, 0)
        os.chmod(locked, 0)

        def run(*words):
            done = subprocess.run([*as_user, program.CULPRIT, *words], cwd=home, env=program.environment(home, TMPDIR=os.path.join(where, "tmp")),
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
            return done.returncode, done.stderr

        def is_denied(what, fix, *words):
            status, err = run(*words)
            checks.that(status == 5 and what in err and fix in err, f"{' '.join(words)}: status {status}: {err}")

        rights = "CAP_BPF and CAP_PERFMON are missing"
        grant = "sudo setcap cap_bpf,cap_perfmon"
        is_denied(rights, grant, "record", "-a", "-o", "r.culprit")
        is_denied(rights, grant, "record", "-p", str(os.getpid()), "--for", "1s")
        is_denied(rights, grant, "why")
        is_denied(rights, grant, "why", "--json", "--for", "1s")
        is_denied("which takes root", "--ask postgresql://", "why", "t.jsonl", "--ask")
        is_denied("which takes root", "--ask postgresql://", "diff", "t.jsonl", "t.jsonl", "--ask")
        is_denied("which takes root", "--ask postgresql://", "record", "-a", "--ask")
        is_denied("Permission denied", "sudo culprit why secret.jsonl --json", "why", "secret.jsonl", "--json")
        is_denied("Permission denied", "sudo culprit quality locked/t.jsonl", "quality", "locked/t.jsonl")
        is_denied("Permission denied", "sudo culprit import secret.jsonl -o 'a store'", "import", "secret.jsonl", "-o", "a store")
        is_denied("Permission denied", "sudo culprit import t.jsonl -o locked/s", "import", "t.jsonl", "-o", "locked/s")
        is_denied("Permission denied", "sudo culprit version -O locked/x", "version", "-O", "locked/x")
        # A command's own status is not ours to use.
        status, err = run("record", "-o", "c.culprit", "--", "true")
        checks.that(status == 125 and rights in err, f"record -- true: status {status}: {err}")
        left = sorted(os.listdir(home))
        checks.that(left == ["locked", "secret.jsonl", "t.jsonl"], f"what could not begin left {left}")
        checks.that(program.left_behind(where) == [], f"left behind: {program.left_behind(where)}")
        os.chmod(locked, 0o755)


if __name__ == "__main__":
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        print("SKIPPED: there is no setpriv to become an ordinary user with")
        sys.exit(77)
    sys.exit(program.main(test))
