"""What the tests of this folder share: the program, a folder with nothing else in it, traces."""

import json
import os
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CULPRIT = os.path.abspath(os.environ.get("CULPRIT", os.path.join(ROOT, "build", "release", "culprit")))


def folder():
    """A folder whose `tmp` is the program's TMPDIR; gone at the end."""
    made = tempfile.TemporaryDirectory(prefix="culprit-cli-test-")
    os.mkdir(os.path.join(made.name, "tmp"))
    return made


def environment(where, **more):
    kept = {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS") or name == "CULPRIT_DUCKDB_DIR"}
    return {**kept, "PATH": f"{os.path.dirname(CULPRIT)}:/usr/bin:/bin", "HOME": where, "TMPDIR": os.path.join(where, "tmp"),
            "LC_ALL": "C.UTF-8", "TERM": "xterm", **more}


def left_behind(where):
    return os.listdir(os.path.join(where, "tmp"))


def span(trace, number, parent, name, start_ms, end_ms, **attributes):
    base = 1767225600_000
    return {"traceId": f"{trace:032x}", "spanId": f"{number:016x}", "parentSpanId": f"{parent:016x}" if parent else "", "name": name,
            "startTimeUnixNano": str((base + start_ms) * 10**6), "endTimeUnixNano": str((base + end_ms) * 10**6),
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]}


def otlp(service, spans):
    """One line of OTLP JSON."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}, ensure_ascii=False) + "\n"


class Checks:
    def __init__(self):
        self.done = self.failed = 0

    def that(self, holds, what):
        self.done += 1
        if not holds:
            self.failed += 1
            print(f"FAILED: {what}")

    def status(self):
        print(f"{self.done - self.failed} of {self.done} checks passed")
        return 1 if self.failed or not self.done else 0


def main(test):
    if not os.access(CULPRIT, os.X_OK):
        print(f"no program at {CULPRIT}")
        return 1
    checks = Checks()
    test(checks)
    return checks.status()

