"""The cases: the planted fault, its load, and the right answer."""
import contextlib
import dataclasses
import glob
import os
import threading
import time
from typing import Callable, Optional


@dataclasses.dataclass
class Want:
    classes: tuple = ()  # empty: no finding is right
    entity: tuple = ()   # one of these stands in the entity's name or statement, or is the caller
    holder: Optional[int] = None  # which of the planted sessions
    never: tuple = ()    # classes that would be wrong anywhere in the answer


@dataclasses.dataclass
class Case:
    name: str
    says: str
    plant: Callable
    load: list
    want: Want
    ask: bool = False
    bare: bool = False       # `why` that records by itself
    pid_scope: bool = False  # only the service is recorded
    node: bool = False
    needs: str = ""  # a program


LIBRARY = ["library:10:GET:loans/@", "library:4:GET:shelf/@", "library:8:POST:lend/@", "library:4:GET:rating/@"]
TICKETS = ["tickets:6:GET:seats/@", "tickets:8:GET:customer/@", "tickets:3:POST:buy/@"]


def nothing(_lab):
    return None


def sql(lab, text):
    lab.psql(lab.first, "library", "-c", text)


def no_index(lab):
    sql(lab, "drop index loans_member")
    return lambda: sql(lab, "create index loans_member on loans(member_id)")


def no_index_tickets(lab):
    lab.psql(lab.second, "tickets", "-c", "drop index tickets_customer")
    return lambda: lab.psql(lab.second, "tickets", "-c", "create index tickets_customer on tickets(customer)")


def mode(service, name):
    def plant(lab):
        lab.mode(service, name, True)
        return lambda: lab.mode(service, name, False)
    return plant


def restarted(*options, switch=None):
    """Starts the service with other options: with a small pool, or without a pool."""
    def plant(lab):
        lab.start_library(*options)
        if switch:
            lab.mode("library", switch, True)

        def heal():
            lab.start_library(*(options if switch else ()))
            if switch:
                lab.mode("library", switch, False)
        return heal
    return plant


def pooled(plant):
    """Puts PgBouncer between the service and its database."""
    def both(lab):
        pooler, port = lab.start_pooler()
        lab.start_library(port=port)
        planted = plant(lab)
        heal, pids = planted if isinstance(planted, tuple) else (planted, [])

        def undo():
            if heal:
                heal()
            lab.start_library()
            lab.stop(pooler)
        return undo, pids
    return both


def fronted(plant):
    """Puts nginx between the load and the service."""
    def both(lab):
        front = lab.start_front()
        heal = plant(lab)

        def undo():
            heal()
            lab.stop(front)
            lab.front_port = None
        return undo
    return both


def sessions(name):
    def plant(lab):
        process, pids = lab.sessions(name)
        time.sleep(1.5)
        return (lambda: lab.stop(process)), pids
    return plant


def burners(count):
    def plant(lab):
        burning = [lab.start("/usr/bin/perl", "-e", "1 while 1") for _ in range(count)]
        return lambda: [lab.stop(process) for process in burning]
    return plant


def late(lab):
    lab.delay(0.15)
    return lambda: lab.delay(0)


def quota(lab):
    """Limits the service's cgroup to a fifth of one CPU."""
    lab.start_library(preexec_fn=lambda: os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0)))  # no quota binds real time
    lab.mode("library", "heavy", True)
    first_version = os.path.isdir("/sys/fs/cgroup/cpu")
    group = f"/sys/fs/cgroup/{'cpu/' if first_version else ''}culprit-others-{os.getpid()}"
    if not first_version:
        with contextlib.suppress(OSError), open("/sys/fs/cgroup/cgroup.subtree_control", "w") as file:
            file.write("+cpu")
    os.mkdir(group)
    limits = {"cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "20000"} if first_version else {"cpu.max": "20000 100000"}
    for name, value in limits.items():
        with open(f"{group}/{name}", "w") as file:
            file.write(value)
    with open(f"{group}/cgroup.procs", "w") as file:
        file.write(str(lab.lending.pid))

    def heal():
        lab.start_library()
        os.rmdir(group)
    return heal


def looped(action):
    """Repeats an action until the fault is removed."""
    def plant(lab):
        going = [True]

        def loop():
            while going[0]:
                action(lab)
        thread = threading.Thread(target=loop, daemon=True)
        thread.start()

        def heal():
            going[0] = False
            thread.join()
        return heal
    return plant


def evict(lab):
    """Removes the table's pages from the caches of the server (which is small) and of the kernel."""
    where = lab.psql(lab.first, "library", "-c", "select pg_relation_filepath('loans')")
    for path in glob.glob(os.path.join(lab.first.data, where) + "*"):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    time.sleep(0.1)


def cold(lab):
    undo, stop = no_index(lab), looped(evict)(lab)
    return lambda: (stop(), undo())


def bench_load(lab):
    process = lab.start("pgbench", "-n", "-R", "40", "-c", "2", "-T", "1000", env=lab.first.environment("unix"))
    return lambda: lab.stop(process)


def upkeep(lab):
    return looped(lambda lab: (sql(lab, "checkpoint"), sql(lab, "vacuum analyze books"), time.sleep(1)))(lab)


def bulk_report(lab):
    process = lab.start("psql", "-c", "select sum(a.loan_id % 7 * b.id) from loans a, members b", env={**lab.first.environment("unix"), "PGDATABASE": "library"})
    return lambda: (lab.stop(process), sql(lab, "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select sum(a.loan%'"))


BLOCKED = ("slow_statement", "n_plus_one", "fsync_storm")

CASES = [
    Case("healthy", "two services at ease", nothing, LIBRARY + TICKETS, Want()),
    Case("healthy_bench", "pgbench -R 40 beside them", bench_load, LIBRARY + TICKETS, Want()),
    Case("healthy_upkeep", "checkpoints and vacuums all along", upkeep, LIBRARY + TICKETS, Want()),
    Case("healthy_idle", "next to nothing asked", nothing, ["library:1:GET:loans/@"], Want(), ask=True),
    Case("healthy_all", "every route of the library, as it should be", nothing,
         ["library:3:GET:search/@", "library:3:GET:branch/@", "library:3:GET:walk/@", "library:3:GET:desk/@", "library:2:POST:audit/@", "library:5:GET:cover/@",
          "library:3:GET:export/@"], Want()),
    Case("missing_index", "loans by member: no index", no_index, LIBRARY + TICKETS, Want(("slow_statement",), ("from loans where member_id",))),
    Case("missing_index_bare", "the same, `why` records by itself", no_index, LIBRARY + TICKETS, Want(("slow_statement",), ("from loans where member_id",)), bare=True, ask=True),
    Case("orm_join", "a join with IN-lists: no index", no_index, ["library:5:GET:search/@", "library:8:POST:lend/@", "library:4:GET:shelf/@"],
         Want(("slow_statement",), ('"loans_loan_id"',))),
    Case("in_function", "the scan is inside a PL/pgSQL function", no_index, ["library:6:GET:branch/@", "library:8:POST:lend/@", "library:4:GET:shelf/@"],
         Want(("slow_statement",), ("branch_load",))),
    Case("slow_copy", "the scan is inside COPY … TO STDOUT", no_index, ["library:6:GET:export/@", "library:8:POST:lend/@", "library:4:GET:shelf/@"],
         Want(("slow_statement",), ("copy (select",))),
    Case("cold_read", "the scan reads from disk", cold, ["library:3:GET:loans/@", "library:8:POST:lend/@", "library:4:GET:shelf/@"],
         Want(("slow_statement",), ("from loans where member_id",))),
    Case("big_result", "tens of thousands of rows for one page", nothing, ["library:3:GET:catalogue/@", "library:8:POST:lend/@", "library:4:GET:shelf/@"],
         Want(("slow_statement",), ("shelf >=",))),
    Case("node_missing_index", "Node, Unix socket, bind values: no index", no_index_tickets, LIBRARY + TICKETS, Want(("slow_statement",), ("FROM tickets t",)), node=True),
    Case("n_plus_one", "a query per book, pool", mode("library", "one_by_one"), LIBRARY + TICKETS, Want(("n_plus_one",), ("from books where isbn",))),
    Case("n_plus_one_no_pool", "a query per book, a connection per request", restarted("--pool", "0", switch="one_by_one"), LIBRARY,
         Want(("n_plus_one",), ("from books where isbn",))),
    Case("node_n_plus_one", "a query per seat; one event loop, many requests at once", mode("tickets", "one_by_one"), LIBRARY + ["tickets:15:GET:seats/@", "tickets:8:GET:customer/@"],
         Want(("n_plus_one",), ("FROM prices",)), node=True),
    Case("commit_per_row", "50 inserts in autocommit", mode("library", "autocommit"), LIBRARY + ["library:4:POST:audit/@"], Want(("fsync_storm",), ("insert into audit", "commit"))),
    Case("pooled_healthy", "PgBouncer between, all at ease", pooled(nothing), LIBRARY, Want(), needs="pgbouncer"),
    Case("pooled_missing_index", "PgBouncer between: no index", pooled(no_index), LIBRARY + TICKETS,
         Want(("slow_statement",), ("from loans where member_id",)), needs="pgbouncer"),
    Case("pooled_lock", "PgBouncer between: rows held by a session at lunch", pooled(sessions("idle")), LIBRARY,
         Want(("lock_wait",), ("books",), 0, BLOCKED), ask=True, needs="pgbouncer"),
    Case("fronted_missing_index", "nginx in front: no index", fronted(no_index), LIBRARY + TICKETS,
         Want(("slow_statement",), ("from loans where member_id",)), needs="nginx"),
    Case("lock_idle", "rows held by a session at lunch", sessions("idle"), LIBRARY, Want(("lock_wait",), ("books",), 0, BLOCKED), ask=True),
    Case("lock_active", "rows held by one long, busy transaction", sessions("active"), LIBRARY, Want(("lock_wait",), ("books",), 0, BLOCKED)),
    Case("lock_queue", "A idle, B waits for A, everybody for B", sessions("queue"), LIBRARY, Want(("lock_wait",), ("books",), 0, BLOCKED), ask=True),
    Case("lock_advisory", "an advisory lock held 0.8 s", sessions("advisory"), LIBRARY + ["library:4:GET:desk/@"], Want(("lock_wait",), ("pg_advisory",), 0, BLOCKED)),
    Case("lock_alter", "ALTER TABLE held 0.7 s: readers wait", sessions("alter"), LIBRARY, Want(("lock_wait",), ("loans",), 0, BLOCKED)),
    Case("lock_ddl_queue", "ALTER TABLE waits for an idle reader, and all queries wait for it", sessions("ddl_queue"), LIBRARY, Want(("lock_wait",), ("loans",), 0, BLOCKED), ask=True),
    Case("neighbour", "three processes that burn", burners(3), LIBRARY + ["library:8:GET:cover/@"], Want(("cpu_saturation",), ("perl",))),
    Case("cpu_quota", "the service's cgroup is throttled", quota, LIBRARY + ["library:8:GET:cover/@"], Want(("cpu_throttled",), ("library",))),
    Case("dependency", "a service of another vendor is late", late, LIBRARY, Want(("dependency_slow",), ("score", "127.0.0.2"))),
    Case("dependency_unseen", "the same, and only the service is recorded", late, LIBRARY, Want(("dependency_slow",), ("score", "127.0.0.2")), pid_scope=True),
    Case("pool_exhausted", "three connections, held while cards are printed", restarted("--pool", "3"), LIBRARY + ["library:30:GET:card/@"],
         # The service sleeps with a connection, and other requests queue: both causes are right. The database is idle.
         Want(("pool_wait", "lock_wait", "dependency_slow"), ("library",), None, BLOCKED)),
    Case("bulk_report", "a report that never ends; it takes a CPU", bulk_report, LIBRARY, Want(("cpu_saturation", "slow_statement"), ("postgres", "sum(a.loan_id"))),
]
