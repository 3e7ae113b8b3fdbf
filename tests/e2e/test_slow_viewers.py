# SPDX-License-Identifier: Apache-2.0
"""A viewer that reads nothing, one that reads little, one that answers nothing, and what keeps an idle one open."""
import socket
import threading
import time

import pytest

from http1 import BUSY_S, Closed, encode
from readers import Sse, Ws, open_reader
from roar import eventually
from tokens import token

TEXT = "x" * 480


class Flood:
    """Posts until it is left."""

    def __init__(self, roar, stream):
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.pour, args=(roar, stream), daemon=True)

    def pour(self, roar, stream):
        with Ws(roar, stream, token=token("flood")) as poster:
            while not self.ending.is_set():
                poster.ask(do="post", stream=stream, text=TEXT)
                poster.waiting.clear()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_who_reads_nothing_is_closed(start, stream, kind):
    roar = start({"delivery.stall_s": 1})
    with open_reader(kind, roar, stream) as stalled, open_reader("sse", roar, stream) as reading:
        with Flood(roar, stream):
            def is_gone():
                reading.comments(300)  # whoever reads stays
                return roar.get(f"/v1/streams/{stream}/presence").json()["viewers"] <= 2

            eventually("the stalled one to be closed", is_gone)
        code = None
        try:
            while True:
                stalled.message()
        except Closed as closed:
            code = getattr(closed, "code", None)
        assert code in (None, 4008), "4008 if it could still be written"
        roar.posted(stream, "after")
        reading.until(lambda message: message.get("text") == "after")


SIP_BYTES_S = 2000  # far less than the kernel holds for it, before the server may write again
UPGRADE = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
           ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]


class Sipper:
    """A viewer with the smallest of buffers, which takes so many bytes a second and no more."""

    def __init__(self, roar, stream, kind):
        path = {"sse": "events", "ws": "ws"}[kind]
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.socket.connect(roar.address)
        self.socket.sendall(encode("GET", f"/v1/streams/{stream}/{path}", headers=UPGRADE if kind == "ws" else []))
        self.begun, self.taken = time.monotonic(), 0

    def sip(self):
        due = int((time.monotonic() - self.begun) * SIP_BYTES_S) - self.taken
        if due > 0:
            self.taken += len(self.socket.recv(due))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_who_reads_slowly_is_kept(start, stream, kind):
    """Its socket takes nothing from the server for longer than one who reads nothing is waited for."""
    roar = start({"delivery.stall_s": 2, "workers": 1})
    closed = 'roar_goaways_total{reason="slow"}'

    def sip_until(count):
        sipper.sip()
        return roar.metrics()[closed] >= count

    with Sipper(roar, stream, kind) as sipper, Flood(roar, stream):
        for count in (1, 2):
            with open_reader("sse", roar, stream):
                eventually("one who reads nothing to be closed", lambda count=count: sip_until(count))
            assert roar.metrics()[closed] == count
        assert roar.metrics()["roar_viewers_slow"] >= 1


def test_a_slow_viewer_does_not_slow_the_others(start, stream):
    """Ten that read nothing; one that reads gets every comment in order."""
    roar = start()
    stalled = [Sse(roar, stream) for _ in range(10)]
    with open_reader("ws", roar, stream) as reading, Flood(roar, stream):
        last = reading.find("comment")
        for _ in range(5000):
            comment = reading.find("comment")
            assert comment["prev"] == last["seq"]
            last = comment
    for reader in stalled:
        reader.close()
    assert roar.get("/readyz").status == 200


def held_for_viewers(roar):
    metrics = roar.metrics()
    return sum(metrics[f'roar_memory_bytes{{kind="{kind}"}}'] for kind in ("conn", "viewer"))


def test_a_stalled_viewer_costs_16_kb_at_most(start, stream):
    """A hundred that are megabytes behind share the ring: what they hold themselves is the rest of one frame."""
    roar = start()
    before = held_for_viewers(roar)
    stalled = [open_reader(kind, roar, stream) for kind in ("sse", "ws") for _ in range(50)]
    with Flood(roar, stream), open_reader("ws", roar, stream) as reading:
        eventually("all to be slow", lambda: reading.comments(500) and roar.metrics()["roar_viewers_slow"] == 100)
        reading.comments(4000)
        assert held_for_viewers(roar) - before < 100 * 16 * 1024
        assert roar.metrics()["roar_viewers_slow"] == 100, "none was closed"
    for reader in stalled:
        reader.close()
    eventually("the rings to be given back", lambda: roar.metrics()["roar_ring_bytes"] == 0)


@pytest.mark.slow
def test_an_idle_connection_is_kept_and_a_dead_one_is_not(server, stream):
    """An SSE comment after 15 s of silence, not before; a WebSocket ping within 20 s; two unanswered are death."""
    begun = time.monotonic()
    with Sse(server, stream) as sse, Ws(server, stream) as dead, Ws(server, stream) as alive:
        for reader in (sse, dead, alive):
            reader.conn.socket.settimeout(70)
        sse.message()
        said = time.monotonic()
        while sse.block() != [":"]:
            said = time.monotonic()
        assert 14.9 < time.monotonic() - said < 15 + 1 + BUSY_S
        dead.answers_pings = False
        found = []
        keeper = threading.Thread(target=lambda: found.append(alive.find("comment")))
        keeper.start()
        try:
            while True:
                dead.read_data()
        except Closed:
            pass
        assert dead.pings == 2 and 35 < time.monotonic() - begun < 65
        live = server.posted(stream)["comment"]
        keeper.join()
        assert found == [live] and alive.pings >= 2
