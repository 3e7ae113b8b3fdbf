# SPDX-License-Identifier: Apache-2.0
"""Section 5: hello and backfill, pages, long polls, snapshot, and what a reader is told of itself."""
import threading
import time

import pytest

from http1 import DEADLINE_S
from readers import Poll, Sse, Ws, open_reader
from tokens import token

TRANSPORTS = ["sse", "ws", "poll"]
PUSH = ["sse", "ws"]


def fill(server, stream, count, start=0):
    return [server.posted(stream, f"t{n}")["comment"] for n in range(start, start + count)]


# ---- hello ----


@pytest.mark.parametrize("kind", PUSH)
def test_hello_says_where_one_stands(server, stream, kind):
    comments = fill(server, stream, 3)
    with open_reader(kind, server, stream, tail=2) as reader:
        hello = reader.hello
        assert hello["type"] == "hello" and hello["stream"] == stream
        assert hello["seq"] == comments[0]["seq"] and hello["latest"] == comments[2]["seq"]
        assert hello["resumed"] is False and hello["tier"] == "push" and hello["lane"] == "full"
        assert hello["state"] == "live" and hello["slow"] == 0 and hello["modes"] == [] and hello["pins"] == []
        assert hello["viewers"] >= 1 and hello["heartbeat_ms"] > 0
        assert reader.comments(2) == comments[1:]


@pytest.mark.parametrize("kind", PUSH)
def test_an_empty_stream_says_hello(server, stream, kind):
    with open_reader(kind, server, stream) as reader:
        assert reader.hello["seq"] == 0 and reader.hello["latest"] == 0
        first = server.posted(stream)["comment"]
        assert reader.find("comment") == first


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("tail, expected", [(None, 50), (0, 0), (5, 5), (500, 60)])
def test_tail_is_how_much_comes_first(server, stream, kind, tail, expected):
    comments = fill(server, stream, 60)
    with open_reader(kind, server, stream, tail=tail, **({"wait": 0} if kind == "poll" else {})) as reader:
        if kind == "poll" and expected == 0:
            assert reader.poll()["events"] == []
        else:
            assert reader.comments(expected) == comments[60 - expected:]
        last = server.posted(stream, "last")["comment"]
        assert reader.find("comment") == last


def test_sse_has_its_headers(server, stream):
    with Sse(server, stream) as sse:
        assert sse.head.header("content-type").split(";")[0] == "text/event-stream"
        assert sse.head.header("cache-control") == "no-cache, no-transform"
        assert sse.head.header("x-accel-buffering") == "no"
        assert sse.head.header("transfer-encoding") is None and sse.head.header("content-length") is None
        sse.message()
        assert len(sse.retries) == 1 and 500 <= sse.retries[0] <= 60000


def test_retry_is_jittered(server, stream):
    retries = set()
    for _ in range(8):
        with Sse(server, stream) as sse:
            sse.message()
            retries.add(sse.retries[0])
    assert len(retries) > 1


def test_the_subprotocol_is_echoed_if_asked_for(server, stream):
    with Ws(server, stream, headers=[("Sec-WebSocket-Protocol", "chat, roar.v1")]) as ws:
        assert ws.head.header("sec-websocket-protocol") == "roar.v1"
    with Ws(server, stream) as ws:
        assert ws.head.header("sec-websocket-protocol") is None
    with Ws(server, stream, headers=[("Sec-WebSocket-Protocol", "chat")]) as ws:
        assert ws.head.header("sec-websocket-protocol") is None


# ---- live ----


def test_a_comment_is_seen_on_every_transport_whichever_it_came_by(server, stream):
    readers = [open_reader(kind, server, stream) for kind in TRANSPORTS]
    with Ws(server, stream, token=token("w")) as poster:
        for number in range(10):
            server.posted(stream, f"h{number}")
            assert poster.ask(do="post", stream=stream, text=f"w{number}")["ok"]
    expected = [f"{way}{number}" for number in range(10) for way in "hw"]
    for reader in readers:
        with reader:
            assert reader.texts(20) == expected


def test_who_was_answered_finds_their_comment_anywhere(server, stream):
    """Read your own write: at once, on a new connection of any kind, whichever reactor takes it."""
    for number in range(30):
        comment = server.posted(stream, f"t{number}")["comment"]
        with open_reader(TRANSPORTS[number % 3], server, stream, tail=1) as reader:
            assert reader.find("comment") == comment
        assert server.history(stream)[-1] == comment


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_backfill_then_live_under_load_has_neither_gap_nor_double(server, stream, kind):
    """Readers join while comments pour in: what each sees is the log from its first event on."""
    fill(server, stream, 20)
    enough = threading.Event()
    last = []

    def pour():
        with Ws(server, stream, token=token("pourer")) as poster:
            while not enough.is_set():
                assert poster.ask(do="post", stream=stream, text="p")["ok"]
                poster.waiting.clear()
            last.append(poster.ask(do="post", stream=stream, text="last")["data"]["seq"])

    pourer = threading.Thread(target=pour)
    pourer.start()
    seen = []
    for _ in range(5):
        with open_reader(kind, server, stream, tail=10) as reader:
            seen.append(reader.comments(40))
    with open_reader(kind, server, stream, tail=500) as reader:
        enough.set()
        seen.append(reader.until(lambda message: message.get("text") == "last"))
    pourer.join(DEADLINE_S)
    assert last
    log = server.log(stream)
    seqs = [event["seq"] for event in log]
    for messages in seen:
        comments = [message for message in messages if message["type"] == "comment"]
        first = seqs.index(comments[0]["seq"])
        assert comments == log[first:first + len(comments)]


# ---- long poll ----


def test_a_poll_answers_at_once_if_there_is_something(server, stream):
    comments = fill(server, stream, 3)
    page = server.get(f"/v1/streams/{stream}/poll?after={comments[0]['seq']}&wait=30").json()
    assert page["events"] == comments[1:]
    assert page["cursor"] == f"{page['epoch']}.{comments[2]['seq']}"
    assert isinstance(page["next_ms"], int)


def test_a_poll_waits_and_then_says_nothing_new(server, stream):
    comments = fill(server, stream, 1)
    begun = time.monotonic()
    page = server.get(f"/v1/streams/{stream}/poll?after={comments[0]['seq']}&wait=1").json()
    assert page["events"] == [] and page["cursor"].endswith(f".{comments[0]['seq']}")
    assert 0.9 <= time.monotonic() - begun < DEADLINE_S


def test_a_poll_has_at_most_500_events(server, stream):
    with Ws(server, stream, token=token()) as poster:
        for number in range(510):
            assert poster.ask(do="post", stream=stream, text=str(number))["ok"]
    with Poll(server, stream, after="0", wait=0) as reader:
        assert [len(reader.poll()["events"]) for _ in range(3)] == [500, 10, 0]


# ---- history and log ----


def test_history_pages_meet_without_overlap(server, stream):
    comments = fill(server, stream, 25)
    target = f"/v1/streams/{stream}/comments?limit=10"
    newest = server.get(target).json()
    assert newest.keys() >= {"epoch", "cursor", "before", "latest_seq", "comments", "more"}
    assert newest["comments"] == comments[15:] and newest["more"] is True
    assert newest["latest_seq"] == comments[-1]["seq"]
    middle = server.get(f"{target}&before={newest['before']}").json()
    assert middle["comments"] == comments[5:15] and middle["more"] is True
    oldest = server.get(f"{target}&before={middle['before']}").json()
    assert oldest["comments"] == comments[:5] and oldest["more"] is False
    forward = server.get(f"{target}&after={comments[4]['seq']}").json()
    assert forward["comments"] == comments[5:15] and forward["more"] is True
    rest = server.get(f"{target}&after={forward['cursor']}").json()
    assert rest["comments"] == comments[15:] and rest["more"] is False


def test_the_newest_page_joins_the_live_stream(server, stream):
    fill(server, stream, 5)
    page = server.get(f"/v1/streams/{stream}/comments").json()
    with open_reader("sse", server, stream, after=page["cursor"]) as reader:
        live = server.posted(stream, "live")["comment"]
        assert reader.find("comment") == live


def test_the_log_is_paged_by_cursor(server, stream):
    comments = fill(server, stream, 7)
    page = server.get(f"/v1/streams/{stream}/log?after=0&limit=3").json()
    assert page["events"] == comments[:3] and page["more"] is True
    page = server.get(f"/v1/streams/{stream}/log?after={page['cursor']}&limit=10").json()
    assert page["events"] == comments[3:] and page["more"] is False
    page = server.get(f"/v1/streams/{stream}/log?after={page['cursor']}").json()
    assert page["events"] == [] and page["cursor"].endswith(f".{comments[-1]['seq']}")


def test_an_empty_stream_has_empty_pages(server, stream):
    page = server.get(f"/v1/streams/{stream}/comments").json()
    assert page["comments"] == [] and page["more"] is False and page["latest_seq"] == 0
    assert server.get(f"/v1/streams/{stream}/log").json()["events"] == []


def test_the_snapshot_is_the_newest_200(server, stream):
    with Ws(server, stream, token=token()) as poster:
        for number in range(205):
            assert poster.ask(do="post", stream=stream, text=str(number))["ok"]
    answer = server.get(f"/v1/streams/{stream}/snapshot")
    snapshot = answer.json()
    assert snapshot["type"] == "snapshot" and snapshot["stream"] == stream
    assert [comment["text"] for comment in snapshot["comments"]] == [str(number) for number in range(5, 205)]
    assert snapshot["cursor"] == f"{snapshot['epoch']}.{snapshot['comments'][-1]['seq']}"
    etag = answer.header("etag")
    if etag:
        again = server.get(f"/v1/streams/{stream}/snapshot", headers=[("If-None-Match", etag)])
        assert again.status == 304


# ---- one connection, several streams ----


def test_a_websocket_joins_and_leaves(server, stream):
    one, two = stream + "a", stream + "b"
    with Ws(server, token=token("u1")) as ws:
        assert ws.ask(do="join", stream=one)["ok"]
        assert ws.ask(do="join", stream=two, tail=0)["ok"]
        hellos = {ws.find("hello")["stream"] for _ in range(2)}
        assert hellos == {one, two}
        server.posted(one, "to one")
        server.posted(two, "to two")
        assert {(c["stream"], c["text"]) for c in ws.comments(2)} == {(one, "to one"), (two, "to two")}
        assert ws.ask(do="leave", stream=one)["ok"]
        server.posted(one, "unheard")
        server.posted(two, "heard")
        assert ws.find("comment")["text"] == "heard"


def test_a_join_may_carry_a_cursor(server, stream):
    comments = fill(server, stream, 4)
    with Ws(server) as ws:
        assert ws.ask(do="join", stream=stream, after=str(comments[1]["seq"]))["ok"]
        assert ws.find("hello")["resumed"] is True
        assert ws.comments(2) == comments[2:]
