"""Holds locks in several sessions.   usage: sessions.py NAME DSN    (prints the pids of its backends, then runs until it is killed)"""
import sys
import threading
import time

import psycopg2

NAME, DSN = sys.argv[1], sys.argv[2]
SOME = "isbn between 9780000000001 and 9780000000100"


def connect(name):
    return psycopg2.connect(DSN, application_name=name)


def idle(conn, rows=SOME):
    """Locks rows and stays idle in its transaction."""
    with conn.cursor() as cursor:
        cursor.execute(f"update books set title = title where {rows}")
        time.sleep(3600)


def active(conn):
    """Runs one long transaction with many short statements, without idle time."""
    with conn.cursor() as cursor:
        while True:
            cursor.execute(f"update books set title = title where {SOME}")
            end = time.time() + 1.0
            while time.time() < end:
                cursor.execute("select count(*) from members where id < 50")
                time.sleep(0.01)
            conn.rollback()
            time.sleep(0.25)


def advisory(conn):
    with conn.cursor() as cursor:
        while True:
            cursor.execute("select pg_advisory_lock(4711)")
            time.sleep(0.8)
            cursor.execute("select pg_advisory_unlock(4711)")
            conn.commit()
            time.sleep(0.2)


def alter(conn):
    with conn.cursor() as cursor:
        while True:
            cursor.execute("alter table loans add column shade text")
            time.sleep(0.7)
            conn.rollback()
            time.sleep(0.4)


def reader(conn):
    """Reads the table and does not end its transaction."""
    with conn.cursor() as cursor:
        cursor.execute("select due from loans where loan_id = 17")
        time.sleep(3600)


def second(conn, *statements):
    """Waits for the first session and blocks others."""
    with conn.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        time.sleep(3600)


PLANS = {
    "idle": [idle],
    "active": [active],
    "advisory": [advisory],
    "alter": [alter],
    "queue": [lambda conn: idle(conn, "isbn = 9780000000001"),
              lambda conn: second(conn, "update books set stock = stock where isbn between 9780000000002 and 9780000000100",
                                  "update books set title = title where isbn = 9780000000001")],
    "ddl_queue": [reader, lambda conn: second(conn, "alter table loans add column shade text")],
}

for plan in PLANS[NAME]:
    conn = connect("nightly")
    print(conn.get_backend_pid(), flush=True)
    threading.Thread(target=plan, args=(conn,), daemon=True).start()
    time.sleep(0.3)
print("up", flush=True)
time.sleep(3600)
