# SPDX-License-Identifier: Apache-2.0
"""Faults of the way: bytes that come seven at a time, connections reset anywhere."""
import pytest

from crowd import Crowd
from proxy import Proxy
from readers import open_reader
from roar import eventually
from tokens import token


def run(roar, stream, way, enough):
    """Posters and viewers of every transport behind `way` until it was enough."""
    crowd = Crowd(way, stream).fill(posters=3, viewers=2)
    eventually("enough of it", lambda: enough(crowd), 60)
    crowd.finish(roar)


def test_seven_bytes_at_a_time_change_nothing(server, stream):
    """Requests, answers, handshakes and frames of both directions."""
    with Proxy(server.address, piece=7) as way:
        with open_reader("ws", way, stream, token=token()) as ws:
            reply = ws.ask(do="post", stream=stream, text="by frame")
            assert reply["ok"] and ws.find("comment") == reply["data"]["comment"]
        run(server, stream, way, lambda crowd: len(crowd.answers) > 400)
        assert way.resets == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_resets_anywhere_lose_nothing(start, stream, seed):
    """Each connection ends by RST after 1 to 300,000 bytes: in head, handshake, body, answer or stream."""
    roar = start({"presence.ttl_s": 2, "presence.beat_s": 1})

    def life(rng):
        return int(10 ** rng.uniform(0, 4) if rng.random() < 0.8 else 300000)

    with Proxy(roar.address, life=life, seed=seed) as way:
        run(roar, stream, way, lambda crowd: way.resets > 300 and len(crowd.answers) > 100)
    eventually("nobody to be left", lambda: roar.get(f"/v1/streams/{stream}/presence").json()["viewers"] == 0)
    assert roar.get("/readyz").status == 200
