#!/usr/bin/env python3
"""A container with namespaces of its own (pid, net, mount, cgroup): recorded from inside, by its own process numbers, and from the
host, with its control group.

CULPRIT_E2E_FAULTS names the demo's faults to plant inside: row_lock, for example, whose holder has a process number to be right. By
default only the recording from the host is tried: the demo inside has not been seen to end on a loaded machine.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

FAULTS = os.environ.get("CULPRIT_E2E_FAULTS", "").split()
CONTAINER = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--net", "--mount", "--cgroup", "--"]
CLASS = {"missing_index": "slow_statement", "row_lock": "lock_wait", "n_plus_one": "n_plus_one", "commit_per_row": "fsync_storm",
         "noisy_neighbour": "cpu_saturation", "slow_dependency": "dependency_slow", "none": None}
SERVICE = r"""
import http.client, http.server, os, sys, threading, time
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "2"); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(os.getpid(), flush=True)
while True:
    client = http.client.HTTPConnection("127.0.0.1", 8080)
    for _ in range(50):
        client.request("GET", "/in-the-container"); client.getresponse().read(); time.sleep(0.02)
"""


def skip(why):
    print("SKIPPED:", why)
    sys.exit(77)


def in_container(command, **more):
    return subprocess.run([*CONTAINER, "sh", "-c", "ip link set lo up && exec \"$@\"", "sh", *command], capture_output=True, text=True, timeout=240,
                          check=False, **more)


def demo_inside(culprit, fault, folder):
    save = os.path.join(folder, fault)
    run = in_container([culprit, "demo", "--fault", fault, "--for", "8s", "--save", save])
    print(run.stdout, run.stderr, sep="\n")
    assert run.returncode == 0, f"{fault}: exit status {run.returncode}"
    read = lambda name: json.load(open(os.path.join(save, name)))
    why, truth = read("why.json"), read("truth.json")
    found = [finding for finding in why["findings"] if finding["class"] != "unexplained"]
    assert [finding["class"] for finding in found[:1]] == ([CLASS[fault]] if CLASS[fault] else []), f"{fault}: {found}"
    if fault == "row_lock":
        assert found[0]["holder"]["pid"] == truth["holder"]["pid"], (found[0]["holder"], truth["holder"])
    pids = {row["pid"] for row in sql(culprit, save + "/before.culprit", "SELECT pid FROM process WHERE recorded")}
    assert truth["postgresql"]["postmaster_pid"] in pids or any(service["pid"] in pids for service in truth["services"]), (truth, pids)


def sql(culprit, recording, query):
    done = subprocess.run([culprit, "sql", query, "-s", recording, "--json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["rows"]


class Service:
    """A web service in a container, in a control group of its own where the machine lets it."""

    def __enter__(self):
        self.group = None
        for root in ("/sys/fs/cgroup/cpu", "/sys/fs/cgroup"):
            if os.path.isdir(root):
                self.group = f"{root}/culprit-test-{os.getpid()}"
                os.makedirs(self.group, exist_ok=True)
                break
        join = f"echo $$ > {self.group}/cgroup.procs && " if self.group else ""
        self.process = subprocess.Popen(["sh", "-c", join + 'exec "$@"', "sh", *CONTAINER, "sh", "-c", "ip link set lo up && exec \"$@\"", "sh",
                                         sys.executable, "-c", SERVICE], stdout=subprocess.PIPE, text=True)
        self.inner_pid = int(self.process.stdout.readline())
        return self

    def outer_pid(self):
        """The service's number on this machine."""
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False).stdout.split()
        return int(children[0])

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        time.sleep(0.3)
        if self.group:
            os.rmdir(self.group)


def record_from_host(culprit, folder):
    recording = os.path.join(folder, "host.culprit")
    with Service() as service:
        outer = service.outer_pid()
        run = subprocess.run([culprit, "record", "-a", "--for", "4s", "-o", recording], capture_output=True, text=True, timeout=120, check=False)
        assert run.returncode == 0, run.stderr
        rows = sql(culprit, recording, f"SELECT pid, name, service, executable, cgroup FROM process WHERE pid = {outer}")
        assert len(rows) == 1 and rows[0]["executable"], f"the service is process {outer} of this machine: {rows}"
        if service.group:
            assert os.path.basename(service.group) in rows[0]["cgroup"], rows
        assert service.inner_pid != outer, (service.inner_pid, outer)
    spans = sql(culprit, recording, "SELECT count(*) n FROM span WHERE name LIKE 'GET /in-the-container%'")
    assert spans[0]["n"] > 50, spans


def main():
    if os.geteuid() != 0:
        skip("recording needs root")
    culprit = os.path.abspath(os.environ.get("CULPRIT") or os.path.join(os.path.dirname(__file__), "../../build/release/culprit"))
    if not os.path.exists(culprit):
        skip("culprit is not built: ./dev build")
    if in_container(["true"]).returncode != 0:
        skip("no container can be made here (unshare, ip)")
    with tempfile.TemporaryDirectory() as folder:
        record_from_host(culprit, folder)
        if FAULTS and not os.path.isdir("/usr/lib/postgresql"):
            skip("PostgreSQL is not installed: only the recording from the host was tried")
        for fault in FAULTS:
            demo_inside(culprit, fault, folder)


if __name__ == "__main__":
    main()
