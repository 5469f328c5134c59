"""A typical web service of a library: http.server, psycopg2, literals in simple queries, no tracing.

usage: library.py PORT DSN SCORE_URL [--pool N]      (N = 0: a connection of its own for every request)

A switch of its behaviour is `GET /mode/NAME/0|1`.
"""
import contextlib
import http.client
import http.server
import json
import random
import sys
import threading
import time
import urllib.parse
import urllib.request

import psycopg2

PORT, DSN, SCORE_URL = int(sys.argv[1]), sys.argv[2], sys.argv[3]
POOL = int(sys.argv[sys.argv.index("--pool") + 1]) if "--pool" in sys.argv else 24
modes = {}
idle = []
slots = threading.Semaphore(POOL or 1)


@contextlib.contextmanager
def connection():
    if POOL == 0:
        conn = psycopg2.connect(DSN)
        try:
            yield conn
            conn.commit()
        finally:
            conn.close()
        return
    with slots:
        conn = idle.pop() if idle else psycopg2.connect(DSN)
        try:
            yield conn
            conn.commit()
        except Exception:
            conn.rollback()
            raise
        finally:
            idle.append(conn)


def fetch(conn, text, values=()):
    with conn.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchall()


def isbn_of(number):
    return 9780000000000 + number


def loans(number):
    with connection() as conn:
        return fetch(conn, "select loan_id, isbn, due from loans where member_id = %s order by due limit 50", (number,))


def search(number):
    """Runs a query in the style of an ORM: aliases, a join, IN-lists of varying length."""
    members = tuple(random.sample(range(1, 20000), random.randint(2, 9)))
    with connection() as conn:
        return fetch(conn, 'SELECT "loans"."loan_id" AS "loans_loan_id", "loans"."due" AS "loans_due", "members"."name" AS "members_name" '
                     'FROM "loans" INNER JOIN "members" ON ("loans"."member_id" = "members"."id") '
                     'WHERE "members"."id" IN %s AND NOT ("loans"."note" IS NULL) ORDER BY "loans"."due" DESC LIMIT 21', (members,))


def shelf(number):
    with connection() as conn:
        isbns = [row[0] for row in fetch(conn, "select isbn from books where shelf = %s limit %s", (number, random.randint(20, 60)))]
        if modes.get("one_by_one"):
            return [fetch(conn, "select title, stock from books where isbn = %s", (isbn,)) for isbn in isbns]
        return fetch(conn, "select title, stock from books where isbn = any(%s)", (isbns,))


def lend(number):
    with connection() as conn, conn.cursor() as cursor:
        cursor.execute("update books set stock = stock - 1 where isbn = %s", (isbn_of(number),))
        return "ok"


def desk(number):
    """Takes an application's own lock in the database."""
    with connection() as conn:
        fetch(conn, "select pg_advisory_xact_lock(%s)", (4711,))
        return fetch(conn, "select name from members where id = %s", (number,))


def audit(number):
    with connection() as conn:
        conn.commit()
        conn.autocommit = bool(modes.get("autocommit"))
        with conn.cursor() as cursor:
            for step in range(50):
                cursor.execute("insert into audit(what) values (%s)", (f"event {step} of {number}",))
        conn.commit()
        conn.autocommit = False
        return "ok"


def rating(number):
    with connection() as conn:
        title = fetch(conn, "select title from books where isbn = %s", (isbn_of(number),))
        conn.commit()
    with urllib.request.urlopen(f"{SCORE_URL}/score/{number}") as answer:
        return [title, answer.read().decode()]


def branch(number):
    with connection() as conn:
        return fetch(conn, "select branch_load(%s)", (number,))


def export(number):
    with connection() as conn, conn.cursor() as cursor:
        rows = []
        sink = type("Sink", (), {"write": lambda _, data: rows.append(len(data))})()
        cursor.copy_expert(f"copy (select loan_id, due from loans where note like 'x%' and member_id = {number}) to stdout with csv", sink)
        return len(rows)


def walk(number):
    with connection() as conn, conn.cursor("walker") as cursor:
        cursor.itersize = 40
        cursor.execute("select isbn, title from books where shelf between %s and %s", (number, number + 2))
        return sum(1 for _ in cursor)


def catalogue(number):
    with connection() as conn:
        return len(fetch(conn, "select isbn, title, stock from books where shelf >= %s", (number,)))


def print_card(number):
    """Holds its connection while it sleeps, so that later requests wait for the pool."""
    with connection() as conn:
        name = fetch(conn, "select name from members where id = %s", (number,))
        time.sleep(0.08)
        return name


def cover(number):
    """Uses only the CPU."""
    total = 0
    for step in range(120_000 if modes.get("heavy") else 2_000):
        total = (total * 31 + step) % 1_000_003
    return total


ROUTES = {"loans": loans, "search": search, "shelf": shelf, "lend": lend, "desk": desk, "audit": audit, "rating": rating, "branch": branch,
          "export": export, "walk": walk, "catalogue": catalogue, "card": print_card, "cover": cover}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urllib.parse.urlparse(self.path).path.strip("/").split("/")
        status = 200
        if parts[0] == "mode":
            modes[parts[1]] = parts[2] == "1"
            body = modes
        elif parts[0] in ROUTES:
            try:
                body = ROUTES[parts[0]](int(parts[1]))
            except psycopg2.Error as error:
                status, body = 500, str(error)
        else:
            status, body = 404, "no such thing"
        data = json.dumps(body, default=str).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


if POOL:  # the connections exist before a recording begins
    idle.extend(psycopg2.connect(DSN) for _ in range(min(POOL, 8)))
Server(("127.0.0.1", PORT), Handler).serve_forever()
