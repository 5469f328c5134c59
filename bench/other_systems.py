#!/usr/bin/env python3
"""Plants faults in systems that culprit was not tuned for: is the cause the first finding, and has a healthy run no finding?

usage: other_systems.py [--only NAME,…] [--for 8] [--no-diff] [--keep DIR] [--alone] [--list]

Two PostgreSQL servers, a Python service (psycopg2, literals, TCP), a Node service (pg, bind values, Unix socket), a service of
another program's, pgbench, all running before the recording begins. Needs root, python3-psycopg2 (apt), node and npm (the pg package is
fetched into a temporary directory; without it the Node cases are skipped, aloud).

Right is: class, entity and (lock) holder of the first finding. A finding cpu_saturation/neighbour about a program that is none
of ours may stand before it: other work on this machine is true, and noted. --alone gives all of it real-time priority: other work
hardly disturbs it then, but a cgroup's quota does not bind it.
"""
import argparse
import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import unexplained
from bench import CULPRIT, Cluster, free_port, keep

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_systems")
sys.path.insert(0, HERE)
from cases import CASES
PYTHON = "/usr/bin/python3"  # Debian's, which has Debian's psycopg2
OURS = ("python3", "node", "postgres", "pgbench", "pgbouncer", "nginx", "psql", "library", "load", "score", "sessions", "tickets")


class Lab:
    """The servers, the services and the fault of a case. All of them are removed at the end."""

    def __init__(self, second=True):
        self.directory = tempfile.mkdtemp(prefix="culprit-others-", dir="/var/tmp")
        self.processes = []
        # Few buffers, so that tables are read through the kernel's page cache, which a case can empty.
        self.first = Cluster(settings=["shared_buffers=16MB", "max_connections=150"])
        self.second = Cluster(settings=["max_connections=60"]) if second else None
        self.lending_port, self.tickets_port, self.score_port = free_port(), free_port(), free_port()
        self.node = False
        self.lending = None
        self.front_port = None  # the port of a proxy that the load goes through

    def __enter__(self):
        try:
            for cluster, name in ((self.first, "library"), (self.second, "tickets")):
                if cluster is None:
                    continue
                cluster.__enter__()
                cluster.sql(f"create database {name}")
                self.psql(cluster, name, "-f", os.path.join(HERE, name + ".sql"))
            self.start(PYTHON, os.path.join(HERE, "score.py"), "127.0.0.2", str(self.score_port))
            self.start_library()
            if self.second:
                self.start_node()
                self.start("pgbench", "-q", "-i", "-s", "2", env=self.first.environment("unix")).wait()
            time.sleep(1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.stop(process)
        for cluster in (self.first, self.second):
            if cluster and cluster.process:
                cluster.__exit__()
        shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, *argv, **more):
        more.setdefault("stdout", open(os.path.join(self.directory, "out"), "a"))
        process = subprocess.Popen(argv, cwd=self.directory, stderr=open(os.path.join(self.directory, "err"), "a"), **more)
        self.processes.append(process)
        return process

    def stop(self, process):
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()

    def psql(self, cluster, database, *argv):
        environment = {**cluster.environment("unix"), "PGDATABASE": database}
        return subprocess.run(["psql", "-qAt", "-v", "ON_ERROR_STOP=1", *argv], check=True, env=environment, capture_output=True, text=True).stdout.strip()

    def dsn(self, port=None):
        return f"host=127.0.0.1 port={port or self.first.port} user=postgres dbname=library sslmode=disable"

    def start_pooler(self):
        """Starts PgBouncer in front of the first server (transaction pooling, ten connections). Returns its process and port."""
        port, settings = free_port(), os.path.join(self.directory, "pgbouncer.ini")
        with open(settings, "w") as file:
            file.write(f"[databases]\nlibrary = host=127.0.0.1 port={self.first.port} user=postgres dbname=library\n"
                       f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
                       "pool_mode = transaction\ndefault_pool_size = 10\n")
        os.chmod(self.directory, 0o755)
        return self.start("pgbouncer", "-u", "postgres", settings), port

    def start_front(self):
        """Starts nginx in front of the library, with one event loop and kept connections. The load goes through it."""
        self.front_port, settings = free_port(), os.path.join(self.directory, "nginx.conf")
        with open(settings, "w") as file:
            file.write(f"daemon off; master_process off; pid {self.directory}/nginx.pid; error_log {self.directory}/err; events {{}}\n"
                       f"http {{ access_log off; upstream library {{ server 127.0.0.1:{self.lending_port}; keepalive 16; }}\n"
                       f"server {{ listen 127.0.0.1:{self.front_port}; location / {{ proxy_pass http://library; proxy_http_version 1.1;\n"
                       "proxy_set_header Connection ''; } } }\n")
        process = self.start("nginx", "-p", self.directory, "-c", settings)
        self.wait_for(f"http://127.0.0.1:{self.front_port}/cover/1")
        return process

    def start_library(self, *options, port=None, **more):
        if self.lending:
            self.stop(self.lending)
        self.lending = self.start(PYTHON, os.path.join(HERE, "library.py"), str(self.lending_port), self.dsn(port), f"http://127.0.0.2:{self.score_port}", *options, **more)
        self.wait_for(f"http://127.0.0.1:{self.lending_port}/cover/1")

    def start_node(self):
        cache = os.path.expanduser("~/.cache/culprit/node-pg")
        if shutil.which("node") and shutil.which("npm"):
            os.makedirs(cache, exist_ok=True)
            if not os.path.isdir(cache + "/node_modules/pg"):
                subprocess.run(["npm", "install", "--silent", "--prefix", cache, "pg@8"], capture_output=True)
            self.node = os.path.isdir(cache + "/node_modules/pg")
        if not self.node:
            print("SKIPPED: the Node cases: node, npm and its package pg are missing", flush=True)
            return
        self.start("node", os.path.join(HERE, "tickets.js"), str(self.tickets_port), self.second.directory, str(self.second.port),
                   env={**os.environ, "NODE_PATH": cache + "/node_modules"})
        self.wait_for(f"http://127.0.0.1:{self.tickets_port}/customer/1")

    def wait_for(self, url):
        for _ in range(100):
            try:
                return urllib.request.urlopen(url, timeout=5).read()
            except OSError:
                time.sleep(0.1)
        sys.exit(f"{url} does not answer: " + open(os.path.join(self.directory, "err")).read()[-500:])

    def mode(self, service, name, on):
        port = self.lending_port if service == "library" else self.tickets_port
        self.wait_for(f"http://127.0.0.1:{port}/mode/{name}/{int(on)}")

    def delay(self, seconds):
        self.wait_for(f"http://127.0.0.2:{self.score_port}/delay/{seconds}")

    def sessions(self, name):
        """Starts sessions of sessions.py. Returns the process and the pids of their backends."""
        process = self.start(PYTHON, os.path.join(HERE, "sessions.py"), name, self.dsn(), stdout=subprocess.PIPE, text=True)
        pids = []
        for line in process.stdout:
            if line.strip() == "up":
                break
            pids.append(int(line))
        return process, pids

    def load(self, seconds, specs):
        argv = []
        for spec in specs:
            service, rate, method, path = spec.split(":")
            if service == "tickets" and not self.node:
                continue
            ports = {"library": self.front_port or self.lending_port, "tickets": self.tickets_port}
            argv.append(f"{rate}:{method}:127.0.0.1:{ports[service]}/{path}")
        return self.start(PYTHON, os.path.join(HERE, "load.py"), str(seconds), *argv, stdout=subprocess.PIPE, text=True)


def foreign(finding, lab):
    """Returns true if the finding is about another program on this machine or about another server."""
    instance = finding["entity"].get("instance") or ""
    ours = [str(place) for cluster in (lab.first, lab.second) if cluster for place in (cluster.port, cluster.directory)]
    if ":" in instance and finding["entity"]["kind"] in ("statement", "lock") and not any(place in instance for place in ours):
        return True
    return finding["class"] == "cpu_saturation" and finding["mechanism"] == "neighbour" and not finding["entity"]["name"].startswith(OURS)


def matches(finding, want, pids):
    if finding["class"] not in want.classes:
        return False
    entity = finding["entity"]
    told = " ".join(str(entity.get(key) or "") for key in ("name", "statement")) + " " + str(finding.get("caller") or "")
    if want.entity and not any(word.lower() in told.lower() for word in want.entity):
        return False
    return want.holder is None or (finding.get("holder") or {}).get("pid") == pids[want.holder]


def short(finding):
    holder = finding.get("holder") or {}
    named = finding["entity"].get("statement") or finding["entity"]["name"]
    return f"{finding['class']}/{finding['mechanism']} {finding['score']:.2f} {named[:70]}" + (f" ← {holder.get('pid')} {holder.get('name')}" if holder else "")


def judge(lab, why, case, pids):
    named = [finding for finding in why["findings"] if finding["class"] != "unexplained"]
    mine = [finding for finding in named if matches(finding, case.want, pids) or not foreign(finding, lab)]
    row = {"case": case.name, "found": [short(finding) for finding in named[:4]], "foreign": len(named) - len(mine), "verdict": why["verdict"],
           "unexplained": unexplained.of(why)}
    if not case.want.classes:
        row["right"] = not mine
    else:
        row["right"] = bool(mine) and matches(mine[0], case.want, pids)
        row["among"] = any(matches(finding, case.want, pids) for finding in mine)
    if any(finding["class"] in case.want.never for finding in mine):
        row["right"] = False
    return row


def record(lab, case, seconds, directory, asks):
    """Records under load. Returns the load's own measurements."""
    load = lab.load(seconds + 6, case.load)  # longer than a slow start and the recording
    time.sleep(2)
    scope = ["-a"] if not case.pid_scope else ["-p", str(lab.lending.pid)]
    done = subprocess.run([CULPRIT, "record", *scope, "--for", f"{seconds}s", "-o", directory, *asks], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit("culprit record: " + done.stderr[-800:])
    return latencies(load)


def latencies(load):
    """Returns a line per route: requests, failures, and p50 and p95 in ms at the client."""
    told = json.loads(load.communicate()[0])
    return {route: f"{one['requests']} ({one['errors']} failed) p50 {one['p50_ms']} p95 {one['p95_ms']} ms" for route, one in told.items()}


def culprit_json(directory, *argv):
    done = subprocess.run([CULPRIT, *argv, "--json"], capture_output=True, text=True, cwd=directory)  # `why` may write its recording there
    if done.returncode != 0:
        sys.exit(f"culprit {' '.join(argv)}: " + done.stderr[-800:])
    return json.loads(done.stdout)


def run(lab, case, arguments):
    directory = os.path.join(arguments.keep, case.name) if arguments.keep else tempfile.mkdtemp(prefix="case-", dir=lab.directory)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    before, after = directory + "/before.culprit", directory + "/after.culprit"
    asks = ["--ask"] if case.ask else []
    planted = case.plant(lab)
    heal, pids = planted if isinstance(planted, tuple) else (planted, [])
    if case.bare:  # `why` that records by itself
        load = lab.load(arguments.seconds + 4, case.load)
        time.sleep(2)
        why = culprit_json(directory, "why", "--for", f"{arguments.seconds}s", *asks)
        load_before = latencies(load)
    else:
        load_before = record(lab, case, arguments.seconds, before, asks)
        why = culprit_json(directory, "why", before, *asks)
    with open(directory + "/why.json", "w") as file:
        json.dump(why, file, indent=1)
    row = judge(lab, why, case, pids)
    row["load"] = load_before
    if heal:
        heal()
    if heal and case.want.classes and not case.bare and not arguments.no_diff:
        time.sleep(1)
        row["load_after"] = record(lab, case, arguments.seconds, after, [])
        diff = culprit_json(directory, "diff", before, after)
        kinds = [(change["verdict"], change.get("prediction")) for change in diff["findings"] if change["finding"]["class"] in case.want.classes]
        row["diff"], row["prediction"] = kinds[0] if kinds else ("nothing to compare", None)
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--for", dest="seconds", type=int, default=8)
    parser.add_argument("--no-diff", action="store_true")
    parser.add_argument("--keep", default="", help="a directory for the recordings")
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--list", action="store_true")
    arguments = parser.parse_args()
    cases = [case for case in CASES if not arguments.only or case.name in arguments.only.split(",")]
    if arguments.list:
        sys.exit("\n".join(f"{case.name:24} {case.says}" for case in cases))
    if subprocess.run([PYTHON, "-c", "import psycopg2"], capture_output=True).returncode != 0:
        sys.exit("python3-psycopg2 is missing: apt-get install python3-psycopg2")
    if arguments.alone:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the started processes
    rows = []
    with Lab() as lab:
        for case in cases:
            if case.node and not lab.node:
                continue
            if case.needs and not shutil.which(case.needs):
                print(f"SKIPPED: {case.name}: {case.needs} is missing", flush=True)
                continue
            rows.append(run(lab, case, arguments))
            print(json.dumps(rows[-1]), flush=True)
    faults = [row for row in rows if "among" in row]
    totals = {"faults": len(faults), "first": sum(row["right"] for row in faults), "among": sum(row["among"] for row in faults),
              "healthy": len(rows) - len(faults), "healthy_without_finding": sum(row["right"] for row in rows if "among" not in row),
              "healed": sum("diff" in row for row in faults), "fixed": sum(row.get("diff") == "fixed" for row in faults),
              "inside": sum(row.get("prediction") == "inside" for row in faults), **unexplained.totals(rows)}
    print(json.dumps(totals), flush=True)
    if not arguments.only:
        with contextlib.redirect_stdout(io.StringIO()):  # the rows were printed
            keep("other_systems", {"seconds": arguments.seconds, "alone": arguments.alone, "totals": totals, "rows": rows})


if __name__ == "__main__":
    main()
