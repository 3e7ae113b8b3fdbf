# SPDX-License-Identifier: Apache-2.0
"""Viewers on the three transports, all read the same way: message() gives the next JSON object.

A reader keeps its cursor as a client should: the position of hello, then of each event that was not early, of
mark and of digest.
"""
import base64
import json
import os
import struct
import threading
import zlib
from functools import partial
from urllib.parse import urlencode

from http1 import DEADLINE_S, Closed, Conn

EVENTS = {"comment", "retract", "restore", "pin", "unpin", "settings", "stream", "removed"}
MOVING = {"mark": "seq", "digest": "to"}  # signals that move the cursor, and where they say to
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Refused(Exception):
    """The server answered something else than a stream of events."""

    def __init__(self, response):
        super().__init__(f"{response.status} {response.body[:300]!r}")
        self.response = response


class Ended(Closed):
    """A WebSocket was closed with a code."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code = code
        self.reason = reason


class Reader:
    epoch = None
    seq = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def cursor(self):
        return f"{self.epoch}.{self.seq}"

    def note(self, message):
        """Moves the cursor as section 5 and 6 of the protocol say."""
        kind = message.get("type")
        if kind in ("hello", "resync"):
            self.epoch, self.seq = message["epoch"], message["seq"]
        elif kind in EVENTS and not message.get("early"):
            self.seq = message["seq"]
        elif kind in MOVING:
            self.seq = message[MOVING[kind]]
        return message

    def until(self, condition, most=100000):
        """All messages up to the first that meets it, which is the last of the list."""
        found = []
        for _ in range(most):
            found.append(self.message())
            if condition(found[-1]):
                return found
        raise AssertionError(f"not among {most} messages")

    def find(self, kind):
        """The next message of this type; others are passed over."""
        return self.until(lambda message: message.get("type") == kind)[-1]

    def comments(self, count):
        """The next so many comments; signals are passed over."""
        return [self.find("comment") for _ in range(count)]

    def texts(self, count):
        return [comment["text"] for comment in self.comments(count)]


def query_of(**params):
    named = {name: value for name, value in params.items() if value is not None}
    return "?" + urlencode(named) if named else ""


class Sse(Reader):
    def __init__(self, roar, stream, *, after=None, tail=None, session=None, ticket=None, token=None, last=None,
                 headers=(), source=None, query=None, inflates=False):
        self.conn = Conn(roar.address, source)
        target = f"/v1/streams/{stream}/events" + query_of(after=after, tail=tail, session=session, ticket=ticket,
                                                           **(query or {}))
        more = [("Accept", "text/event-stream"), *headers]
        if inflates:
            more.append(("Accept-Encoding", "gzip"))
        if last is not None:
            more.append(("Last-Event-ID", last))
        self.conn.request("GET", target, headers=more, token=token)
        self.head = self.conn.read_head()
        if self.head.status != 200:
            self.head.body = self.conn.exactly(int(self.head.header("content-length") or 0))
            self.conn.close()
            raise Refused(self.head)
        assert self.head.header("content-encoding") == ("gzip" if inflates else None)
        if inflates:
            self.conn.decode_with(zlib.decompressobj(16 + zlib.MAX_WBITS).decompress)
        self.retries = []
        self.beats = 0
        self.id = None  # of the last message

    def close(self):
        self.conn.close()

    def block(self):
        """The next block as its lines; the grammar of the HTML standard, narrowed to what we promise."""
        lines = self.conn.until(b"\n\n").decode("utf-8").split("\n")
        assert "\r" not in "".join(lines)
        return lines

    def message(self):
        while True:
            data = None
            self.id = None
            for line in self.block():
                name, _, value = line.partition(": ")
                if name == "data":
                    assert data is None, "two data lines"
                    data = json.loads(value)
                elif name == "id":
                    self.id = value
                elif name == "retry":
                    self.retries.append(int(value))
                else:
                    assert line.startswith(":"), f"unexpected line {line!r}"
                    self.beats += 1
            if data is not None:
                if data.get("type") in EVENTS and not data.get("early"):
                    assert self.id == f"{self.epoch}.{data['seq']}"
                elif data.get("type") in MOVING:
                    assert self.id == f"{self.epoch}.{data[MOVING[data['type']]]}"
                else:
                    assert self.id is None
                return self.note(data)


class Ws(Reader):
    def __init__(self, roar, stream=None, *, after=None, tail=None, session=None, ticket=None, token=None, headers=(),
                 source=None, target=None, query=None, inflates=False):
        self.conn = Conn(roar.address, source)
        path = f"/v1/streams/{stream}/ws" if stream else "/v1/ws"
        self.target = target or path + query_of(after=after, tail=tail, session=session, ticket=ticket,
                                                **(query or {}))
        key = base64.b64encode(os.urandom(16)).decode()
        offer = [("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")] if inflates else []
        self.inflate = zlib.decompressobj(-14).decompress if inflates else None
        self.inflated = 0  # messages that came compressed
        self.conn.request("GET", self.target, token=token, headers=[
            ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", key), *offer, *headers])
        self.head = self.conn.read_head()
        if self.head.status != 101:
            self.head.body = self.conn.exactly(int(self.head.header("content-length") or 0))
            self.conn.close()
            raise Refused(self.head)
        answer = "permessage-deflate; client_no_context_takeover; server_max_window_bits=14"
        if not headers:
            assert self.head.header("sec-websocket-extensions") == (answer if inflates else None)
        self.waiting = []  # messages that came while a reply was waited for
        self.refs = 0
        self.pings = 0
        self.answers_pings = True
        self.lock = threading.Lock()

    def close(self):
        self.conn.close()

    # ---- frames ----

    def send_frame(self, opcode, payload=b"", *, final=True, reserved=0, masked=True, length=None):
        self.conn.send(frame(opcode, payload, final=final, reserved=reserved, masked=masked, length=length))

    def read_frame(self):
        """(first byte, payload); what the server sends is never masked."""
        first, second = self.conn.exactly(2)
        assert not second & 0x80, "a masked frame from the server"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self.conn.exactly(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self.conn.exactly(8))
        return first, self.conn.exactly(length)

    def read_data(self):
        """The next data message's payload; pings are answered, a close raises Ended."""
        while True:
            first, payload = self.read_frame()
            assert first & 0x80 and not first & 0x30, f"first byte {first:#x}"
            opcode = first & 0x0F
            if first & 0x40:
                assert self.inflate and opcode == TEXT
                self.inflated += 1
                payload = self.inflate(payload + b"\0\0\xff\xff")
            if opcode == PING:
                self.pings += 1
                if self.answers_pings:
                    self.send_frame(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                raise Ended(code, payload[2:].decode())
            elif opcode in (TEXT, BINARY):
                return payload

    def closed(self):
        """Reads up to the close and gives its code."""
        try:
            while True:
                self.read_data()
        except Ended as ended:
            return ended.code

    # ---- messages ----

    def send(self, message):
        self.send_frame(TEXT, json.dumps(message).encode())

    def message(self):
        return self.waiting.pop(0) if self.waiting else self.note(json.loads(self.read_data()))

    def ask(self, **message):
        """The reply to it; what comes before is kept for message()."""
        self.refs += 1
        self.send({"ref": self.refs, **message})
        while True:
            found = self.note(json.loads(self.read_data()))
            if found.get("type") == "reply" and found.get("ref") == self.refs:
                return found
            self.waiting.append(found)


def frame(opcode, payload=b"", *, final=True, reserved=0, masked=True, length=None):
    """`length` is what the head says, if that is to be a lie."""
    said = len(payload) if length is None else length
    head = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    bit = 0x80 if masked else 0
    if said < 126:
        head += bytes([bit | said])
    elif said < 65536:
        head += bytes([bit | 126]) + struct.pack(">H", said)
    else:
        head += bytes([bit | 127]) + struct.pack(">Q", said)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))


class Poll(Reader):
    """Long polls one after the other on one connection."""

    def __init__(self, roar, stream, *, after=None, tail=None, session=None, token=None, wait=5, source=None, query=None):
        self.conn = Conn(roar.address, source)
        self.target = f"/v1/streams/{stream}/poll"
        self.first = {"tail": tail, "session": session, "wait": wait, **(query or {})}
        self.token = token
        self.after = after
        self.waiting = []
        self.page = None  # the last one

    def close(self):
        self.conn.close()

    def poll(self):
        answer = self.conn.ask("GET", self.target + query_of(after=self.after, **self.first), token=self.token)
        if answer.status != 200:
            raise Refused(answer)
        self.page = answer.json()
        self.after = self.page["cursor"]
        self.epoch = self.page["epoch"]
        return self.page

    def message(self):
        while not self.waiting:
            page = self.poll()
            if page.get("resync"):
                self.waiting.append({"type": "resync", "epoch": page["epoch"], "seq": 0, "why": "poll"})
            self.waiting += page["events"]
        return self.note(self.waiting.pop(0))


READERS = {"sse": Sse, "ws": Ws, "poll": Poll, "gzip": partial(Sse, inflates=True),
           "deflate": partial(Ws, inflates=True)}


def open_reader(kind, roar, stream, **more):
    """A reader that has its hello behind it, with what came (poll has none)."""
    reader = READERS[kind](roar, stream, **more)
    reader.hello = reader.message() if kind != "poll" else None
    return reader


__all__ = ["DEADLINE_S", "Closed", "Ended", "Poll", "Reader", "Refused", "Sse", "Ws", "frame", "open_reader"]
