#!/usr/bin/env python3
"""--ask-passfile: the password for --ask DSN comes from a file of the user's own, and from nowhere else.

The server is made up: it asks for a password, keeps what it got, and answers questions with no rows.
"""

import os
import socket
import struct
import subprocess
import sys
import threading

import program

PASSWORD = "s3cr:et\\x"  # what a passfile must escape
ESCAPED = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")


class Server(threading.Thread):
    """PostgreSQL's protocol 3.0, as much of it as a login by password and empty answers need."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.passwords = []

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection.makefile("rwb"),), daemon=True).start()

    @staticmethod
    def message(kind, body):
        return kind + struct.pack(">i", len(body) + 4) + body

    def serve(self, stream):
        try:
            self.talk(stream)
            stream.close()
        except (OSError, struct.error):
            pass

    def talk(self, stream):
        while True:  # TLS and GSS are not offered
            size, code = struct.unpack(">ii", stream.read(8))
            stream.read(size - 8)
            if code == 196608:
                break
            stream.write(b"N")
            stream.flush()
        stream.write(self.message(b"R", struct.pack(">i", 3)))  # AuthenticationCleartextPassword
        stream.flush()
        kind = stream.read(1)
        if kind != b"p":
            return
        got = stream.read(struct.unpack(">i", stream.read(4))[0] - 4).rstrip(b"\0").decode()
        self.passwords.append(got)
        if got != PASSWORD:
            stream.write(self.message(b"E", b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0"))
            stream.flush()
            return
        ready = self.message(b"Z", b"I")
        stream.write(self.message(b"R", struct.pack(">i", 0)) + self.message(b"S", b"server_version\x0016.0\0") + ready)
        stream.flush()
        while kind := stream.read(1):
            body = stream.read(struct.unpack(">i", stream.read(4))[0] - 4)
            if kind != b"Q":
                continue
            if body.lstrip().upper().startswith(b"SET"):
                stream.write(self.message(b"C", b"SET\0") + ready)
            else:
                columns = b"".join(b"c%d\0" % i + struct.pack(">ihihih", 0, 0, 25, -1, -1, 0) for i in range(11))
                stream.write(self.message(b"T", struct.pack(">h", 11) + columns) + self.message(b"C", b"SELECT 0\0") + ready)
            stream.flush()


class Asker:
    def __init__(self, checks, where, server):
        self.checks, self.where, self.server = checks, where, server
        self.dsn = f"host=127.0.0.1 port={server.port} dbname=shop user=reader"

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.where, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def ask(self, *words, verb=("why", "t.jsonl"), **environment):
        self.server.passwords.clear()
        done = subprocess.run([program.CULPRIT, *verb, *words], cwd=self.where, env=program.environment(self.where, **environment),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        self.checks.that(PASSWORD not in done.stdout + done.stderr, f"{words}: the password is printed")
        return done

    def is_let_in(self, what, *words, **more):
        done = self.ask("--ask", self.dsn, *words, **more)
        self.checks.that(done.returncode == 0 and "pg_blocking_pids" in done.stdout,
                         f"{what}: status {done.returncode}: {done.stdout[-300:]}{done.stderr}")

    def is_refused(self, what, status, said, *words, **more):
        done = self.ask(*words, **more)
        self.checks.that(done.returncode == status and said in done.stderr and self.server.passwords == [],
                         f"{what}: status {done.returncode}, sent {self.server.passwords}: {done.stderr}")


def test(checks):
    with program.folder() as where:
        with open(os.path.join(where, "t.jsonl"), "w", encoding="utf-8") as file:
            file.write(program.otlp("web", [program.span(1, 1, 0, "GET /", 0, 20)]))
        server = Server()
        server.start()
        asker = Asker(checks, where, server)
        ours = f"127.0.0.1:{server.port}:shop:reader:{ESCAPED}\n"

        asker.is_let_in("the line of this server", "--ask-passfile", asker.file("right", "# comment\nother:*:*:*:no\n" + ours))
        asker.is_let_in("stars", "--ask-passfile", asker.file("stars", f"*:*:*:*:{ESCAPED}\r\n"))
        asker.is_let_in("glued by =", f"--ask-passfile={where}/right")
        asker.is_let_in("a setting", CULPRIT_ASK_PASSFILE=f"{where}/right")
        os.chmod(f"{where}/right", 0o400)
        asker.is_let_in("a file that only its owner may read", "--ask-passfile", f"{where}/right")

        for what, text in (("the first line that fits counts", f"*:*:*:*:wrong\n{ours}"), ("a wrong password", "*:*:*:*:wrong\n")):
            done = asker.ask("--ask", asker.dsn, "--ask-passfile", asker.file("wrong", text))
            checks.that(done.returncode == 3 and "authentication failed" in done.stderr and server.passwords == ["wrong"],
                        f"{what}: status {done.returncode}, sent {server.passwords}: {done.stderr}")
        passfile = asker.file("none", "elsewhere:5432:*:*:x\n127.0.0.1:1:shop:reader:x\nbroken\n")
        asker.is_refused("no line fits", 3, "no line of", "--ask", asker.dsn, "--ask-passfile", passfile)
        asker.is_refused("an empty file", 3, "no line of", "--ask", asker.dsn, "--ask-passfile", asker.file("empty", ""))

        dsn = ("--ask", asker.dsn, "--ask-passfile")
        for mode in (0o644, 0o640, 0o604, 0o660, 0o610, 0o602):
            asker.is_refused(f"mode {mode:o}", 3, "may be read by other users", *dsn, asker.file("open", ours, mode))
        asker.is_refused("a missing file", 3, "No such file", *dsn, f"{where}/nowhere")
        asker.is_refused("a folder", 3, "is not a regular file", *dsn, where)
        os.mkfifo(f"{where}/fifo", 0o600)
        asker.is_refused("a FIFO", 3, "is not a regular file", *dsn, f"{where}/fifo")
        os.symlink("right", f"{where}/link")
        asker.is_refused("a link", 3, "is a symbolic link", *dsn, f"{where}/link")
        asker.is_refused("/dev/null", 3, "is not a regular file", *dsn, "/dev/null")
        asker.is_refused("64 KiB and more", 3, "is not a regular file", *dsn, asker.file("huge", "#" * 65537 + "\n" + ours))
        if os.geteuid() == 0:
            os.chown(asker.file("another's", ours), 65534, 65534)
            asker.is_refused("another's file", 3, "belongs to another user", *dsn, f"{where}/another's")

        asker.is_refused("without --ask", 2, "none is given", "--ask-passfile", f"{where}/right")
        asker.is_refused("without a DSN", 2, "none is given", "--ask", "--ask-passfile", f"{where}/right")
        asker.is_refused("an empty name", 2, "its value is empty", *dsn, "")
        asker.is_refused("given twice", 2, "given twice", *dsn, f"{where}/right", "--ask-passfile", f"{where}/right")
        asker.is_refused("of another verb", 2, "has no option", "--ask-passfile", f"{where}/right", verb=("quality", "t.jsonl"))
        asker.is_refused("a password in the DSN", 2, "--ask-passfile FILE", "--ask", asker.dsn + " password=x")
        asker.is_refused("a passfile in the DSN", 2, "no passfile in", "--ask", f"{asker.dsn} passfile={where}/right")
        # What libpq itself would take a password from.
        asker.file(".pgpass", ours)
        for name, value in (("PGPASSWORD", PASSWORD), ("PGPASSFILE", f"{where}/.pgpass")):
            asker.is_refused(name, 3, "password", "--ask", asker.dsn, **{name: value})
        checks.that(program.left_behind(where) == [], f"left behind: {program.left_behind(where)}")


if __name__ == "__main__":
    sys.exit(program.main(test))
