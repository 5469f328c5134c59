#!/usr/bin/env python3
"""A recording on a disk that fills up, and questions on a disk that is full or read-only: what has a frame is never lost.

Needs root, the kernel's events and a tmpfs of its own: without them, skips and says so.
"""
import errno
import json
import os
import subprocess
import sys
import tempfile
import time

CULPRIT = os.environ["CULPRIT"]
failures = []

# Requests over a socket pair: as many as it says at its end.
LOAD = """
import socket, sys, threading, time
client, server = socket.socketpair()
def serve():
    while server.recv(4096):
        server.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')
threading.Thread(target=serve, daemon=True).start()
made, end = 0, time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    client.sendall(b'GET /page/%d HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n' % (made % 7))
    client.recv(4096)
    made += 1
    time.sleep(0.002)
print(made)
"""


def expect(truth, what):
    print("ok  " if truth else "FAIL", what, flush=True)
    if not truth:
        failures.append(what)


class Disk:
    """A tmpfs that can be filled to its last byte."""

    def __init__(self, path, size):
        self.path, self.filler = path, os.path.join(path, "filler")
        os.mkdir(path)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"SKIPPED: no tmpfs can be mounted: {done.stderr.strip()}")
            sys.exit(77)

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    def free(self):
        os.unlink(self.filler)

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.path], check=True)

    def close(self):
        subprocess.run(["umount", "-l", self.path], check=False)


def culprit(*words, **environment):
    done = subprocess.run([CULPRIT, *words], capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, **environment})
    return done.returncode, done.stdout, done.stderr


class Recording:
    """`record -- LOAD` while something happens to the disk."""

    def __init__(self, store, seconds, after=()):
        self.store = store
        process = subprocess.Popen([CULPRIT, "record", "-o", store, "--", sys.executable, "-c", LOAD, str(seconds)],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for delay, action in after:
            time.sleep(delay)
            action()
        out, self.said = process.communicate(timeout=90)
        self.status, self.made = process.returncode, int(out or 0)

    def ask(self, **environment):
        """Its account, its ledger and the verdict of why."""
        status, out, err = culprit("quality", self.store, "--json", **environment)
        expect(status == 0, f"{self.store} is read ({err.strip()})")
        quality = json.loads(out)
        status, out, err = culprit("why", self.store, "--json", **environment)
        expect(status == 0, f"{self.store} is answered about ({err.strip()})")
        return quality, json.loads(out)


def rows(quality, kind):
    counts = {}
    for row in quality["rows"]:
        if row["kind"] == kind:
            counts[row["unit"]] = counts.get(row["unit"], 0) + row["n"]
    return counts


def adds_up(quality):
    units = {*quality["received"], *quality["stored"], *quality["accounted"]}
    return all(quality["received"].get(u, 0) == quality["stored"].get(u, 0) + quality["accounted"].get(u, 0) for u in units)


def for_a_moment(disk):
    recording = Recording(os.path.join(disk.path, "moment.culprit"), 8, [(3, disk.fill), (2, disk.free)])
    quality, _ = recording.ask()
    stored = quality["stored"].get("span", 0)
    expect(recording.status == 0, f"full for two seconds: the recording ends well ({recording.status}: {recording.said.strip()})")
    expect(rows(quality, "refused") == {} and adds_up(quality), f"nothing is refused: {rows(quality, 'refused')}")
    expect(stored >= recording.made, f"every one of {recording.made} requests is stored: {stored} spans")


def for_ever(disk):
    recording = Recording(os.path.join(disk.path, "ever.culprit"), 8, [(3, disk.fill)])
    expect(recording.status == 0, f"full for ever: the command's own status comes back ({recording.status}: {recording.said.strip()})")
    # The disk is still full: the question is answered beside it, or in memory where nothing else takes it.
    answers = [recording.ask(), recording.ask(TMPDIR=disk.path)]
    quality, why = answers[0]
    refused, stored = rows(quality, "refused"), quality["stored"].get("span", 0)
    expect(adds_up(quality), f"received = stored + accounted: {quality['received']} {quality['stored']} {quality['accounted']}")
    expect(0 < stored < quality["received"]["span"], f"what was recorded before is there: {stored} of {quality['received']['span']} spans")
    expect(refused.get("span", 0) == quality["received"]["span"] - stored, f"the other spans are counted: {refused}")
    expect(refused.get("event", 0) > 0, f"and the rows of the other tables: {refused}")
    expect(why["verdict"] in ("qualified", "undecided"), f"the verdict says so: {why['verdict']}")
    expect(answers[1][0]["stored"] == quality["stored"], "a full TMPDIR changes nothing")
    disk.free()
    again, _ = recording.ask()
    expect(again["stored"] == quality["stored"] and rows(again, "refused") == refused, "with room again it is sealed, and says the same")


def read_only(disk):
    recording = Recording(os.path.join(disk.path, "ro.culprit"), 3)
    disk.remount("ro")
    quality, why = recording.ask()
    in_memory, _ = recording.ask(TMPDIR=disk.path)
    disk.remount("rw")
    expect(adds_up(quality) and quality["stored"].get("span", 0) >= recording.made, f"a read-only disk: all is read: {quality['stored']}")
    expect(in_memory["stored"] == quality["stored"], "the same in memory")
    sealed, after = recording.ask()
    expect(sealed["stored"] == quality["stored"] and after["verdict"] == why["verdict"], "and the same once it can be sealed")
    status, _, err = culprit("record", "-o", os.path.join(disk.path, "x.culprit"), "--", "true")
    expect(status == 0, f"the disk takes a recording again ({err.strip()})")
    disk.remount("ro")
    status, _, err = culprit("record", "-a", "--for", "1s", "-o", os.path.join(disk.path, "y.culprit"))
    disk.remount("rw")
    expect(status == 3 and "Read-only file system" in err, f"record onto a read-only disk: status {status}: {err.strip()}")


def from_the_start(disk):
    disk.fill()
    store = os.path.join(disk.path, "none.culprit")
    status, _, err = culprit("record", "-a", "--for", "1s", "-o", store)
    expect(status == 3 and "No space left" in err, f"record onto a full disk: status {status}: {err.strip()}")
    expect(not os.path.exists(store), "leaves nothing that looks like a recording")
    disk.free()


def imports(disk, place):
    first, second = os.path.join(place, "first.txt"), os.path.join(place, "second.txt")
    with open(first, "w", encoding="utf-8") as file:
        file.write("web GET /cart 0..31\n  db SELECT 2..9\n")
    with open(second, "w", encoding="utf-8") as file:
        for i in range(40_000):
            file.write(f"web{i % 50} GET /page/{os.urandom(12).hex()} {i}..{i + 31}\n\n")
    store = os.path.join(disk.path, "import.culprit")
    status, _, err = culprit("import", first, second, second, second, second, second, second, second, second, "-o", store)
    expect(status == 3 and "No space left" in err and store in err, f"import onto a disk that fills up: status {status}: {err.strip()}")
    status, out, err = culprit("quality", store, "--json")
    quality = json.loads(out or "{}")
    expect(status == 0 and quality["stored"].get("span", 0) >= 2 and adds_up(quality), f"what was stored stays: {quality.get('stored')} {err}")
    missing = [row for row in quality["rows"] if row["kind"] == "refused" and row["unit"] == "file" and row["stage"] == "ingest"]
    expect(len(missing) == 1 and missing[0]["n"] == 1, f"and the ledger says that a file is missing: {missing}")


def main():
    if os.geteuid() != 0:
        print("SKIPPED: recording, and a tmpfs, need root")
        sys.exit(77)
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        for number, (test, size) in enumerate([(for_a_moment, "16m"), (for_ever, "16m"), (read_only, "16m"), (from_the_start, "1m")]):
            disk = Disk(os.path.join(place, f"disk{number}"), size)
            try:
                test(disk)
            finally:
                disk.close()
        disk = Disk(os.path.join(place, "small"), "2m")
        try:
            imports(disk, place)
        finally:
            disk.close()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
