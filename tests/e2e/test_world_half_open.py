# SPDX-License-Identifier: Apache-2.0
"""Peers that vanish without a word: nothing they send arrives, nothing sent to them is answered."""
import contextlib
import threading
import time

import pytest

from crowd import Crowd
from network import in_own_network
from readers import open_reader
from roar import eventually

TTL_S, STALL_S = 3, 6


def presence(roar, stream):
    return roar.get(f"/v1/streams/{stream}/presence").json()["viewers"]


def connections(roar):
    """Of viewers, by the server's own count."""
    return sum(value for name, value in roar.metrics().items()
               if name.startswith("roar_connections{") and "http" not in name)


class Talk:
    """A comment now and then, or none at all."""

    def __init__(self, roar, stream, is_busy):
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.post, args=(roar, stream)) if is_busy else None

    def post(self, roar, stream):
        while not self.ending.wait(0.05):
            roar.posted(stream, "x" * 400)

    def __enter__(self):
        if self.thread:
            self.thread.start()

    def __exit__(self, *_):
        self.ending.set()
        if self.thread:
            self.thread.join()


@pytest.mark.slow
@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "busy"])
def test_a_silent_death_is_noticed_within_the_ttl(start, stream, is_busy):
    """Presence is right again within TTL + 1 s, the connections are freed, and who is near notices nothing."""
    def work(network):
        roar = start({"presence.ttl_s": TTL_S, "presence.beat_s": 1, "delivery.stall_s": STALL_S})
        source = network.far()
        with contextlib.ExitStack() as stack:
            near = [stack.enter_context(open_reader(kind, roar, stream)) for kind in ("sse", "ws")]
            far = [stack.enter_context(open_reader(kind, roar, stream, source=source))
                   for kind in ("sse", "ws") for _ in range(3)]
            keepers = [Keeper(reader) for reader in near + far]
            stack.enter_context(Talk(roar, stream, is_busy))
            eventually("all to be there", lambda: presence(roar, stream) == len(near + far))
            stays_for(roar, stream, len(near + far), TTL_S + 2)
            network.cut(source)
            begun = time.monotonic()
            eventually("the far to be missed", lambda: presence(roar, stream) == len(near))
            noticed_s = time.monotonic() - begun
            eventually("their connections to be freed", lambda: connections(roar) == len(near), 60)
            freed_s = time.monotonic() - begun
            stays_for(roar, stream, len(near), 2)
            last = roar.posted(stream, "the end")["seq"]
            eventually("the near to see the end", lambda: all(keeper.reader.seq >= last for keeper in keepers[:2]))
        print(f"missed after {noticed_s:.2f} s, freed after {freed_s:.2f} s (TTL {TTL_S} s, stall {STALL_S} s)")
        assert noticed_s < TTL_S + 1 + 1, "TTL + 1 s, and one for us"
        assert freed_s < 2 * STALL_S + 5

    in_own_network(work)


class Keeper:
    """Reads, so that pings are answered."""

    def __init__(self, reader):
        self.reader = reader
        reader.conn.socket.settimeout(None)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        with contextlib.suppress(Exception):
            while True:
                self.reader.message()


def stays_for(roar, stream, count, seconds):
    """Who lives is never missed."""
    end = time.monotonic() + seconds

    def is_over():
        assert presence(roar, stream) == count
        return time.monotonic() > end

    eventually("the time to pass", is_over)


def test_a_cut_that_mends_loses_nothing(start, stream):
    """Posters and viewers that hear nothing for a while, several times: what was sent comes, once and in order."""
    def work(network):
        roar = start()
        source = network.far()
        crowd = Crowd(roar, stream, pause_s=0.005, source=source).fill(posters=2, viewers=1)
        pause = threading.Event()
        for _ in range(3):
            crowd.wait_more(50)
            network.cut(source)
            pause.wait(1.5)  # the fault itself
            roar.posted(stream, "near")
            network.mend(source)
        crowd.wait_more(50)
        crowd.finish(roar)

    in_own_network(work)
