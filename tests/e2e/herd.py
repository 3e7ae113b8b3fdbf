# SPDX-License-Identifier: Apache-2.0
"""Thousands of viewers in one thread: each keeps its cursor and all it was sent, and comes back when it is told to.

Like readers.py it follows section 5 of the protocol, but never waits for one of them alone.
"""
import base64
import json
import selectors
import socket
import struct
import time

from checker import View
from http1 import encode
from readers import CLOSE, EVENTS, PING, PONG, TEXT, frame


def parse_head(data):
    """(status, {lower-case name: value})"""
    first, *lines = data.decode("latin-1").split("\r\n")
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, value in
                                      (line.split(":", 1) for line in lines)}


class Member:
    """One viewer over all its connections."""

    def __init__(self, herd, kind, number, cursor):
        self.herd, self.kind = herd, kind
        self.view = View(f"{kind} {number}")
        self.epoch, _, seq = cursor.rpartition(".")
        self.seq = int(seq)
        self.socket = None
        self.buffer = bytearray()
        self.in_stream = False
        self.back_ms = []  # when it was told to come back, by goaway or by a last poll
        self.refusals = []  # (status, Retry-After)
        self.broken = 0  # connections that just ended
        self.is_ended = True
        self.due = 0.0  # when to connect again

    @property
    def cursor(self):
        return f"{self.epoch}.{self.seq}" if self.epoch else str(self.seq)

    # ---- a connection ----

    def connect(self):
        self.buffer.clear()
        self.in_stream = self.is_ended = False
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.connect_ex(self.herd.address)
        self.herd.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def ask(self):
        """What it sends when it is connected, and after each page."""
        target = {"sse": "events", "ws": "ws", "poll": "poll"}[self.kind]
        wait = "&wait=25" if self.kind == "poll" else ""
        headers = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", base64.b64encode(bytes(16)).decode())] if self.kind == "ws" else []
        path = f"/v1/streams/{self.herd.stream}/{target}?after={self.cursor}{wait}"
        self.socket.send(encode("GET", path, headers=headers, host="herd"))

    def end(self):
        """`due` says when it may come back; the herd decides whether it does."""
        self.is_ended = True
        self.herd.selector.unregister(self.socket)
        self.socket.close()
        self.socket = None

    def writable(self):
        if self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self.broke()
            return
        self.herd.selector.modify(self.socket, selectors.EVENT_READ, self)
        self.ask()

    def broke(self):
        self.broken += 1
        self.due = max(self.due, time.monotonic() + 0.1)
        self.end()

    def readable(self):
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.broke()
            return
        self.buffer += data
        if self.kind == "poll":
            self.read_pages()
        elif self.in_stream or self.read_head():
            {"sse": self.read_blocks, "ws": self.read_frames}[self.kind]()

    # ---- what came ----

    def read_head(self):
        """False: not yet, or it was refused."""
        at = self.buffer.find(b"\r\n\r\n")
        if at < 0:
            return False
        status, headers = parse_head(bytes(self.buffer[:at]))
        if status in (200, 101):
            self.in_stream = True
            del self.buffer[:at + 4]
            return True
        self.refused(status, headers.get("retry-after"))
        return False

    def refused(self, status, wait):
        self.refusals.append((status, wait))
        self.due = time.monotonic() + float(wait or 1)
        self.end()

    def read_pages(self):
        while not self.is_ended:
            at = self.buffer.find(b"\r\n\r\n")
            if at < 0:
                return
            status, headers = parse_head(bytes(self.buffer[:at]))
            if status != 200:
                self.refused(status, headers.get("retry-after"))
                return
            length = int(headers["content-length"])
            if len(self.buffer) < at + 4 + length:
                return
            page = self.herd.parse(bytes(self.buffer[at + 4:at + 4 + length]))
            del self.buffer[:at + 4 + length]
            self.in_stream = True
            self.take_page(page, headers.get("connection") == "close")

    def take_page(self, page, closes):
        if page.get("resync"):
            self.note({"type": "resync", "epoch": page["epoch"], "seq": 0})
        for event in page["events"]:
            self.note(event)
        self.epoch = page["epoch"]
        if closes:
            self.told_to_be_back(page["next_ms"])
            self.end()
        else:
            self.ask()

    def read_blocks(self):
        at = 0
        while (end := self.buffer.find(b"\n\n", at)) >= 0:
            for line in bytes(self.buffer[at:end]).split(b"\n"):
                if line.startswith(b"data: "):
                    self.note(self.herd.parse(line[6:]))
            at = end + 2
        del self.buffer[:at]

    def read_frames(self):
        while len(self.buffer) >= 2 and not self.is_ended:
            length, at = self.buffer[1], 2
            if length == 126:
                at = 4
            elif length == 127:
                at = 10
            if len(self.buffer) < at:
                return
            if at > 2:
                length = int.from_bytes(self.buffer[2:at], "big")
            if len(self.buffer) < at + length:
                return
            opcode, payload = self.buffer[0] & 0x0F, bytes(self.buffer[at:at + length])
            del self.buffer[:at + length]
            if opcode == TEXT:
                self.note(self.herd.parse(payload))
            elif opcode == PING:
                self.socket.send(frame(PONG, payload))
            elif opcode == CLOSE:
                self.socket.send(frame(CLOSE, payload))
                self.view.messages.append({"type": "close", "code": struct.unpack(">H", payload[:2])[0]})
                self.end()

    def note(self, message):
        kind = message["type"]
        self.view.messages.append(message)
        if kind in ("hello", "resync"):
            self.epoch, self.seq = message["epoch"], message["seq"]
        elif kind in EVENTS and not message.get("early"):
            self.seq = message["seq"]
        elif kind == "goaway":
            self.told_to_be_back(message["retry_ms"])

    def told_to_be_back(self, wait_ms):
        self.back_ms.append(wait_ms)
        self.due = time.monotonic() + wait_ms / 1000


class Herd:
    KINDS = ("sse", "ws", "poll")

    def __init__(self, roar, stream, count, cursor="0", kinds=KINDS):
        self.address, self.stream = roar.address, stream
        self.selector = selectors.DefaultSelector()
        self.parsed = {}
        self.members = [Member(self, kinds[number % len(kinds)], number, cursor) for number in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for member in self.members:
            if not member.is_ended:
                member.end()
        self.selector.close()

    def run(self, what, condition, deadline_s=60, *, comes_back=True, at_once=False):
        """Serves them all until condition(). Who is out comes back when due (or at once), if anybody does."""
        end = time.monotonic() + deadline_s
        while not condition():
            now = time.monotonic()
            assert now < end, f"not within {deadline_s} s: {what}"
            for member in self.members if comes_back else ():
                if member.is_ended and (at_once or member.due <= now):
                    member.connect()
            for key, events in self.selector.select(0.02):
                if events & selectors.EVENT_WRITE:
                    key.data.writable()
                elif not key.data.is_ended:
                    key.data.readable()

    def parse(self, data):
        """They are all sent the same: read once."""
        found = self.parsed.get(data)
        if found is None:
            found = self.parsed[data] = json.loads(data)
        return found

    def have_all_seen(self, seq):
        return all(member.seq >= seq for member in self.members)

    def views(self):
        return [member.view for member in self.members]

    def refusals(self):
        return [refusal for member in self.members for refusal in member.refusals]
