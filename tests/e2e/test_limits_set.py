# SPDX-License-Identifier: Apache-2.0
"""Every limit is a setting: turned down, its answer comes sooner and a metric shows it."""
import subprocess

import pytest

from http1 import Closed
from readers import PING, TEXT, Refused, Sse, Ws, frame, open_reader
from roar import BINARY as ROAR
from roar import ROOT, eventually, run
from tokens import token

# What is asked for, what it answers, and which counter tells of it.
REQUESTS = {
    "limits.head_bytes": (1024, {"headers": [("X", "y" * 1100)]}, 431, "headers_too_large"),
    "limits.fields": (10, {"headers": [(f"X-{n}", "y") for n in range(11)]}, 431, "headers_too_large"),
    "limits.field_name_bytes": (32, {"headers": [("N" * 33, "y")]}, 431, "headers_too_large"),
    "limits.url_bytes": (256, {"query": "q" * 250}, 414, "url_too_long"),
    "limits.body_bytes": (1024, {"body": {"text": "x" * 1024}}, 413, "too_large"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_is_no_more_than_is_set(start, stream, name):
    most, asked, status, code = REQUESTS[name]
    roar = start({name: most})
    target = f"/v1/streams/{stream}/comments?{asked.get('query', '')}"
    answer = roar.ask("POST" if "body" in asked else "GET", target, token=token(), body=asked.get("body"),
                      headers=asked.get("headers", []))
    assert answer.status == status and answer.problem() == code
    assert f"{most} at most" in answer.json()["detail"]
    assert roar.metrics()[f'roar_refused_total{{code="{code}"}}'] == 1
    assert roar.post(stream).status == 201, "what is within it is taken"


@pytest.mark.parametrize("name, most, chunks", [("limits.body_bytes", 1024, b"401\r\n" + b"x" * 1025 + b"\r\n0\r\n\r\n")])
def test_a_chunked_body_too(start, stream, name, most, chunks):
    roar = start({name: most})
    with roar.conn() as conn:
        conn.send(f"POST /v1/streams/{stream}/comments HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                  "Content-Type: application/json\r\n\r\n".encode() + chunks)
        assert conn.response().problem() == "too_large"


def test_more_may_be_allowed(start, stream):
    """Up to the bounds that the settings have themselves."""
    roar = start({"limits.head_bytes": 65536, "limits.fields": 1000, "limits.field_name_bytes": 4096,
                  "limits.url_bytes": 16384, "limits.body_bytes": 1048576, "limits.text_bytes": 4000,
                  "limits.text_points": 2000})
    headers = [(f"X-{number}", "y") for number in range(900)] + [("N" * 4000, "y")]
    assert roar.get("/healthz?" + "q" * 16000, headers=headers).status == 200
    body = {"text": "\u20ac" * 1300, "unknown": "x" * 1000000}
    answer = roar.ask("POST", f"/v1/streams/{stream}/comments", token=token(), body=body)
    assert answer.status == 201 and answer.json()["comment"]["text"] == body["text"]
    assert roar.history(stream)[0]["text"] == body["text"]


MESSAGES = {
    "limits.json_depth": (3, {"text": "x", "more": [[[1]]]}, {"text": "x", "more": [[1]]}, "bad_json"),
    "limits.json_keys": (8, {"text": "x", **{str(n): n for n in range(8)}}, {"text": "x", "a": 1}, "bad_json"),
    "limits.text_points": (5, {"text": "123456"}, {"text": "12345"}, "too_long"),
    "limits.text_bytes": (5, {"text": "\u20ac\u20ac"}, {"text": "\u20ac"}, "too_long"),
    "limits.text_lines": (2, {"text": "a\nb\nc"}, {"text": "a\nb"}, "too_long"),
    "limits.text_marks": (1, {"text": "a\u0301\u0302"}, {"text": "a\u0301"}, "bad_text"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_no_more_than_is_set(start, stream, name):
    most, over, within, code = MESSAGES[name]
    roar = start({name: most})
    ask = lambda body: roar.ask("POST", f"/v1/streams/{stream}/comments", token=token(), body=body)
    refused = ask(over)
    assert refused.status == 422 and refused.problem() == code
    assert roar.metrics()[f'roar_problems_total{{code="{code}"}}'] == 1
    assert ask(within).status == 201
    with Ws(roar, stream, token=token()) as ws:
        ws.send({"do": "post", **over})
        assert ws.find("reply")["problem"]["code"] == code, "by either way"


SOCKETS = {
    "limits.ws_message_bytes": (256, frame(TEXT, b"x" * 257), 1009),
    "limits.ws_fragments": (3, frame(TEXT, b"", final=False) + frame(0, b"", final=False) * 3, 1008),
    "limits.ws_control_frames": (2, frame(PING) * 6, 1008),  # in two seconds at most
    "limits.ws_bad_messages": (2, frame(TEXT, b"{") * 2, 1008),
}


@pytest.mark.parametrize("name", SOCKETS)
def test_a_websocket_is_closed_beyond_what_is_set(start, stream, name):
    most, data, code = SOCKETS[name]
    roar = start({name: most})
    with Ws(roar, stream) as ws:
        ws.find("hello")
        ws.conn.send(data)
        assert ws.closed() == code
    assert roar.metrics()[f'roar_ws_closed_total{{code="{code}"}}'] == 1


def test_a_websocket_joins_as_many_as_are_set(start, stream):
    roar = start({"limits.ws_streams": 2})
    with Ws(roar, stream) as ws:
        assert ws.ask(do="join", stream=stream + "-2")["ok"]
        refused = ws.ask(do="join", stream=stream + "-3")["problem"]
        assert refused["code"] == "bad_field" and refused["field"] == "stream"
        assert ws.ask(do="leave", stream=stream)["ok"]
        assert ws.ask(do="join", stream=stream + "-3")["ok"]
    assert roar.metrics()['roar_problems_total{code="bad_field"}'] == 1


def test_a_websocket_waits_for_as_many_answers_as_are_set(faulty, stream):
    roar = faulty({"limits.ws_calls": 2})
    with Ws(roar, stream, token=token()) as ws:
        ws.find("hello")
        roar.faults.on("stall")
        for number in range(3):
            ws.send({"do": "post", "ref": number, "text": "x", "cid": f"c{number}"})
        told = ws.find("reply")
        assert told["ref"] == 2 and told["problem"]["code"] == "overloaded"
        roar.faults.off("stall")
    assert roar.metrics()['roar_problems_total{code="overloaded"}'] >= 1


def test_who_never_says_who_it_is(start):
    roar = start({"auth.read": "token", "limits.ws_auth_ms": 100})
    with Ws(roar) as ws:
        assert ws.find("reply")["problem"]["code"] == "no_token"
        assert ws.closed() == 1008


def test_a_connection_that_asks_nothing_is_closed(start):
    roar = start({"limits.idle_ms": 200})
    with roar.conn() as conn:
        assert conn.ask("GET", "/healthz").status == 200
        assert conn.is_ended()


def test_silence_is_as_long_as_is_set(start, stream):
    roar = start({"delivery.line_s": 1, "delivery.ping_s": 1, "delivery.pings": 1})
    with Sse(roar, stream) as sse, Ws(roar, stream) as ws:
        sse.message(), ws.message()
        ws.answers_pings = False
        eventually_line(sse)
        with pytest.raises(Closed):
            while True:
                ws.message()
        assert ws.pings == 1


def eventually_line(sse):
    """The next comment line; nothing else is sent meanwhile."""
    beats = sse.beats
    while sse.beats == beats:
        sse.beats += sse.block()[0].startswith(":")


def test_posts_wait_for_the_disk_as_long_as_is_set(faulty, stream):
    """One waits at the disk and holds up a queue of one: the next is told at once, and so is who waits too long."""
    roar = faulty({"limits.posts_waiting": 1})
    roar.posted(stream, "before")
    roar.faults.on("stall")
    with roar.conn() as first:
        first.request("POST", f"/v1/streams/{stream}/comments", token=token("a"), body={"text": "x", "cid": "a"})
        eventually("a post at the disk", lambda: roar.metrics()["roar_posts_waiting"] == 1)
        refused = roar.post(stream, "x", user="b")
        assert refused.status == 503 and refused.problem() == "overloaded" and refused.header("retry-after")
        roar.faults.off("stall")
    assert roar.metrics()['roar_problems_total{code="overloaded"}'] == 1


def test_tickets_are_as_many_and_as_good_as_is_set(start, stream):
    roar = start({"limits.tickets_user": 1, "limits.tickets": 2, "auth.ticket_ttl_s": 3600})
    take = lambda user: roar.ask("POST", "/v1/tickets", token=token(user), body={})
    assert take("ann").json()["expires_in"] == 3600
    old, new = take("ann").json()["ticket"], take("ann").json()["ticket"]
    with pytest.raises(Refused) as refused:
        open_reader("sse", roar, stream, ticket=old)
    assert refused.value.response.problem() == "bad_token"
    assert take("bob").status == 201
    full = take("cid")
    assert full.status == 503 and full.problem() == "overloaded"
    open_reader("sse", roar, stream, ticket=new).close()
    assert take("cid").status == 201


def test_tickets_of_an_address_are_as_many_as_are_set(start, stream):
    roar = start({"limits.tickets_address": 1, "http.trusted_proxies": "127.0.0.1"})
    take = lambda user, address: roar.ask("POST", "/v1/tickets", token=token(user), body={},
                                          headers=[("X-Forwarded-For", address)]).json()["ticket"]
    elsewhere, old, new = take("ann", "203.0.113.1"), take("bob", "203.0.113.2"), take("cid", "203.0.113.2")
    with pytest.raises(Refused) as refused:
        open_reader("sse", roar, stream, ticket=old)
    assert refused.value.response.problem() == "bad_token"
    for ticket in (elsewhere, new):
        open_reader("sse", roar, stream, ticket=ticket).close()


def test_a_ticket_is_good_for_as_long_as_is_set(faulty, stream):
    roar = faulty({"auth.ticket_ttl_s": 5})
    ticket = roar.ask("POST", "/v1/tickets", token=token(), body={}).json()["ticket"]
    roar.faults.let_pass(6)
    with pytest.raises(Refused) as refused:
        open_reader("sse", roar, stream, ticket=ticket)
    assert refused.value.response.problem() == "bad_token"


def test_people_present_are_as_many_as_are_set(start, stream):
    roar = start({"presence.people_max": 1, "workers": 1})
    beat = lambda who: roar.ask("POST", f"/v1/streams/{stream}/heartbeat", body={"session": who, "state": "watching"})
    answers = [beat(f"s{number}") for number in range(4)]
    assert answers[0].status == 200
    assert answers[-1].status == 503 and answers[-1].problem() == "full"
    assert roar.metrics()['roar_problems_total{code="full"}'] >= 1


def test_joins_wait_their_turn(start, stream):
    """One at a time they are all let in, and who is inside is sent what comes meanwhile."""
    roar = start({"delivery.joins_turn": 1, "workers": 1})
    first = roar.posted(stream)["comment"]
    readers = [open_reader(kind, roar, stream) for kind in ("sse", "ws") * 20]
    live = roar.posted(stream)["comment"]
    for reader in readers:
        with reader:
            assert reader.comments(2) == [first, live]
    assert roar.metrics()["roar_joins_total"] == len(readers)


def test_streams_nobody_reads_are_as_many_as_are_set(start, stream):
    roar = start({"streams.idle_max": 1, "workers": 1})
    for number in range(8):
        roar.get(f"/v1/streams/{stream}-{number}/poll?after=0&wait=0")
    eventually("the oldest are closed", lambda: roar.metrics()["roar_streams_awake"] <= 2)


def test_a_stop_spreads_who_comes_back_as_is_set(start, stream):
    roar = start({"drain_retry_s": 1})
    with Ws(roar, stream) as ws:
        ws.find("hello")
        roar.signal(15)
        assert ws.find("goaway")["retry_ms"] == 1000


def test_a_reload_takes_over_what_it_can_and_names_the_rest(start, stream, tmp_path):
    file = tmp_path / "roar.toml"
    file.write_text("[limits]\ntext_points = 500\nhead_bytes = 16384\n", encoding="utf-8")
    roar = start(flags=("--dev", "--config", str(file)))
    assert roar.post(stream, "123456").status == 201
    file.write_text("[limits]\ntext_points = 5\nhead_bytes = 1024\n", encoding="utf-8")
    roar.signal(1)
    assert roar.wait_log("a setting changed that needs a restart")["setting"] == "limits.head_bytes"
    roar.wait_log("reloaded")
    assert roar.post(stream, "123456").problem() == "too_long"
    assert roar.get("/healthz", headers=[("X", "y" * 1100)]).status == 200


@pytest.mark.parametrize("name, value, said", [
    ("limits.head_bytes", 1023, "from 1024 to 65536"), ("limits.fields", 1001, "from 10 to 1000"),
    ("limits.ws_control_frames", 0, "from 1 to 250"), ("limits.posts_waiting", 65537, "from 1 to 65536"),
    ("delivery.ring_kib", 1, "from 64 to 65536")])
def test_no_setting_makes_a_buffer_endless(tmp_path, name, value, said):
    code, _, err = run("serve", "--dev", "--listen", "127.0.0.1:0", "--data", tmp_path / "data", settings={name: value})
    assert code == 2 and said in err


def test_the_manual_lists_every_setting_as_the_server_does():
    subprocess.run([ROOT / "tools/settings", "--check", ROAR], check=True)
