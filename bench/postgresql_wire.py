"""A client for the part of PostgreSQL's protocol that is needed to send a statement in every way."""
import socket
import ssl
import struct
import time


class Postgresql:
    """A connection that can send a statement in every way of the protocol."""

    def __init__(self, port, tls):
        self.socket = socket.create_connection(("127.0.0.1", port))
        if tls:
            self.socket.sendall(struct.pack("!II", 8, 80877103))
            assert self.socket.recv(1) == b"S"
            context = ssl._create_unverified_context()
            self.socket = context.wrap_socket(self.socket)
        body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
        self.socket.sendall(struct.pack("!I", len(body) + 4) + body)
        self.until_ready()

    def until_ready(self):
        data = b""
        while not (len(data) >= 6 and data[-6:-1] == b"Z\0\0\0\5"):
            more = self.socket.recv(65536)
            if not more:
                return
            data += more

    def say(self, *messages):
        self.socket.sendall(b"".join(tag + struct.pack("!I", len(body) + 4) + body for tag, body in messages))
        self.until_ready()

    def simple(self, text):
        self.say((b"Q", text.encode() + b"\0"))

    def extended(self, text, name=b"", values=(), binary=False):
        bind = b"\0" + name + b"\0" + (struct.pack("!HH", 1, 1) if binary else struct.pack("!H", 0)) + struct.pack("!H", len(values))
        for value in values:
            bind += struct.pack("!I", len(value)) + value
        self.say((b"P", name + b"\0" + text.encode() + b"\0\0\0"), (b"B", bind + b"\0\0"), (b"D", b"P\0"), (b"E", b"\0\0\0\0\0"), (b"S", b""))

    def execute(self, name, values=()):
        """Runs a statement that was prepared before."""
        bind = b"\0" + name + b"\0" + struct.pack("!HH", 0, len(values)) + b"".join(struct.pack("!I", len(value)) + value for value in values)
        self.say((b"B", bind + b"\0\0"), (b"E", b"\0\0\0\0\0"), (b"S", b""))

    def copy_in(self, data):
        text = "COPY culprit_control_table (v) FROM STDIN"
        self.socket.sendall(b"Q" + struct.pack("!I", len(text) + 5) + text.encode() + b"\0")
        time.sleep(0.05)
        self.say((b"d", data), (b"c", b""))
