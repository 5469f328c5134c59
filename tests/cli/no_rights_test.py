#!/usr/bin/env python3
"""Without any right: the demo tells its story from the recordings that come with the program, and doctor says what is missing.

As root the program runs as a user without a name (65534), from a copy laid out like a package.
"""

import json
import os
import re
import shutil
import subprocess
import sys

import program

NOBODY = 65534


def package(where):
    """bin/, share/ and lib/ of a package, readable for all; returns the program's path."""
    build = os.path.dirname(program.CULPRIT)
    os.chmod(where, 0o755)
    os.chmod(os.path.join(where, "tmp"), 0o777)
    for folder in ("bin", "lib/culprit", "share/culprit"):
        os.makedirs(os.path.join(where, folder))
    shutil.copy(program.CULPRIT, os.path.join(where, "bin", "culprit"))
    shutil.copytree(os.path.join(build, "share", "culprit", "demo"), os.path.join(where, "share", "culprit", "demo"))
    duckdb = os.path.join(os.environ.get("CULPRIT_DUCKDB_DIR") or os.path.expanduser("~/.cache/culprit/duckdb-1.5.6"), "libduckdb.so")
    if os.path.exists(duckdb):
        shutil.copy(duckdb, os.path.join(where, "lib", "culprit"))
    return os.path.join(where, "bin", "culprit")


def as_nobody():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def run(where, *argv):
    environment = {"PATH": f"{where}/bin:/usr/bin:/bin", "HOME": "/nonexistent", "TMPDIR": os.path.join(where, "tmp"), "LC_ALL": "C.UTF-8",
                   "COLUMNS": "100"}
    return subprocess.run(argv, cwd="/", env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
                          preexec_fn=as_nobody, check=False)


def test(checks):
    with program.folder() as where:
        culprit = package(where)
        told = run(where, culprit, "demo")
        lines = told.stdout.split("\n")
        checks.that(told.returncode == 0, f"demo ends with 0: {told.returncode} {told.stderr[-500:]}")
        checks.that(lines[0].startswith("not recorded here: demo needs root"), f"one line says what recording needs: {lines[0]}")
        checks.that("slow_statement/scan" in told.stdout, "the cause is named")
        checks.that(re.search(r"^FIXED +GET /orders", told.stdout, re.M) is not None, "the fix is proved")
        checks.that(not os.listdir(os.path.join(where, "tmp")), "nothing is left behind")
        checks.that("\x1b" not in told.stdout, "no colours in a pipe")
        # Every command that it proposes answers.
        tries = told.stdout.split("\ntry     ", 1)[-1].split("\n")
        tries = [line.strip() for line in tries if line.strip()]
        checks.that(len(tries) == 4, f"four commands to try: {tries}")
        for command in tries:
            done = run(where, "bash", "-c", command)
            checks.that(done.returncode == 0 and done.stdout, f"{command}: {done.returncode} {done.stderr[-300:]}")
        # A fault that was not shipped, and a recording to keep, are refused as before.
        for words in (["--fault", "row_lock"], ["--save", "/tmp/never-made"], ["--for", "3s"]):
            done = run(where, culprit, "demo", *words)
            checks.that(done.returncode == 5 and "needs root" in done.stderr, f"demo {words}: {done.returncode} {done.stderr[-300:]}")

        doctor = run(where, culprit, "doctor")
        checks.that(doctor.returncode == 5, f"doctor: a right is missing: {doctor.returncode} {doctor.stderr[-300:]}")
        checks.that("setcap" in doctor.stdout and "CAP_BPF" in doctor.stdout, f"it says which, and the command that grants it: {doctor.stdout}")
        answer = json.loads(run(where, culprit, "doctor", "--json").stdout)
        checks.that(answer["schema"] == "culprit.doctor/1" and answer["recording"] is False and answer["refused"]["right_missing"],
                    f"the same as JSON: {answer}")
        checks.that(all(not right["held"] for right in answer["rights"]), "no right is held")
        checks.that(len(answer["parts"]) == 5 and all(part["state"] == "not tried" for part in answer["parts"]), "no part was tried")


if __name__ == "__main__":
    sys.exit(program.main(test))
