#!/usr/bin/env python3
"""Plants the same faults under other runtimes: is the cause the first finding, and has a healthy run no finding?

usage: runtimes.py [--only SYSTEM,…] [--for 8] [--keep DIR]

One library, written for Go (net/http, pgx, a gateway before it), PHP (FPM behind nginx, by FastCGI; connections of its own or
lasting ones), Python's asyncio (aiohttp, asyncpg) and Java (a thread pool, JDBC), over the tables of other_systems. Needs root,
and for each system what its line in SYSTEMS names; without it the system is skipped, aloud.
"""
import argparse
import contextlib
import glob
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import other_systems
import unexplained
from bench import free_port, keep
from cases import Case, Want, no_index, nothing
from other_systems import PYTHON

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtimes")
CACHE = os.path.expanduser("~/.cache/culprit/runtimes")
JDBC = "/usr/share/java/postgresql.jar"
FPM = next(iter(sorted(glob.glob("/usr/sbin/php-fpm*"))), "")
NGINX = "/usr/sbin/nginx"
SYSTEMS = {  # what the system needs, and how to get it
    "go": (lambda: shutil.which("go"), "go"),
    "php": (lambda: FPM and os.path.exists(NGINX), "apt-get install php-fpm php-pgsql nginx-light"),
    "php_lasting": (lambda: FPM and os.path.exists(NGINX), "apt-get install php-fpm php-pgsql nginx-light"),
    "async": (lambda: subprocess.run([PYTHON, "-c", "import aiohttp, asyncpg"], capture_output=True).returncode == 0, "apt-get install python3-aiohttp python3-asyncpg"),
    "java": (lambda: shutil.which("javac") and os.path.exists(JDBC), "a JDK; apt-get install libpostgresql-jdbc-java"),
}
other_systems.OURS += ("gateway", "shelves", "php-fpm", "java")


class Lab(other_systems.Lab):
    def __init__(self, system):
        super().__init__(second=False)
        self.system, self.port, self.inner_port = system, free_port(), free_port()

    def start_library(self, *_, **__):
        """Does nothing: another service replaces the library."""

    def start_system(self):
        score = f"http://127.0.0.2:{self.score_port}"
        {"go": self.start_go, "php": self.start_php, "php_lasting": self.start_php, "async": self.start_async, "java": self.start_java}[self.system](score)
        for route in ("loans", "shelf", "lend", "rating"):
            self.wait_for(f"http://127.0.0.1:{self.port}/{route}/1")

    def start_go(self, score):
        sources = CACHE + "/go"
        shutil.copytree(HERE + "/go", sources, dirs_exist_ok=True)
        subprocess.run(["go", "mod", "tidy"], cwd=sources, check=True, capture_output=True)
        subprocess.run(["go", "build", "-o", sources + "/bin/", "./shelves", "./gateway"], cwd=sources, check=True)
        self.start(sources + "/bin/shelves", str(self.inner_port), self.dsn(), score)
        self.wait_for(f"http://127.0.0.1:{self.inner_port}/loans/1")
        self.start(sources + "/bin/gateway", str(self.port), f"http://127.0.0.1:{self.inner_port}")

    def start_php(self, score):
        modes, socket = self.directory + "/modes", self.directory + "/fpm.sock"
        os.makedirs(modes)
        for directory in (self.directory, modes):
            os.chmod(directory, 0o777)
        script = shutil.copy(HERE + "/library.php", self.directory)
        if self.system == "php_lasting":
            with open(modes + "/lasting", "w") as file:
                file.write("1")
        with open(self.directory + "/fpm.conf", "w") as file:
            file.write(f"[global]\nerror_log={self.directory}/fpm.log\ndaemonize=no\n[www]\nuser=www-data\ngroup=www-data\nlisten={socket}\nlisten.mode=0666\n"
                       "pm=static\npm.max_children=16\n")
        with open(self.directory + "/nginx.conf", "w") as file:
            file.write(f"daemon off; pid {self.directory}/nginx.pid; error_log {self.directory}/err; worker_processes 1; user www-data; events {{}}\n"
                       f"http {{ access_log off; keepalive_requests 100000; server {{ listen 127.0.0.1:{self.port}; location / {{ include /etc/nginx/fastcgi_params;\n"
                       f"fastcgi_param SCRIPT_FILENAME {script}; fastcgi_param LIB_DSN '{self.dsn()}'; fastcgi_param LIB_MODES {modes};\n"
                       f"fastcgi_param LIB_SCORE {score}; fastcgi_pass unix:{socket}; }} }} }}\n")
        self.start(FPM, "-n", "-d", "extension=pgsql.so", "-F", "-O", "-y", self.directory + "/fpm.conf")
        time.sleep(0.5)
        self.start(NGINX, "-p", self.directory, "-c", self.directory + "/nginx.conf")

    def start_async(self, score):
        self.start(PYTHON, HERE + "/library_async.py", str(self.port), str(self.first.port), score)

    def start_java(self, score):
        subprocess.run(["javac", "-d", self.directory, HERE + "/Library.java"], check=True)
        self.start("java", "-cp", JDBC + ":" + self.directory, "Library", str(self.port),
                   f"jdbc:postgresql://127.0.0.1:{self.first.port}/library?user=postgres&sslmode=disable", score)

    def stop(self, process):
        if process.poll() is None and process.args[0] in (NGINX, FPM):
            process.terminate()  # its workers end with it
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        super().stop(process)

    def switch(self, name, on):
        self.wait_for(f"http://127.0.0.1:{self.inner_port if self.system == 'go' else self.port}/mode/{name}/{int(on)}")

    def load(self, seconds, specs):
        argv = [f"{spec.split(':')[0]}:{spec.split(':')[1]}:127.0.0.1:{self.port}/{spec.split(':')[2]}" for spec in specs]
        return self.start(PYTHON, os.path.join(other_systems.HERE, "load.py"), str(seconds), *argv, stdout=subprocess.PIPE, text=True)


def one_by_one(lab):
    lab.switch("one_by_one", 1)
    return lambda: lab.switch("one_by_one", 0)


def late(lab):
    lab.delay(0.15)
    return lambda: lab.delay(0)


def idle_session(lab):
    process, pids = lab.sessions("idle")
    time.sleep(1.5)
    return (lambda: lab.stop(process)), pids


LOAD = ["10:GET:loans/@", "5:GET:shelf/@", "8:POST:lend/@", "5:GET:rating/@"]
CASES = [
    ("healthy", nothing, Want(), False),
    ("missing_index", no_index, Want(("slow_statement",), ("from loans where member_id",)), False),
    ("n_plus_one", one_by_one, Want(("n_plus_one",), ("from books where isbn",)), False),
    ("lock_idle", idle_session, Want(("lock_wait",), ("books",), 0), True),
    ("dependency", late, Want(("dependency_slow",), ("score", "127.0.0.2")), False),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--for", dest="seconds", type=int, default=8)
    parser.add_argument("--keep", default="", help="a directory for the recordings")
    arguments = parser.parse_args()
    arguments.no_diff = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the started processes
    rows = []
    for system, (there, how) in SYSTEMS.items():
        if arguments.only and system not in arguments.only.split(","):
            continue
        if not there():
            print(f"SKIPPED: {system}: {how}", flush=True)
            continue
        with Lab(system) as lab:
            lab.start_system()
            for name, plant, want, asks in CASES:
                case = Case(f"{system}_{name}", name, plant, LOAD, want, ask=asks)
                rows.append(other_systems.run(lab, case, arguments))
                print(json.dumps(rows[-1]), flush=True)
    faults = [row for row in rows if "among" in row]
    totals = {"faults": len(faults), "first": sum(row["right"] for row in faults), "healthy": len(rows) - len(faults),
              "healthy_without_finding": sum(row["right"] for row in rows if "among" not in row), **unexplained.totals(rows)}
    print(json.dumps(totals), flush=True)
    if not arguments.only:
        with contextlib.redirect_stdout(io.StringIO()):  # the rows were printed
            keep("runtimes", {"seconds": arguments.seconds, "totals": totals, "rows": rows})


if __name__ == "__main__":
    main()
