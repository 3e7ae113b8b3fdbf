# SPDX-License-Identifier: Apache-2.0
"""Section 3: every code has a request that reaches it, and the table below says which.

A code that another suite reaches stands in ELSEWHERE with the test that does; what this version of the server cannot
say because what it would be about is not built stands in NOT_APPLICABLE. A test holds the three against the list.
"""
import inspect

import pytest

import test_auth
import test_durability
import test_http_abuse
import test_limits
import test_stopping
from readers import Ws
from tokens import token

SECTION_3 = """
    bad_request bad_cursor bad_name · no_token bad_token expired_token ·
    banned muted forbidden wrong_role bad_origin must_acknowledge · no_stream no_comment not_found ·
    stream_ended · too_large · bad_type ·
    bad_json bad_field too_long empty bad_utf8 bad_text blocked_term links_off emote_only not_unique ·
    slow_mode rate_user rate_address rate_stream conns_address · overloaded store_down draining full
""".replace("·", " ").split()

NOT_APPLICABLE = {
    "moderation": ["banned", "muted", "must_acknowledge", "blocked_term", "links_off", "emote_only", "not_unique",
                   "slow_mode"],
}

ELSEWHERE = {
    "expired_token": test_auth.test_the_leeway_is_five_seconds,
    "bad_origin": test_auth.test_a_foreign_origin_is_refused_on_upgrades_tickets_and_reads,
    "forbidden": test_auth.test_streams_of_a_token_are_its_bounds,
    "rate_user": test_limits.test_a_user_has_so_many_and_is_told,
    "rate_address": test_limits.test_an_address_has_so_many,
    "rate_stream": test_limits.test_a_stream_has_so_many,
    "conns_address": test_limits.test_an_address_has_so_many_connections,
    "full": test_limits.test_a_full_server_says_so,
    "store_down": test_durability.test_a_full_disk_is_answered_by_name_and_recovered_from,
    "draining": test_stopping.test_sigterm_drains,
    "bad_request": test_http_abuse.test_an_abuse_is_answered_and_closed,
    "overloaded": test_durability.test_too_many_waiting_for_the_disk_are_told,
}

COMMENTS = "/v1/streams/{s}/comments"
TEXT = [("Content-Type", "application/json")]
PLAIN = [("Content-Type", "text/plain")]


def raw(body, headers=None):
    return {"headers": TEXT if headers is None else headers, "body": body}


def said(**fields):
    return {"body": fields}


DEEP = b'{"text":"x","a":' + b"[" * 17 + b"]" * 17 + b"}"
KEYS = b'{"text":"x",' + b",".join(b'"k%d":1' % number for number in range(64)) + b"}"

# code, status, method, target, the request, the field it names
TABLE = [
    ("bad_cursor", 400, "GET", "/v1/streams/{s}/events?after=x", {}, "after"),
    ("bad_cursor", 400, "GET", "/v1/streams/{s}/events?after=", {}, "after"),
    ("bad_cursor", 400, "GET", "/v1/streams/{s}/events?after=1.2.3", {}, "after"),
    ("bad_cursor", 400, "GET", "/v1/streams/{s}/events", {"headers": [("Last-Event-ID", "a b")]}, "Last-Event-ID"),
    ("bad_cursor", 400, "GET", "/v1/streams/{s}/poll?after=-1", {}, "after"),
    ("bad_cursor", 400, "GET", "/v1/streams/{s}/log?after=9007199254740992", {}, "after"),
    ("bad_cursor", 400, "GET", COMMENTS + "?before=K3F9.1", {}, "before"),
    ("bad_cursor", 400, "GET", COMMENTS + "?after=%ff", {}, "after"),
    ("bad_name", 400, "POST", "/v1/streams/-x/comments", said(text="x"), None),
    ("bad_name", 400, "POST", "/v1/streams/a%20b/comments", said(text="x"), None),
    ("bad_name", 400, "GET", "/v1/streams/%2e%2e%2f/comments", {}, None),
    ("bad_name", 400, "GET", "/v1/streams/" + "x" * 129 + "/events", {}, None),
    ("bad_request", 400, "GET", "/v1/streams/%zz/comments", {}, None),
    ("bad_request", 400, "GET", "/v1/streams/{s}/events", {"headers": [("Last-Event-ID", "1"), ("Last-Event-ID", "2")]},
     "Last-Event-ID"),
    ("bad_request", 400, "POST", COMMENTS, raw(b'{"text":"x"}', [("Content-Type", "application/json")] * 2), "Content-Type"),
    ("no_token", 401, "POST", COMMENTS, {"body": {"text": "x"}, "token": None}, None),
    ("bad_token", 401, "POST", COMMENTS, {"body": {"text": "x"}, "token": "x"}, None),
    ("wrong_role", 403, "PUT", "/v1/streams/{s}", said(), None),
    ("wrong_role", 403, "POST", "/v1/streams/{s}/end", {"body": b""}, None),
    ("no_comment", 404, "POST", COMMENTS, said(text="x", reply_to="nobody"), "reply_to"),
    ("not_found", 404, "GET", "/v1/nothing", {}, None),
    ("not_found", 404, "GET", "/v1/streams/{s}/nothing", {}, None),
    ("not_found", 404, "GET", "/v1/streams/", {}, None),
    ("not_found", 404, "GET", "/etc/passwd", {}, None),
    ("not_found", 404, "GET", "/../../etc/passwd", {}, None),
    ("too_large", 413, "POST", COMMENTS, raw(b'{"text":"' + b"x" * 17000 + b'"}'), None),
    ("bad_type", 415, "POST", COMMENTS, raw(b'{"text":"x"}', PLAIN), None),
    ("bad_type", 415, "POST", COMMENTS, raw(b'{"text":"x"}', []), None),
    ("bad_type", 415, "POST", COMMENTS, raw(b"text=x", [("Content-Type", "application/x-www-form-urlencoded")]), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b""), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b"{"), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b"[]"), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b'"x"'), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b'{"text":"x"}{'), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b'{"text":"x","text":"y"}'), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b'{"text":"\\ud800"}'), None),
    ("bad_json", 422, "POST", COMMENTS, raw(b'{"text":NaN}'), None),
    ("bad_json", 422, "POST", COMMENTS, raw(DEEP), None),
    ("bad_json", 422, "POST", COMMENTS, raw(KEYS), None),
    ("bad_utf8", 422, "POST", COMMENTS, raw(b'{"text":"\xff"}'), None),
    ("bad_utf8", 422, "POST", COMMENTS, raw(b'{"text":"\xed\xa0\x80"}'), None),
    ("bad_field", 422, "POST", COMMENTS, said(), "text"),
    ("bad_field", 422, "POST", COMMENTS, said(text=5), "text"),
    ("bad_field", 422, "POST", COMMENTS, said(text=None), "text"),
    ("bad_field", 422, "POST", COMMENTS, said(text=["x"]), "text"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", cid="a b"), "cid"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", cid="c" * 65), "cid"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", cid=""), "cid"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", cid=7), "cid"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", media_ms="1"), "media_ms"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", media_ms=-1), "media_ms"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", media_ms=1.5), "media_ms"),
    ("bad_field", 422, "POST", COMMENTS, said(text="x", reply_to=5), "reply_to"),
    ("bad_field", 422, "POST", COMMENTS, {"body": {"text": "x"}, "headers": [("Idempotency-Key", "a b")]}, None),
    ("bad_field", 422, "GET", "/v1/streams/{s}/events?tail=501", {}, "tail"),
    ("bad_field", 422, "GET", "/v1/streams/{s}/events?tail=-1", {}, "tail"),
    ("bad_field", 422, "GET", "/v1/streams/{s}/events?tail=many", {}, "tail"),
    ("bad_field", 422, "GET", "/v1/streams/{s}/events?lane=best", {}, "lane"),
    ("bad_field", 422, "GET", "/v1/streams/{s}/events?session=a%20b", {}, "session"),
    ("bad_field", 422, "GET", "/v1/streams/{s}/poll?wait=31", {}, "wait"),
    ("bad_field", 422, "GET", COMMENTS + "?limit=0", {}, "limit"),
    ("bad_field", 422, "GET", COMMENTS + "?limit=501", {}, "limit"),
    ("bad_field", 422, "POST", "/v1/streams/{s}/heartbeat", said(session="s", state="asleep"), "state"),
    ("bad_field", 422, "POST", "/v1/streams/{s}/heartbeat", said(session="a b"), "session"),
    ("too_long", 422, "POST", COMMENTS, said(text="x" * 501), "text"),
    ("too_long", 422, "POST", COMMENTS, said(text="\n".join("x" * 21)), "text"),
    ("empty", 422, "POST", COMMENTS, said(text=""), "text"),
    ("empty", 422, "POST", COMMENTS, said(text=" \r\n\t\u3000\u00a0\u2028"), "text"),
    ("bad_text", 422, "POST", COMMENTS, said(text="a\0b"), "text"),
    ("bad_text", 422, "POST", COMMENTS, said(text="a\x1bb"), "text"),
    ("bad_text", 422, "POST", COMMENTS, said(text="a\x85b"), "text"),
    ("bad_text", 422, "POST", COMMENTS, said(text="e" + "\u0301" * 9), "text"),
]


@pytest.mark.parametrize("code, status, method, target, request_, field", TABLE)
def test_a_wrong_request_is_named(server, stream, code, status, method, target, request_, field):
    anonymous = method == "GET"
    more = {"token": None if anonymous else token(), **request_}
    answer = server.ask(method, target.replace("{s}", stream), **more)
    assert answer.status == status, answer.body
    assert answer.problem() == code
    if field is not None:
        assert answer.json()["field"] == field
    assert server.history(stream) == [], "a refused comment leaves no trace"


def test_no_stream_where_they_are_made_explicitly(start, stream):
    roar = start({"streams.create": "explicit"})
    for path in ("events", "poll?wait=0", "comments", "log", "snapshot", ""):
        target = f"/v1/streams/{stream}/{path}".rstrip("/")
        answer = roar.get(target)
        assert answer.status == 404 and answer.problem() == "no_stream", target
    assert roar.post(stream).problem() == "no_stream"


def test_an_ended_stream_says_so(server, stream):
    host = token("host", roles=["host"])
    assert server.ask("POST", f"/v1/streams/{stream}/end", token=host, body=b"").status == 200
    answer = server.post(stream)
    assert answer.status == 409 and answer.problem() == "stream_ended"


@pytest.mark.parametrize("method, target", [
    ("DELETE", "/v1/streams/x/comments"), ("PATCH", "/v1/streams/x"), ("POST", "/v1/streams/x/events"),
    ("PUT", "/v1/tickets"), ("GET", "/v1/tickets"), ("POST", "/healthz"), ("BREW", "/v1/streams/x/comments")])
def test_a_method_that_is_not_for_it(server, method, target):
    answer = server.ask(method, target, body=b"")
    assert answer.status in ((405,) if method != "BREW" else (400, 405, 501))
    answer.problem()
    if answer.status == 405:
        assert "GET" in answer.header("allow") or "POST" in answer.header("allow")


def test_an_upgrade_is_required_where_a_websocket_lives(server, stream):
    answer = server.get(f"/v1/streams/{stream}/ws")
    assert answer.status == 426
    assert answer.header("upgrade").lower() == "websocket" and answer.header("connection").lower() == "upgrade"
    assert answer.header("cache-control") == "no-store"
    answer.problem()
    old = server.get(f"/v1/streams/{stream}/ws", headers=[
        ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "8")])
    assert old.status == 426 and old.header("sec-websocket-version") == "13"


@pytest.mark.parametrize("message, code", [
    ({"do": "post", "text": ""}, "empty"), ({"do": "post", "text": "x" * 501}, "too_long"),
    ({"do": "post", "text": "a\0b"}, "bad_text"), ({"do": "post"}, "bad_field"),
    ({"do": "post", "text": "x", "cid": "a b"}, "bad_field"), ({"do": "post", "text": "x", "reply_to": "no"}, "no_comment"),
    ({"do": "dance"}, "bad_field"), ({}, "bad_field"), ({"do": 5}, "bad_field"),
    ({"do": "join", "stream": "-x"}, "bad_name"), ({"do": "join", "after": "x", "stream": "y"}, "bad_cursor"),
    ({"do": "beat", "state": "asleep"}, "bad_field"), ({"do": "auth", "token": "x"}, "bad_token"),
])
def test_a_wrong_message_is_named(server, stream, message, code):
    with Ws(server, stream, token=token()) as ws:
        named = {"stream": stream, **message} if message.get("do") in ("post", "beat") else message
        reply = ws.ask(**named)
        assert reply["ok"] is False and reply["problem"]["code"] == code
        assert ws.ask(do="post", stream=stream, text="and on it goes")["ok"]


@pytest.mark.parametrize("text", ["", "x", "[]", '"x"', "{", '{"do":"post","do":"post"}', "[" * 100])
def test_what_is_no_object_gets_bad_json_without_ref(server, stream, text):
    with Ws(server, stream) as ws:
        ws.send_frame(1, text.encode())
        reply = ws.find("reply")
        assert reply["ok"] is False and reply["problem"]["code"] == "bad_json" and "ref" not in reply


def test_the_table_covers_the_list():
    here = {row[0] for row in TABLE}
    own = {"no_stream": test_no_stream_where_they_are_made_explicitly,
           "stream_ended": test_an_ended_stream_says_so}
    for code, reached_by in {**ELSEWHERE, **own}.items():
        assert f'"{code}"' in inspect.getsource(reached_by), f"{reached_by.__name__} does not say {code}"
    missing = set(SECTION_3) - here - set(ELSEWHERE) - set(own) - {
        code for codes in NOT_APPLICABLE.values() for code in codes}
    assert missing == set()
    assert set(SECTION_3) >= here
