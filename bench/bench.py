"""Shared by the measurements: a private PostgreSQL, the recorder, and the place of the results."""
import contextlib
import glob
import json
import os
import platform
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CULPRIT = os.environ.get("CULPRIT", os.path.join(ROOT, "build/release/culprit"))


def postgres_bin():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not found:
        sys.exit("no PostgreSQL server: ./dev setup")
    return found[-1]


def demote(user):
    entry = pwd.getpwnam(user)

    def change():
        os.setgid(entry.pw_gid)
        os.setgroups([])
        os.setuid(entry.pw_uid)

    return change


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """A private PostgreSQL: user postgres, its own port, a Unix socket in its directory, TLS on."""

    def __init__(self, port=0, settings=()):
        self.port = port = port or free_port()  # several measurements may run at the same time
        self.directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp")
        shutil.chown(self.directory, "postgres", "postgres")
        os.chmod(self.directory, 0o755)
        self.data = os.path.join(self.directory, "data")
        # The log is in memory. Otherwise backends would wait for the disk when they write log lines.
        self.log_directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/dev/shm" if os.path.isdir("/dev/shm") else "/var/tmp")
        self.log = os.path.join(self.log_directory, "log")
        self.settings = ["ssl=on", f"port={port}", f"unix_socket_directories={self.directory}", *settings]
        self.process = None

    def run(self, *argv, **more):
        return subprocess.run(argv, check=True, cwd=self.directory, preexec_fn=demote("postgres"), stdout=subprocess.DEVNULL, **more)

    def __enter__(self):
        self.run(postgres_bin() + "/initdb", "-D", self.data, "--locale=C.UTF-8", "-E", "UTF8", "-A", "trust")
        self.run("openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-subj", "/CN=localhost", "-out", self.data + "/server.crt",
                 "-keyout", self.data + "/server.key", stderr=subprocess.DEVNULL)
        os.chmod(self.data + "/server.key", 0o600)
        argv = [postgres_bin() + "/postgres", "-D", self.data]
        for setting in self.settings:
            argv += ["-c", setting]
        self.process = subprocess.Popen(argv, cwd=self.directory, preexec_fn=demote("postgres"), stdout=subprocess.DEVNULL,
                                        stderr=open(self.log, "a"))
        for _ in range(100):
            if subprocess.run([postgres_bin() + "/pg_isready", "-q", "-h", self.directory, "-p", str(self.port)]).returncode == 0:
                return self
            time.sleep(0.1)
        sys.exit("PostgreSQL did not start: " + open(self.log).read())

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
        shutil.rmtree(self.log_directory, ignore_errors=True)

    def environment(self, transport="unix"):
        """Returns the environment variables of libpq for a transport: unix, tcp (without TLS) or tls."""
        more = {"PGPORT": str(self.port), "PGUSER": "postgres", "PGDATABASE": "postgres"}
        more["PGHOST"] = self.directory if transport == "unix" else "127.0.0.1"
        more["PGSSLMODE"] = "require" if transport == "tls" else "disable"
        return {**os.environ, **more}

    def sql(self, text):
        return subprocess.run(["psql", "-qAt", "-c", text], check=True, env=self.environment(), capture_output=True, text=True).stdout.strip()


@contextlib.contextmanager
def recorded(directory, *scope, wait=1.0):
    """Runs `culprit record` during a block; yields the process."""
    shutil.rmtree(directory, ignore_errors=True)
    process = subprocess.Popen([CULPRIT, "record", *scope, "-o", directory, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(wait)
    if process.poll() is not None:
        sys.exit("the recorder ended: " + process.stderr.read())
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        process.summary = json.loads(out) if out.strip() else {}
        process.errors = err


def ask(source, select, rows=50_000_000):
    out = subprocess.run([CULPRIT, "sql", select, "-s", source, "--json", "--max-rows", str(rows)], capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit("culprit sql: " + out.stderr)
    return json.loads(out.stdout)["rows"]


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


def keep(name, result):
    """Prints the result and writes it to bench/results with the commit and the machine."""
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True).stdout.strip()
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    record = {"benchmark": name, "commit": commit, "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
              "machine": {"cpus": os.cpu_count(), "cpu": cpu, "kernel": platform.release()}, **result}
    path = os.path.join(ROOT, "bench/results", name + ".json")
    with open(path, "w") as file:
        json.dump(record, file, indent=1)
        file.write("\n")
    print(json.dumps(result, indent=1))
    print("→", os.path.relpath(path, ROOT))
