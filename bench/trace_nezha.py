#!/usr/bin/env python3
"""Runs `why` on Nezha's faults with spans only: the quiet time before each fault is compared with the time after it.

usage: trace_nezha.py [--data ../shared/data/nezha] [--only online-boutique] [--verbose]

Of each fault with traces on both sides. Its truth is a service and a kind; spans show time, no CPU, and these have neither status
nor attributes: a returned error and an exception leave no mark in them but what is missing. Right is: the service is named first, in the
entity or as an end of the edge. For quiet there is one check more: the halves of the quiet time against each other have no finding.
Of each whole day something stands out, and the first finding is `unexplained` or of a service that a fault was injected into.
"""
import argparse
import glob
import json
import os
import subprocess
import tempfile
import time

from bench import CULPRIT, ROOT, keep

# These faults make a request longer; the other faults end it early.
SLOWS = ("cpu_contention", "cpu_consumed", "network_delay")


def spans_of(path):
    for line in subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout.splitlines():
        request = json.loads(line)
        for resource in request["resourceSpans"]:
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    yield resource["resource"], span


def write(path, spans):
    with open(path, "w") as file:
        by_resource = {}
        for resource, span in spans:
            by_resource.setdefault(json.dumps(resource), []).append(span)
        for resource, members in by_resource.items():
            file.write('{"resourceSpans":[{"resource":' + resource + ',"scopeSpans":[{"spans":' + json.dumps(members) + "}]}]}\n")


def split(files, at_s):
    """Returns the complete traces that end before the injection, and those that begin after it."""
    traces = {}
    for path in files:
        for resource, span in spans_of(path):
            traces.setdefault(span["traceId"], []).append((resource, span))
    before, after, at_ns = [], [], at_s * 10**9
    for members in traces.values():
        first = min(int(span["startTimeUnixNano"]) for _, span in members)
        last = max(int(span["endTimeUnixNano"]) for _, span in members)
        if last < at_ns:
            before.append((first, members))
        elif first >= at_ns:
            after.append(members)
    before.sort(key=lambda trace: trace[0])
    return [members for _, members in before], after


def ask(*sources):
    out = subprocess.run([CULPRIT, "why", *sources, "--json"], capture_output=True, text=True, check=True)
    return [finding for finding in json.loads(out.stdout)["findings"] if finding["class"] != "unexplained"]


def told(findings):
    return [(finding["class"], finding["entity"]["name"], finding["operation"]) for finding in findings[:3]]


def one(folder, fault, directory):
    minute = fault["inject_unix"] // 60
    files = [f"{folder}/traces/{time.strftime('%H_%M', time.gmtime((minute + i) * 60))}.jsonl.zst" for i in range(-1, 4)]
    before, after = split([path for path in files if os.path.exists(path)], fault["inject_unix"])
    if len(before) < 20 or len(after) < 20:
        return None
    flat = lambda traces: [span for trace in traces for span in trace]
    fast, slow, half = (os.path.join(directory, name + ".jsonl") for name in ("fast", "slow", "half"))
    write(fast, flat(before)), write(slow, flat(after))
    findings = ask(fast, slow)
    write(fast, flat(before[: len(before) // 2])), write(half, flat(before[len(before) // 2:]))
    quiet = ask(fast, half)
    first = bool(findings) and fault["service"] in findings[0]["entity"]["name"].lower()
    return {"fault": fault["type"], "service": fault["service"], "before": len(before), "after": len(after), "right": first,
            "among": any(fault["service"] in finding["entity"]["name"].lower() for finding in findings), "found": told(findings),
            "said_to_run": any(finding["class"].startswith("cpu") for finding in findings), "quiet_named": told(quiet)}


def whole_day(folder, faults, directory):
    """One answer about all traces of a day."""
    path = os.path.join(directory, "day.jsonl")
    with open(path, "wb") as file:
        for part in sorted(glob.glob(folder + "/traces/*.jsonl.zst")):
            file.write(subprocess.run(["zstd", "-dcq", part], check=True, capture_output=True).stdout)
    begin = time.monotonic()
    out = subprocess.run([CULPRIT, "why", path, "--json"], capture_output=True, text=True, check=True)
    took_s = time.monotonic() - begin
    answer = json.loads(out.stdout)
    first = answer["findings"][0] if answer["findings"] else None
    services = {fault["service"] for fault in faults}
    right = first is not None and (first["class"] == "unexplained" or any(service in first["entity"]["name"].lower() for service in services))
    return {"day": os.path.basename(folder), "spans": answer["quality"]["received"].get("span"), "took_s": round(took_s, 1), "right": right,
            "summary": answer["summary"], "first": first and (first["class"], first["entity"]["name"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.path.join(ROOT, "../shared/data/nezha"))
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    rows, days = [], []
    with tempfile.TemporaryDirectory(prefix="culprit-bench-", dir="/var/tmp") as directory:
        for folder in sorted(glob.glob(f"{arguments.data}/*{arguments.only}*-*")):
            with open(folder + "/faults.json") as file:
                faults = json.load(file)
            days.append(whole_day(folder, faults, directory))
            print("ok  " if days[-1]["right"] else "MISS", days[-1], flush=True)
            for fault in faults:
                row = one(folder, fault, directory)
                if row is None:
                    continue
                rows.append(row)
                print("ok  " if row["right"] else "MISS", row["fault"], row["service"], row["before"], row["after"], row["found"], "quiet", row["quiet_named"], flush=True)
    slow = [row for row in rows if row["fault"] in SLOWS]
    result = {"pairs": len(rows), "slowing": len(slow), "slowing_right": sum(row["right"] for row in slow), "slowing_among": sum(row["among"] for row in slow),
              "said_to_run": sum(row["said_to_run"] for row in rows), "quiet_halves": len(rows), "quiet_named": sum(bool(row["quiet_named"]) for row in rows),
              "days": days, "rows": rows}
    if arguments.only:
        print(json.dumps({key: value for key, value in result.items() if key != "rows"}))
    else:
        keep("trace_nezha", result)


if __name__ == "__main__":
    main()
