"""Generates systems of services and their traces as OTLP JSON lines, healthy or with one known fault.

A system is drawn by its seed: topology, naming habit, semantic conventions, instances, noise, clocks that differ, spans that are lost,
sampling. Nothing here knows how culprit looks for a fault.
"""
import json
import random

MS = 1_000_000
FAULTS = ("self_all", "self_tail", "self_instance", "self_version", "slow_statement", "row_lock", "n_plus_one", "slow_peer", "retries", "errors",
          "queue", "serial")
WORDS = {"shop": ["order", "cart", "price", "stock", "user", "invoice", "coupon"], "bank": ["account", "transfer", "ledger", "limit", "fraud", "card", "rate"],
         "media": ["track", "artist", "playlist", "review", "feed", "cover", "lyric"], "travel": ["seat", "route", "train", "ticket", "station", "voucher", "food"]}
KIND = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
VERBS = ("get", "list", "find", "check", "load")


def name_habit(habit, word, verb):
    """Returns (service, server span, inner span) with typical names of one language."""
    cap, vcap = word.capitalize(), verb.capitalize()
    return {"java": (f"ts-{word}-service", f"{cap}Controller.{verb}{cap}", f"{cap}ServiceImpl.{verb}"),
            "go": (f"{word}svc", f"/api.v1.{cap}Service/{vcap}{cap}", f"{word}.(*Store).{vcap}"),
            "python": (f"{word}_api", f"GET /{word}s/{{{word}_id}}", f"{word}s.views.{verb}_{word}"),
            "node": (f"{word}-service", f"GET /api/{word}s/:id", f"middleware - {verb}{cap}"),
            "dotnet": (f"Acme.{cap}.Api", f"GET api/{cap}/{{id}}", f"Acme.{cap}.{vcap}Handler")}[habit]


class Op:
    def __init__(self, service, name, inner):
        self.service, self.name, self.inner, self.steps = service, name, inner, []


class System:
    def __init__(self, seed):
        draw = self.draw = random.Random(seed * 7919 + 13)
        self.seed = seed
        habits = list(("java", "go", "python", "node", "dotnet"))
        mixed = draw.random() < 0.3
        habit = draw.choice(habits)
        words = WORDS[draw.choice(sorted(WORDS))][:]
        draw.shuffle(words)
        self.old_names = draw.random() < 0.5
        self.skew = draw.random() < 0.5
        self.lost = draw.choice((0, 0, 0.004, 0.02))
        self.sampled = draw.random() < 0.25
        self.by_host = draw.choice(("host.name", "service.instance.id", "k8s.pod.name"))
        self.noise = draw.choice((0.15, 0.3, 0.5))
        self.database = draw.choice(("postgresql", "mysql"))
        self.peer = draw.choice(("api.payments.example", "smtp.mail.example", "geo.maps.example"))
        self.ops, self.roots = [], []
        for word in words[:draw.randint(4, 7)]:
            self.ops.append(Op(*name_habit(draw.choice(habits) if mixed else habit, word, draw.choice(VERBS))))
            self.ops[-1].word = word
        gateway = draw.choice(("gateway", "frontend", "edge-proxy", "web"))
        for i in range(draw.randint(2, 3)):
            root = Op(gateway, f"{draw.choice(('GET', 'POST'))} /{words[i]}/{draw.choice(('page', 'summary', 'view'))}", f"handle {words[i]}")
            root.word = words[i]
            self.roots.append(root)
        self.plan()
        self.instances = {}
        for op in self.ops + self.roots:
            if op.service not in self.instances:
                self.instances[op.service] = [f"{op.service}-{draw.getrandbits(40):010x}-{i}" for i in range(draw.randint(2, 4))]
        self.clocks = {name: draw.randint(-8, 8) * MS if self.skew else 0 for names in self.instances.values() for name in names}

    def plan(self):
        """Chooses each operation's steps: work, statements, and calls of lower operations, sometimes in parallel."""
        draw, ops = self.draw, self.ops
        for i, op in enumerate(ops):
            below = ops[i + 1:]
            op.steps.append(("work", draw.uniform(0.5, 4)))
            if draw.random() < 0.75 or not below:
                op.steps.append(("db", f"SELECT id, name, state FROM {op.word}s WHERE {op.word}_id = ?", draw.uniform(0.4, 3)))
            if draw.random() < 0.4:
                op.steps.append(("db", f"UPDATE {op.word}s SET state = ?, touched = now() WHERE {op.word}_id = ?", draw.uniform(0.6, 3)))
            for other in draw.sample(below, min(len(below), draw.choice((0, 1, 1, 2)))):
                op.steps.append(("call", other))
            if draw.random() < 0.2:
                op.steps.append(("peer", "POST /v2/submit", draw.uniform(4, 12)))
            op.steps.append(("work", draw.uniform(0.2, 2)))
        for i, root in enumerate(self.roots):
            chosen = draw.sample(ops, min(len(ops), draw.randint(1, 3)))
            if i == 0:
                chosen = [ops[0]] + [op for op in chosen if op is not ops[0]]
            root.steps.append(("work", draw.uniform(0.5, 3)))
            if len(chosen) >= 2 and (draw.random() < 0.5 or i == 0):
                root.steps.append(("par", chosen))
                for op in chosen:  # takes long enough for the order to matter
                    op.steps.insert(0, ("work", draw.uniform(10, 25)))
            else:
                root.steps += [("call", op) for op in chosen]
            root.steps.append(("work", draw.uniform(0.3, 2)))

    # --- faults

    def reached(self, root):
        found = [root]
        for op in found:
            for step in op.steps:
                for other in step[1] if step[0] == "par" else [step[1]] if step[0] == "call" else []:
                    if other not in found:
                        found.append(other)
        return found

    def fault(self, name):
        """Returns a fault for one operation below the first root, with its truth. None: the system has no place for this fault."""
        draw = random.Random(self.seed * 104729 + FAULTS.index(name))
        root = self.roots[0]
        ops = self.reached(root)
        usual = sum(self.run(root, None, random.Random(i))[0] for i in range(40)) / 40 / MS
        add = usual * draw.uniform(1.2, 3) + 20
        both = ("baseline", "alone")
        having = lambda kind: [op for op in ops if any(step[0] == kind for step in op.steps)]
        statements = [(op, step) for op in ops for step in op.steps if step[0] == "db"]
        fault = {"name": name, "ms": add}
        truth = {"classes": {"dependency_slow"}, "modes": both}
        if name in ("self_all", "self_tail", "self_instance", "self_version"):
            op = fault["op"] = draw.choice(ops if name == "self_all" else ops[1:])
            truth["names"] = [op.service]
            if name == "self_all":
                truth["modes"] = both if add > 150 and op is not root else ("baseline",)
            if name == "self_tail":
                fault["ms"], fault["share"] = add * 6, 0.1
            if name == "self_instance":
                fault["instance"] = draw.choice(self.instances[op.service])
                truth["classes"], truth["names"] = {"bad_instance"}, [fault["instance"]]
            if name == "self_version":
                fault["instances"] = self.instances[op.service][:max(1, len(self.instances[op.service]) // 2)]
                truth["names"] = [op.service, "deploy"]
                truth["classes"] = {"dependency_slow", "bad_instance"}
        elif name in ("slow_statement", "n_plus_one", "row_lock"):
            fitting = [(op, step) for op, step in statements if (name == "row_lock") == step[1].startswith("UPDATE")]
            if not fitting:
                return None
            fault["op"], fault["step"] = draw.choice(fitting)
            truth["classes"] = {"n_plus_one"} if name == "n_plus_one" else {"slow_statement"} if name == "slow_statement" else {"slow_statement", "lock_wait"}
            truth["names"] = [fault["step"][1]]
            if name == "n_plus_one":
                fault["times"] = max(8, int(add / (fault["step"][2] + 0.6)))
            if name == "row_lock":
                fault["ms"], fault["share"] = add * 4, 0.25
        elif name == "slow_peer":
            fitting = having("peer")
            if not fitting:
                return None
            fault["op"], fault["ms"] = draw.choice(fitting), add + 120
            truth["names"] = [self.peer]
        elif name in ("retries", "errors", "queue"):
            op = fault["op"] = draw.choice(ops[1:])
            truth["names"] = [op.service]
            if name == "retries":
                fault["share"], fault["pause"] = 0.5, max(20, add / 2)
                truth["classes"] = {"retry_storm"}
            if name == "errors":
                fault["share"] = 0.3
                truth["classes"] = {"error_return", "exception"}
            if name == "queue":
                truth["classes"] = {"network_delay", "pool_wait"}
        elif name == "serial":
            if not having("par"):
                return None
            op = fault["op"] = having("par")[0]
            truth["classes"], truth["names"], truth["modes"] = {"serial_calls"}, [op.service], ("baseline",)
        return fault, truth

    # --- one request

    def run(self, root, fault, draw):
        spans = []
        self.spans, self.now_fault, self.rng = spans, fault, draw
        end = self.handle(root, 0, None)[0]
        return end, spans

    def vary(self, ms):
        return max(1000, int(ms * MS * self.rng.lognormvariate(0, self.noise)))

    def add(self, parent, service, instance, name, kind, start, attributes=()):
        span = {"id": len(self.spans) + 1, "parent": parent, "service": service, "instance": instance, "name": name, "kind": kind, "start": start, "end": start,
                "attributes": dict(attributes), "error": None}
        self.spans.append(span)
        return span

    def hit(self, name, op):
        fault = self.now_fault
        if not fault or fault["name"] != name or fault["op"] is not op:
            return False
        return self.rng.random() < fault.get("share", 1)

    def self_time(self, op, instance):
        fault = self.now_fault
        if not fault or fault["op"] is not op:
            return 0
        if fault["name"] == "self_instance":
            return fault["ms"] * 2 * (instance == fault["instance"])
        if fault["name"] == "self_version":
            return fault["ms"] * 2 * (instance in fault["instances"])
        return fault["ms"] if self.hit("self_all", op) or self.hit("self_tail", op) else 0

    def handle(self, op, at, caller):
        """Makes the server's span; returns (end, failed)."""
        rng = self.rng
        instance = rng.choice(self.instances[op.service])
        server = self.add(caller, op.service, instance, op.name, "server", at, self.http(op))
        inner = self.add(server["id"], op.service, instance, op.inner, "internal", at + self.vary(0.05)) if op.inner and self.seed % 3 else server
        now, failed, worked = inner["start"] + self.vary(0.05), False, False
        fault = self.now_fault
        for step in op.steps:
            if step[0] == "work":
                now += self.vary(step[1])
                if not worked:
                    extra = self.self_time(op, instance)
                    now, worked = now + (self.vary(extra) if extra else 0), True
            elif step[0] == "db":
                now = self.query(inner["id"], op, instance, step, now)
            elif step[0] == "peer":
                slow = fault["ms"] if self.hit("slow_peer", op) else 0
                call = self.add(inner["id"], op.service, instance, step[1], "client", now, {self.key("server.address", "net.peer.name"): self.peer})
                now = call["end"] = now + self.vary(step[2] + slow)
            elif step[0] == "call":
                now, failed = self.call(inner["id"], op, instance, step[1], now)
            else:
                now = self.side_by_side(inner["id"], op, instance, step[1], now)
            if failed:
                break
        if self.hit("errors", op):
            inner["error"] = "java.lang.IllegalStateException: no such state"
            failed = True
        if failed:
            server["error"] = server["error"] or "internal error"
            server["attributes"][self.key("http.response.status_code", "http.status_code")] = 500
        inner["end"] = now
        server["end"] = now = now + self.vary(0.05)
        return now, failed

    def side_by_side(self, parent, op, instance, others, now):
        fault = self.now_fault
        slow = bool(fault) and fault["name"] == "serial" and fault["op"] is op
        ends, at = [], now
        for other in others:
            end = self.call(parent, op, instance, other, at)[0]
            ends.append(end)
            at = end if slow else at + self.vary(0.05)
        return max(ends) + self.vary(0.1)

    def call(self, parent, op, instance, other, now):
        wire = self.vary(0.3)
        attempts = 3 if self.now_fault and self.now_fault["name"] == "retries" and self.now_fault["op"] is other else 1
        for attempt in range(attempts):
            client = self.add(parent, op.service, instance, self.client_name(other), "client", now,
                              {self.key("server.address", "net.peer.name"): other.service, self.key("http.request.method", "http.method"): "GET"})
            if attempt < attempts - 1 and self.hit("retries", other):
                refused = self.add(client["id"], other.service, self.rng.choice(self.instances[other.service]), other.name, "server", now + wire)
                refused["end"] = refused["start"] + self.vary(1)
                refused["error"] = client["error"] = "503 Service Unavailable"
                client["end"] = refused["end"] + wire
                now = client["end"] + self.vary(self.now_fault["pause"] * (attempt + 1))
                continue
            queue = self.vary(self.now_fault["ms"]) if self.hit("queue", other) else 0
            end, failed = self.handle(other, now + wire + queue, client["id"])
            client["end"] = now = end + self.vary(0.3)
            if failed:
                client["error"] = "HTTP 500"
            return now, failed
        return now, False

    def query(self, parent, op, instance, step, now):
        fault = self.now_fault
        text, ms = step[1], step[2]
        here = fault and fault["op"] is op and fault.get("step") is step
        times = fault["times"] if here and fault["name"] == "n_plus_one" else 1
        for i in range(times):
            shown = text.replace("?", str(self.rng.randint(1, 99999))) if self.old_names else text.replace("?", "$1" if self.database == "postgresql" else "?")
            attributes = {self.key("db.system.name", "db.system"): self.database, self.key("db.query.text", "db.statement"): shown,
                          self.key("db.namespace", "db.name"): "main", self.key("server.address", "net.peer.name"): f"{op.word}-db", "server.port": 5432}
            name = f"{text.split()[0]} {op.word}s" if self.seed % 2 else f"{text.split()[0]} main.{op.word}s"
            span = self.add(parent, op.service, instance, name, "client", now, attributes)
            slow = fault["ms"] if here and fault["name"] in ("slow_statement", "row_lock") and self.rng.random() < fault.get("share", 1) else 0
            now = span["end"] = now + self.vary(ms + slow)
            now += self.vary(0.1)
        return now

    def key(self, new, old):
        return old if self.old_names else new

    def http(self, op):
        if op.name.startswith("/"):
            return {"rpc.system": "grpc", "rpc.method": op.name}
        return {self.key("http.request.method", "http.method"): op.name.split()[0] if " " in op.name else "GET", "http.route": op.name.split()[-1]}

    def client_name(self, other):
        if other.name.startswith("/"):
            return other.name[1:] if self.seed % 2 else other.name
        return "GET" if self.seed % 2 else f"GET {other.service}"

    # --- files

    def write(self, path, requests, start_s, fault):
        """Writes traces to `path`. Returns the truth of the fault; None without a fault."""
        planted = self.fault(fault) if fault else None
        if fault and planted is None:
            return None
        what, truth = planted if planted else (None, None)
        rng = random.Random(f"{self.seed} {fault} {start_s}")
        with open(path, "w") as file:
            at = 1_790_000_000_000_000_000 + start_s * 1000 * MS
            for _ in range(requests):
                root = self.roots[0] if rng.random() < 0.5 else rng.choice(self.roots)
                at += int(rng.expovariate(1 / 150) * MS)
                spans = self.run(root, what, rng)[1]
                self.emit(file, spans, at, rng, what)
        return truth

    def emit(self, file, spans, at, rng, fault):
        trace_id = f"{rng.getrandbits(128):032x}"
        if self.sampled and int(trace_id, 16) % (1 << 56) < 1 << 55:
            return  # the threshold of ot=th:8
        ids = {span["id"]: f"{rng.getrandbits(64) | 1:016x}" for span in spans}
        resources = {}
        for span in spans:
            if rng.random() < self.lost:
                continue
            clock = self.clocks[span["instance"]]
            out = {"traceId": trace_id, "spanId": ids[span["id"]], "name": span["name"], "kind": KIND[span["kind"]],
                   "startTimeUnixNano": str(at + span["start"] + clock), "endTimeUnixNano": str(at + span["end"] + clock),
                   "attributes": [{"key": key, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
                                  for key, value in span["attributes"].items()]}
            if span["parent"]:
                out["parentSpanId"] = ids[span["parent"]]
            if self.sampled:
                out["traceState"] = "ot=th:8"
            if span["error"]:
                out["status"] = {"code": 2, "message": span["error"]}
                if "Exception" in span["error"]:
                    out["events"] = [{"name": "exception", "timeUnixNano": out["endTimeUnixNano"],
                                      "attributes": [{"key": "exception.type", "value": {"stringValue": span["error"].split(":")[0]}}]}]
            resources.setdefault((span["service"], span["instance"]), []).append(out)
        for (service, instance), members in resources.items():
            newer = fault and fault["name"] == "self_version" and instance in fault["instances"]
            attributes = {"service.name": service, self.by_host: instance, "service.version": "2.1.0" if newer else "2.0.7"}
            file.write(json.dumps({"resourceSpans": [{"resource": {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]},
                                                      "scopeSpans": [{"scope": {"name": "made-up"}, "spans": members}]}]}) + "\n")
