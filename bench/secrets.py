#!/usr/bin/env python3
"""Plants more than four hundred kinds of secrets in places where secrets occur: a recording must contain none of them.

usage: secrets.py [--keep DIR]

SQL (simple, extended, bound values; plain and under TLS), HTTP in both directions, other protocols, command lines, environments, programs
and scripts of recorded processes, and of processes outside the scope that use their CPUs; in a second run with `record -- COMMAND`. Looked for in the raw files, in every decompressed frame and in every row of every table. What is no secret
(a table's name) must be found by the same search, or it proves nothing. Needs root, Python 3 and the zstd program.
"""
import argparse
import base64
import http.server
import json
import os
import random
import shutil
import socket
import string
import struct
import subprocess
import sys
import tempfile
import threading
import time

from bench import CULPRIT, Cluster, ask, keep
from postgresql_wire import Postgresql

TABLES = ("span", "thread_state", "log", "metric", "process", "connection", "host", "ledger")
CONTROL = "culprit_control_table"

SQL = """
SELECT '{s}'
SELECT E'{s}\\n'
SELECT E'it\\'s {s}'
SELECT $${s}$$
SELECT $tag${s} $$ more$tag$
SELECT U&'{s}'
SELECT N'{s}'
SELECT 'a' '{s}'
SELECT 'it''s {s}'
/* {s} */ SELECT 1
/* outer /* {s} */ inner */ SELECT 1
SELECT 1 -- {s}
SELECT 1 /* not closed {s}
SELECT 'not closed {s}
SELECT $$not closed {s}
SELECT {n}
SELECT -{n}.5e1
SELECT 0 WHERE {n} = 5
SELECT * FROM culprit_control_table WHERE v = '{s}'
SELECT * FROM culprit_control_table WHERE v LIKE '%{s}%'
SELECT * FROM culprit_control_table WHERE v IN ('a', '{s}', 'b')
SELECT * FROM culprit_control_table WHERE v = ANY ('{{a,{s}}}')
INSERT INTO culprit_control_table VALUES (1, '{s}')
INSERT INTO culprit_control_table VALUES (1, 'a'), (2, '{s}'), (3, {n})
UPDATE culprit_control_table SET v = '{s}' WHERE id = {n}
DELETE FROM culprit_control_table WHERE v = '{s}'
VALUES ('{s}')
ALTER ROLE postgres PASSWORD '{s}'
ALTER ROLE postgres WITH ENCRYPTED PASSWORD '{s}' VALID UNTIL 'infinity'
CREATE ROLE nobody_{r} LOGIN PASSWORD '{s}'
ALTER USER postgres PASSWORD E'{s}'
CREATE USER MAPPING FOR postgres SERVER none OPTIONS (user 'u', password '{s}')
CREATE SUBSCRIPTION s CONNECTION 'host=h dbname=d password={s}' PUBLICATION p
ALTER SYSTEM SET primary_conninfo = 'host=h password={s}'
SET app.secret = '{s}'
SELECT set_config('app.secret', '{s}', false)
DO $$ BEGIN PERFORM '{s}'; END $$
DO $$ BEGIN RAISE EXCEPTION '{s}'; END $$
NOTIFY culprit, '{s}'
COMMENT ON TABLE culprit_control_table IS '{s}'
PREPARE p_{r} AS SELECT '{s}'
EXECUTE p_none('{s}')
SELECT '{{"password": "{s}"}}'::jsonb
SELECT '{s}'::int
SELECT '\\x{h}'::bytea
SELECT x'{h}'
DECLARE c CURSOR FOR SELECT '{s}'
EXPLAIN SELECT '{s}'
SELECT dblink('host=h password={s}', 'SELECT 1')
SELECT crypt('{s}', gen_salt('bf'))
SELECT pgp_sym_decrypt('a', '{s}')
CREATE FUNCTION f_{r}() RETURNS text LANGUAGE sql AS $f$ SELECT '{s}' $f$
CREATE VIEW v_{r} AS SELECT '{s}' AS v
CREATE TABLE t_{r} (v text DEFAULT '{s}')
COPY (SELECT '{s}') TO STDOUT
SELECT 1; SELECT '{s}'; SELECT 2
SELEC '{s}' FORM nothing
""".strip().split("\n")

HTTP = {  # method, target, headers, body
    "query": ("GET", "/a?token={s}", {}, ""),
    "query second": ("GET", "/a?x=1&password={s}", {}, ""),
    "query without name": ("GET", "/a?{s}", {}, ""),
    "query encoded": ("GET", "/a?q=%22{s}%22", {}, ""),
    "matrix parameter": ("GET", "/a;jsessionid={s}", {}, ""),
    "segment": ("GET", "/reset/{s}", {}, ""),
    "segment with suffix": ("GET", "/reset/{s}/confirm", {}, ""),
    "mail in path": ("GET", "/users/{s}@example.com", {}, ""),
    "user information": ("GET", "http://user:{s}@127.0.0.1/", {}, ""),
    "fragment": ("GET", "/a#{s}", {}, ""),
    "long number in path": ("GET", "/cards/{n}", {}, ""),
    "mail of a person": ("GET", "/users/{p}@example.org/orders", {}, ""),
    "encoded mail": ("GET", "/users/{p}%40example.org", {}, ""),
    "short token": ("GET", "/reset/{t}", {}, ""),
    "short token in a file's name": ("GET", "/exports/{t}.csv", {}, ""),
    "short matrix parameter": ("GET", "/map;owner={p}/tiles", {}, ""),
    "short query": ("GET", "/a?q={p}", {}, ""),
    "bearer": ("GET", "/a", {"Authorization": "Bearer {s}"}, ""),
    "basic": ("GET", "/a", {"Authorization": "Basic {b}"}, ""),
    "digest": ("GET", "/a", {"Authorization": "Digest username=\"u\", response=\"{s}\""}, ""),
    "proxy authorization": ("GET", "/a", {"Proxy-Authorization": "Basic {b}"}, ""),
    "cookie": ("GET", "/a", {"Cookie": "session={s}"}, ""),
    "cookies": ("GET", "/a", {"Cookie": "a=b; session={s}; c=d"}, ""),
    "api key": ("GET", "/a", {"X-Api-Key": "{s}"}, ""),
    "auth token": ("GET", "/a", {"X-Auth-Token": "{s}"}, ""),
    "csrf": ("GET", "/a", {"X-CSRF-Token": "{s}"}, ""),
    "amazon": ("GET", "/a", {"X-Amz-Security-Token": "{s}"}, ""),
    "any header": ("GET", "/a", {"X-Whatever": "{s}"}, ""),
    "referer": ("GET", "/a", {"Referer": "http://h/a?token={s}"}, ""),
    "user agent": ("GET", "/a", {"User-Agent": "agent/{s}"}, ""),
    "forwarded": ("GET", "/a", {"X-Forwarded-For": "{s}"}, ""),
    "baggage": ("GET", "/a", {"baggage": "user={s}"}, ""),
    "folded header": ("GET", "/a", {"X-Fold": "a\r\n {s}"}, ""),
    "origin": ("GET", "/a", {"Origin": "http://{s}.example"}, ""),
    "etag": ("GET", "/a", {"If-None-Match": "\"{s}\""}, ""),
    "form": ("POST", "/login", {"Content-Type": "application/x-www-form-urlencoded"}, "user=u&password={s}"),
    "json": ("POST", "/login", {"Content-Type": "application/json"}, "{{\"password\": \"{s}\"}}"),
    "xml": ("POST", "/login", {"Content-Type": "application/xml"}, "<password>{s}</password>"),
    "text": ("PUT", "/a", {"Content-Type": "text/plain"}, "{s}"),
    "multipart": ("POST", "/a", {"Content-Type": "multipart/form-data; boundary=b"}, "--b\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\n{s}\r\n--b--\r\n"),
    "graphql": ("POST", "/graphql", {"Content-Type": "application/json"}, "{{\"query\": \"mutation {{ login(p: \\\"{s}\\\") }}\"}}"),
    "boundary": ("POST", "/a", {"Content-Type": "multipart/form-data; boundary={s}"}, "--{s}--\r\n"),
    "delete with body": ("DELETE", "/a", {}, "{s}"),
    "strange method": ("{s}", "/a", {}, ""),
    "answer's body": ("GET", "/echo-body", {"X-Echo": "{s}"}, ""),
    "answer's cookie": ("GET", "/echo-cookie", {"X-Echo": "{s}"}, ""),
    "answer's location": ("GET", "/echo-location", {"X-Echo": "{s}"}, ""),
    "answer's reason": ("GET", "/echo-reason", {"X-Echo": "{s}"}, ""),
    "answer's error": ("GET", "/echo-error", {"X-Echo": "{s}"}, ""),
    "answer's challenge": ("GET", "/echo-challenge", {"X-Echo": "{s}"}, ""),
    "answer's header": ("GET", "/echo-header", {"X-Echo": "{s}"}, ""),
    "pipelined": ("GET", "/a?a=b HTTP/1.1\r\nHost: h\r\n\r\nGET /b?token={s}", {}, ""),
}

OTHER = ["AUTH {s}\r\n", "*2\r\n$4\r\nAUTH\r\n$33\r\n{s}\r\n", "AUTH PLAIN {b}\r\n", "PASS {s}\r\n", "set key 0 0 33\r\n{s}\r\n", "LOGIN u {s}\r\n",
         "{s}\n", "\x00\x00\x00\x21{s}", "<{s}>", "CONNECT {{\"auth_token\":\"{s}\"}}\r\n"]

COMMANDS = ["--password={s}", "--password|{s}", "-p{s}", "--token={s}", "--token|{s}", "--secret={s}", "--api-key={s}", "--api-key|{s}",
            "--client-secret|{s}", "--access-token={s}", "--auth|{s}", "--passphrase|{s}", "PGPASSWORD={s}", "AWS_SECRET_ACCESS_KEY={s}",
            "NPM_TOKEN={s}", "postgres://u:{s}@h/db", "postgresql://u:{s}@h:5432/db?sslmode=require", "http://u:{s}@h/",
            "redis://:{s}@h:6379/0", "amqp://u:{s}@h", "mongodb+srv://u:{s}@h/d", "host=h user=u password={s} dbname=d",
            "Server=h;User Id=u;Password={s};", "jdbc:postgresql://h/d?user=u&password={s}", "-Dspring.datasource.password={s}",
            "https://h/a?access_token={s}", "https://h/a?sig={s}&x=1", "-H|Authorization: Bearer {s}", "-H|X-Api-Key: {s}", "--header|Cookie: s={s}",
            "--user|u:{s}", "-u|u:{s}", "--data|{{\"password\":\"{s}\"}}", "-d|password={s}&u=u", "--build-arg|DB_PASSWORD={s}",
            "DATABASE_URL=postgres://u:{s}@h/d", "--dsn=u:{s}@tcp(h)/d", "--private-key={s}", "Bearer {s}", "password: {s}",
            "--requirepass|{p}", "--masterauth|{p}", "-ualice:{p}", "-u{p}", "-p{p}", "-p|{p}", "--user={p}", "--user|{p}", "--name={p}", "{p}",
            "-b|alice|{p}", "echo|{p}", "http://{p}:{p}@h/", "http://h/users/{t}", "/home/{p}/shop/app.py", "--config=/home/{p}/app.toml", "-x|{t}", "KEY={p}",
            "--pin={i}", "--pin|{i}"]
# Command lines of a shell.
SHELL = ["PGPASSWORD={p} sleep 1; true", "MYSQL_PWD={p} exec sleep 1", "sleep 1 --requirepass {p} || true", "curl -s -H 'Authorization: Bearer {s}' http://127.0.0.1:1/; sleep 1",
         "curl -s -u alice:{p} http://127.0.0.1:1/; sleep 1", "curl -s http://alice:{p}@127.0.0.1:1/; sleep 1", "sleep 1 # {p}", "echo {p} | cat >/dev/null; sleep 1",
         "export TOKEN={t}; sleep 1", "psql 'postgres://alice:{p}@127.0.0.1:1/shop' -c 'select 1' 2>/dev/null; sleep 1",
         "mysql -ualice -p{p} 2>/dev/null; redis-cli -a {p} ping 2>/dev/null; sleep 1", "sshpass -p {p} true 2>/dev/null; sleep 1"]
ENVIRONMENT = ["PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "DATABASE_URL"]


class Planter:
    """Makes a new secret at each call, and knows the forms in which it may appear."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.planted = []  # (kind, forms)

    def fill(self, kind, template):
        r = self.random
        secret = r.choice(string.ascii_letters) + "".join(r.choice(string.ascii_letters + string.digits) for _ in range(32))
        number = r.choice("45") + "".join(r.choice(string.digits) for _ in range(14))  # a card's, with its check digit (ISO/IEC 7812-1)
        number += str(-sum(sum(divmod(int(digit) * (2 - i % 2), 10)) for i, digit in enumerate(number)) % 10)
        encoded = base64.b64encode(("user:" + secret).encode()).decode()
        forms = {secret} if "{s}" in template else set()
        forms |= {number} if "{n}" in template else set()
        forms |= {encoded, encoded.rstrip("=")[4:-2], secret} if "{b}" in template else set()
        forms |= {secret.encode().hex()} if "{h}" in template else set()
        # Typical passwords: a unique word with and without digits. A PIN is too short to be searched alone.
        word = "zq" + "".join(r.choice("bdfgklmnprstvw") + r.choice("aeiou") for _ in range(4))
        token = "".join(r.choice("ABCDEFGHKMNPQRSTVWXYZ") + r.choice(string.digits) + r.choice("bcdfghkmnpqrstvwxyz") for _ in range(4))
        pin = "".join(r.choice(string.digits) for _ in range(6))
        forms |= {word} if "{p}" in template else set()
        forms |= {token} if "{t}" in template else set()
        forms |= {"pin=" + pin, "pin " + pin} if "{i}" in template else set()
        self.planted.append((kind, [form.encode() for form in forms]))
        return template.format(s=secret, n=number, b=encoded, p=word, t=token, i=pin, h=secret.encode().hex(), r="".join(r.choice("abcdef") for _ in range(8)))


class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        secret, where = self.headers.get("X-Echo", ""), self.path.partition("-")[2]
        body = secret.encode() if where in ("body", "error") else b"ok"
        self.send_response(500 if where in ("error", "reason") else 302 if where == "location" else 200, secret if where == "reason" else None)
        for name, value in {"cookie": ("Set-Cookie", "s=" + secret), "location": ("Location", "http://h/a?token=" + secret),
                            "challenge": ("WWW-Authenticate", "Digest nonce=" + secret), "header": ("X-Whatever", secret)}.items():
            if where == name:
                self.send_header(*value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        pass


def plant_sql(planter, port):
    for tls in (False, True):
        wire = "tls" if tls else "tcp"
        for i, template in enumerate(SQL):
            for mode in ("simple", "extended"):
                text = planter.fill(f"sql {mode} {wire} {i + 1}: {template}", template)
                connection = Postgresql(port, tls)  # an error may end one
                getattr(connection, mode)(text)
                connection.socket.close()
        connection = Postgresql(port, tls)
        for kind, text in (("bound", "SELECT $1::text"), ("bound to a name", "SELECT v FROM culprit_control_table WHERE v = $1"), ("of a wrong type", "SELECT $1::int")):
            value = planter.fill(f"value {kind} {wire}", "{s}").encode()
            connection.extended(text, name=b"n" + kind[-3:].encode(), values=(value,))
        connection.extended("SELECT $1::bytea", values=(planter.fill(f"value in binary {wire}", "{s}").encode(),), binary=True)
        connection.simple("SELECT 1")
        connection.copy_in((planter.fill(f"copy in {wire}", "{s}") + "\n").encode())
        connection.socket.close()


def raw(port, data):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(1)
        connection.sendall(data.encode("latin-1"))
        try:
            while connection.recv(65536):
                pass
        except OSError:
            pass


def plant_http(planter):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for kind, (method, target, headers, body) in HTTP.items():
        head = f"{method} {target} HTTP/1.1\r\nHost: h\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        spare = "" if not body else "Content-Length: {length}\r\n"
        text = planter.fill("http " + kind, head.replace("{length}", "") + spare.replace("{length}", "<length>") + "Connection: close\r\n\r\n" + body)
        raw(server.server_port, text.replace("<length>", str(len(text.split("\r\n\r\n", 1)[1]))))


def plant_other(planter):
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            connection, _ = listener.accept()
            for _ in range(12):
                data = connection.recv(4096)
                if not data:
                    break
                connection.sendall(b"+OK " + data)
            connection.close()

    threading.Thread(target=serve, daemon=True).start()
    for template in OTHER:
        with socket.create_connection(listener.getsockname()) as connection:
            for turn in range(6):
                connection.sendall(planter.fill(f"other protocol {template!r} turn {turn + 1}", template).encode("latin-1"))
                connection.recv(4096)


def plant_commands(planter):
    running = []
    for template in COMMANDS:
        words = planter.fill(f"command line {template}", template).split("|")
        running.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)", *words]))
    for name in ENVIRONMENT:
        running.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"], env={**os.environ, name: planter.fill(f"environment {name}", "{s}")}))
    for template in SHELL:
        running.append(subprocess.Popen(["/bin/sh", "-c", planter.fill(f"shell {template}", template)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL))
    for process in running:
        process.wait()


def plant_homes(planter):
    """Runs a program and a script from home directories."""
    for kind, program in (("script", "#!/usr/bin/python3\nimport time; time.sleep(1)\n"), ("program", None)):
        home = planter.fill(f"home directory of a {kind}", "/home/{p}")
        os.makedirs(home + "/bin")
        try:
            path = f"{home}/bin/nightly"
            if program is None:
                shutil.copy("/bin/sleep", path)
            else:
                with open(path, "w") as file:
                    file.write(program)
            os.chmod(path, 0o755)
            subprocess.run([path, "1"], check=False)
        finally:
            shutil.rmtree(home)


def start_strangers(planter):
    """Starts processes outside the scope that use all CPUs, with secrets in their command lines and environments: requests wait for them."""
    code = "import time\nend = time.time() + 600\nwhile time.time() < end: pass"
    strangers = []
    for template in ("--password={s}", "--requirepass|{p}", "{p}", "-ualice:{p}", "http://u:{s}@h/"):
        words = planter.fill(f"stranger's command line {template}", template).split("|")
        strangers.append(subprocess.Popen([sys.executable, "-c", code, *words], env={**os.environ, "OTEL_SERVICE_NAME": planter.fill("stranger's service", "{p}")}))
    return strangers


def act(port, seed):
    planter = Planter(seed)
    sys.stdin.readline()
    plant_sql(planter, port)
    plant_http(planter)
    plant_other(planter)
    plant_commands(planter)
    plant_homes(planter)
    json.dump([(kind, [form.decode() for form in forms]) for kind, forms in planter.planted], sys.stdout)


def frames(data):
    """Yields the decompressed payload of every frame (docs/formats/frame.md)."""
    at = data.find(b"\xc1PF1")
    while at >= 0:
        head = struct.unpack_from("<H", data, at + 4)[0]
        length = struct.unpack_from("<I", data, at + 76)[0]
        yield subprocess.run(["zstd", "-dc"], input=data[at + head:at + head + length], capture_output=True, check=True).stdout
        at = data.find(b"\xc1PF1", at + head + length)


def places(recording):
    """Yields (name, bytes) for every form in which a recording can be read."""
    n_frames = 0
    for path, _, files in os.walk(recording):
        for file in files:
            data = open(os.path.join(path, file), "rb").read()
            yield "raw " + file, data
            for payload in frames(data) if os.path.basename(path) == "journal" else ():
                n_frames += 1
                yield "frame of " + file, payload
    if n_frames == 0:
        raise SystemExit("no frame was found: the search proves nothing")
    for table in TABLES:
        out = subprocess.run([CULPRIT, "sql", f"SELECT * FROM {table}", "-s", recording, "--json", "--max-rows", "10000000"], capture_output=True)
        if out.returncode != 0:
            raise SystemExit(out.stderr.decode())
        yield "table " + table, out.stdout
    for verb in ("why", "quality"):
        yield verb, subprocess.run([CULPRIT, verb, recording, "--json"], capture_output=True).stdout


def actor_argv(cluster, seed):
    return [sys.executable, __file__, "--act", str(cluster.port), "--seed", str(seed)]


def forms_of(planter):
    return [(kind, [form.decode() for form in forms]) for kind, forms in planter.planted]


def stop(processes):
    for process in processes:
        process.kill()
        process.wait()


def record_scope(recording, cluster, seed):
    planter = Planter(seed + 1000)
    actor = subprocess.Popen(actor_argv(cluster, seed), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    strangers = start_strangers(planter)
    try:
        recorder = subprocess.Popen([CULPRIT, "record", "-p", str(cluster.process.pid), "-p", str(actor.pid), "-o", recording], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE)
        time.sleep(2)
        planted = json.loads(actor.communicate("go\n")[0])
        time.sleep(0.5)
        recorder.terminate()
        errors = recorder.communicate()[1].decode()
    finally:
        stop(strangers)
    if recorder.returncode != 0:
        raise SystemExit("the recorder: " + errors)
    return planted + forms_of(planter), [process.pid for process in strangers]


def record_command(recording, cluster, seed):
    """Records the actor as a command. The server is outside the scope; its requests are seen at the actor's end."""
    planter = Planter(seed + 1000)
    strangers = start_strangers(planter)
    try:
        recorder = subprocess.run([CULPRIT, "record", "-o", recording, "--", *actor_argv(cluster, seed)], input="go\n", capture_output=True, text=True)
    finally:
        stop(strangers)
    if recorder.returncode != 0:
        raise SystemExit("the recorder: " + recorder.stderr)
    return json.loads(recorder.stdout) + forms_of(planter), [process.pid for process in strangers]


def search(recording, planted, strangers):
    found, control, sizes = {}, [], {}
    for place, data in places(recording):
        sizes[place] = sizes.get(place, 0) + len(data)
        if CONTROL.encode() in data:
            control.append(place)
        for kind, forms in planted:
            if any(form.encode() in data for form in forms):
                found.setdefault(kind, []).append(place)
    spans, named = ask(recording, "SELECT kind, count(*) AS n FROM span GROUP BY ALL"), ask(
        recording, f"SELECT count(*) AS n FROM process WHERE pid IN ({', '.join(map(str, strangers))})")
    return {"kinds": len(planted), "kinds_found": len(found), "found": found, "control_found_in": sorted(set(control)),
            "spans": {row["kind"]: row["n"] for row in spans}, "strangers_named": named[0]["n"], "bytes_searched": sum(sizes.values())}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--act", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--keep", help="leave the recording there")
    arguments = parser.parse_args()
    if arguments.act:
        return act(arguments.act, arguments.seed)
    directory = tempfile.mkdtemp(prefix="culprit-bench-", dir="/var/tmp")
    recording = arguments.keep or directory + "/r.culprit"
    with Cluster() as cluster:
        cluster.sql(f"CREATE TABLE {CONTROL} (id int, v text)")
        result = search(recording, *record_scope(recording, cluster, arguments.seed))
        by_command = directory + "/command.culprit"
        result["by_command"] = search(by_command, *record_command(by_command, cluster, arguments.seed + 1))
    shutil.rmtree(directory, ignore_errors=True)
    keep("secrets", {"seed": arguments.seed, **result})
    for one in (result, result["by_command"]):
        if one["found"] or not {"table span"} <= set(one["control_found_in"]) or not any(place.startswith("frame") for place in one["control_found_in"]):
            raise SystemExit("secrets were found" if one["found"] else "the control was not found")
        if not one["strangers_named"]:
            raise SystemExit("no stranger was blamed: what is stored of them was not tried")


if __name__ == "__main__":
    main()
