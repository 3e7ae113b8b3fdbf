# SPDX-License-Identifier: Apache-2.0
"""Section 8: who is there, exactly, and right again within TTL + 1 s of any death."""
import time

import pytest

from http1 import BUSY_S
from readers import Ws, open_reader
from roar import eventually
from tokens import token


def presence(roar, stream):
    return roar.get(f"/v1/streams/{stream}/presence").json()


def beat(roar, stream, *, user=None, **body):
    answer = roar.ask("POST", f"/v1/streams/{stream}/heartbeat", body=body, token=user and token(user))
    assert answer.status == 200, answer.body
    return answer.json()


def viewers_become(roar, stream, count, deadline_s=20):
    return eventually(f"{count} viewers of {stream}, there are {presence(roar, stream)}",
                      lambda: (found := presence(roar, stream))["viewers"] == count and found, deadline_s)


def test_nobody_is_there(server, stream):
    assert presence(server, stream) == {"viewers": 0, "approx": False, "error_pct": 0, "watching": 0, "hidden": 0,
                                        "roster": []}


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_a_connection_is_a_viewer_while_it_is_open(server, stream, kind):
    with open_reader(kind, server, stream):
        viewers_become(server, stream, 1)
        with open_reader(kind, server, stream):
            viewers_become(server, stream, 2)
        viewers_become(server, stream, 1)
    viewers_become(server, stream, 0)


def test_two_tabs_of_one_user_are_one_viewer(server, stream):
    ann = token("ann", name="Ann")
    with open_reader("sse", server, stream, token=ann), open_reader("ws", server, stream, token=ann):
        with open_reader("ws", server, stream, token=token("bob", name="Bob")):
            found = viewers_become(server, stream, 2)
            assert sorted(found["roster"]) == ["Ann", "Bob"]
        assert viewers_become(server, stream, 1)["roster"] == ["Ann"]


def test_who_would_rather_not_be_named_is_only_counted(server, stream):
    """By the token's `roster`, so on every screen; a guest asks for it."""
    guest = server.ask("POST", "/v1/guests", body={"name": "Cid", "roster": False}).json()["token"]
    shy = token("ann", name="Ann", roster=False)
    with open_reader("sse", server, stream, token=shy), open_reader("ws", server, stream, token=guest):
        with open_reader("ws", server, stream, token=token("bob", name="Bob")):
            assert viewers_become(server, stream, 3)["roster"] == ["Bob"]
            assert server.ask("POST", f"/v1/streams/{stream}/heartbeat", token=shy, body={}).status == 200
            assert presence(server, stream)["roster"] == ["Bob"]


def test_a_session_is_one_viewer_over_transports(server, stream):
    with open_reader("sse", server, stream, session="s-1"), open_reader("ws", server, stream, session="s-1"):
        with open_reader("sse", server, stream, session="s-2"):
            viewers_become(server, stream, 2)
        viewers_become(server, stream, 1)
        beat(server, stream, session="s-1", state="watching")
        assert presence(server, stream)["viewers"] == 1


def test_closing_one_of_two_tabs_keeps_the_viewer(server, stream):
    ann = token("ann")
    with open_reader("sse", server, stream, token=ann):
        with open_reader("ws", server, stream, token=ann):
            viewers_become(server, stream, 1)
        with open_reader("ws", server, stream, token=token("witness")):
            viewers_become(server, stream, 2)
        viewers_become(server, stream, 1)


def test_a_heartbeat_counts_without_a_connection(start, stream):
    roar = start({"presence.ttl_s": 4, "presence.beat_s": 1})
    answer = beat(roar, stream, session="s-1", state="watching")
    assert answer["viewers"] == 1 and 0 < answer["next_ms"] <= 4000
    assert beat(roar, stream, session="s-2", state="hidden")["viewers"] == 2
    found = presence(roar, stream)
    assert (found["viewers"], found["watching"], found["hidden"]) == (2, 1, 1)
    begun = time.monotonic()
    viewers_become(roar, stream, 0)
    assert time.monotonic() - begun < 4 + 1 + BUSY_S, "TTL + 1 s, and what is ours"


def test_hidden_is_told_and_taken_back(server, stream):
    with Ws(server, stream, token=token("ann")) as ws:
        ws.message()
        viewers_become(server, stream, 1)
        assert ws.ask(do="beat", stream=stream, state="hidden")["ok"]
        found = eventually("hidden", lambda: (found := presence(server, stream))["hidden"] == 1 and found)
        assert (found["viewers"], found["watching"]) == (1, 0)
        assert ws.ask(do="beat", stream=stream, state="watching")["ok"]
        eventually("watching", lambda: presence(server, stream)["watching"] == 1)


def test_a_poll_is_a_beat(start, stream):
    roar = start({"presence.ttl_s": 2, "presence.beat_s": 1})
    roar.get(f"/v1/streams/{stream}/poll?wait=0&session=p-1")
    viewers_become(roar, stream, 1)
    viewers_become(roar, stream, 0)


def test_presence_is_told_to_viewers(server, stream):
    with open_reader("sse", server, stream) as first:
        with open_reader("ws", server, stream):
            told = first.until(lambda message: message["type"] == "presence" and message["viewers"] == 2)[-1]
            assert told["stream"] == stream and told["watching"] + told["hidden"] == 2
            assert told["approx"] is False
        first.until(lambda message: message["type"] == "presence" and message["viewers"] == 1)


def test_presence_is_told_at_most_once_a_second(server, stream):
    with open_reader("sse", server, stream) as first:
        begun = time.monotonic()
        told = 0
        for _ in range(60):
            open_reader("sse", server, stream).close()
        server.posted(stream, "end")
        for message in first.until(lambda message: message.get("text") == "end"):
            told += message["type"] == "presence"
        assert told <= (time.monotonic() - begun) + 2


def test_a_beat_needs_somebody(server, stream):
    assert server.ask("POST", f"/v1/streams/{stream}/heartbeat", body={}).problem() == "bad_field"
    assert beat(server, stream, user="ann")["viewers"] == 1


def test_presence_is_exact_for_hundreds_over_all_reactors(server, stream):
    readers = [open_reader(["sse", "ws"][n % 2], server, stream, session=f"v-{n // 3}") for n in range(300)]
    viewers_become(server, stream, 100)
    for reader in readers[:150]:
        reader.close()
    viewers_become(server, stream, 50)
    for reader in readers[150:]:
        reader.close()
    viewers_become(server, stream, 0)
