"""Open-loop load, latencies from the time a request was due.   usage: load.py SECONDS RATE:METHOD:HOST:PORT/PATH…   (@: a number)"""
import http.client
import json
import queue
import random
import sys
import threading
import time

SECONDS = float(sys.argv[1])
results = {}


def worker(todo, host, method, name):
    conn = http.client.HTTPConnection(host, timeout=30)
    while True:
        due, path = todo.get()
        good = False
        for _ in range(2):  # a server may close a connection that was idle
            try:
                conn.request(method, path)
                reply = conn.getresponse()
                reply.read()
                good = reply.status < 400
                break
            except OSError:
                conn = http.client.HTTPConnection(host, timeout=30)
        results[name].append((time.time() - due, good))


def generate(todo, rate, path):
    due = time.time()
    end = due + SECONDS
    while due < end:
        due += random.expovariate(rate)
        time.sleep(max(0, due - time.time()))
        todo.put((due, path.replace("@", str(random.randint(1, 200)))))


for spec in sys.argv[2:]:
    rate, method, rest = spec.split(":", 2)
    host, path = rest.split("/", 1)
    results[spec] = []
    todo = queue.Queue()
    for _ in range(24):
        threading.Thread(target=worker, args=(todo, host, method, spec), daemon=True).start()
    threading.Thread(target=generate, args=(todo, float(rate), "/" + path), daemon=True).start()
time.sleep(SECONDS + 0.5)
summary = {}
for spec, values in results.items():
    times = sorted(seconds for seconds, _ in values)
    summary[spec.split("/", 1)[1]] = {"requests": len(times), "errors": sum(not good for _, good in values),
                                      "p50_ms": round(times[len(times) // 2] * 1e3, 1) if times else None,
                                      "p95_ms": round(times[int(len(times) * 0.95)] * 1e3, 1) if times else None}
print(json.dumps(summary))
