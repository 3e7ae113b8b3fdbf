# SPDX-License-Identifier: Apache-2.0
"""Section 4: what a post answers, and that every transport tells the same of it."""
import time

import pytest

from readers import Ws, open_reader
from tokens import token

TRANSPORTS = ["sse", "ws", "poll"]


def test_the_answer_has_its_shape(server, stream):
    before = int(time.time() * 1000)
    answer = server.post(stream, "hello", cid="c-81f", media_ms=81250)
    assert answer.status == 201
    assert answer.header("content-type") == "application/json"
    body = answer.json()
    assert body.keys() == {"id", "seq", "epoch", "at", "state", "comment"}
    assert body["state"] == "visible"
    assert 1 <= body["seq"] < 2**53
    assert before - 2000 <= body["at"] <= int(time.time() * 1000) + 2000
    comment = body["comment"]
    assert comment["type"] == "comment" and comment["stream"] == stream
    assert (comment["id"], comment["seq"], comment["at"]) == (body["id"], body["seq"], body["at"])
    assert comment["cid"] == "c-81f" and comment["text"] == "hello" and comment["media_ms"] == 81250
    assert comment["user"] == {"id": "ann", "name": "ann"}


def test_the_author_is_who_the_token_says(server, stream):
    full = token("u7", name="Ann \"A\"", roles=["moderator", "viewer"], badges=["b1"], avatar="https://a.test/a.png")
    user = server.posted(stream, as_token=full)["comment"]["user"]
    assert user == {"id": "u7", "name": "Ann \"A\"", "roles": ["moderator"], "badges": ["b1"],
                    "avatar": "https://a.test/a.png"}


@pytest.mark.parametrize("sent, kept", [
    ("  \t hello \n", "hello"), ("a\r\nb\rc", "a\nb\nc"), ("<b>\"&'\\", "<b>\"&'\\"), ("é😀 e\u0301", "é😀 e\u0301"),
    ("a\u2028b", "a\u2028b"), ("data: x\n\nid: 9", "data: x\n\nid: 9"), ("\ufeffx", "\ufeffx"),
])
def test_text_is_kept_as_sent_but_for_its_ends(server, stream, sent, kept):
    readers = [open_reader(kind, server, stream, after="0") for kind in TRANSPORTS]
    assert server.posted(stream, sent)["comment"]["text"] == kept
    for reader in readers:
        with reader:
            assert reader.find("comment")["text"] == kept


def test_one_event_everywhere(server, stream):
    """The same JSON object in the answer, on each transport, in history and in the log."""
    readers = [open_reader(kind, server, stream, after="0") for kind in TRANSPORTS]
    first = server.posted(stream, "one", cid="c1")["comment"]
    second = server.posted(stream, "two", reply_to=first["id"])["comment"]
    assert second["reply_to"] == first["id"] and second["prev"] == first["seq"] and first["prev"] == 0
    for reader in readers:
        with reader:
            assert reader.comments(2) == [first, second]
    assert server.history(stream) == [first, second]
    assert server.log(stream) == [first, second]


def test_a_post_by_websocket_is_like_any(server, stream):
    with open_reader("sse", server, stream) as viewer, Ws(server, stream, token=token("u1", name="Una")) as ws:
        reply = ws.ask(do="post", stream=stream, text="by ws", cid="w1")
        assert reply["ok"] is True and reply["status"] == 201
        assert reply["data"].keys() == {"id", "seq", "epoch", "at", "state", "comment"}
        assert viewer.find("comment") == reply["data"]["comment"]
        again = server.post(stream, "other words", user="u1", cid="w1")
        assert again.status == 200
        assert again.json() == {**reply["data"], "duplicate": True}


def test_unknown_fields_are_ignored(server, stream):
    body = {"text": "x", "colour": "red", "nested": {"a": [1]}}
    answer = server.ask("POST", f"/v1/streams/{stream}/comments", token=token(), body=body)
    assert answer.status == 201
    assert "colour" not in answer.json()["comment"]


def test_seqs_grow_by_answer(server, stream):
    seqs = [server.posted(stream, str(n))["seq"] for n in range(20)]
    assert seqs == sorted(set(seqs))


def test_streams_are_apart(server, stream):
    other = stream + "-other"
    server.posted(stream, "here")
    server.posted(other, "there")
    assert [comment["text"] for comment in server.history(stream)] == ["here"]
    assert [comment["text"] for comment in server.history(other)] == ["there"]


# ---- retries ----


def test_the_same_cid_is_the_same_comment(server, stream):
    first = server.post(stream, "once", cid="k1")
    again = server.post(stream, "twice", cid="k1")
    assert (first.status, again.status) == (201, 200)
    assert again.json() == {**first.json(), "duplicate": True}
    assert len(server.history(stream)) == 1


def test_idempotency_key_is_a_cid(server, stream):
    first = server.post(stream, "once", headers=[("Idempotency-Key", "k1")])
    assert first.status == 201 and first.json()["comment"]["cid"] == "k1"
    assert server.post(stream, "once", cid="k1").json()["duplicate"] is True
    assert server.post(stream, "once", headers=[("Idempotency-Key", "k1")]).status == 200


def test_a_cid_belongs_to_user_and_stream(server, stream):
    seqs = {server.posted(stream, cid="k1", user="a")["id"], server.posted(stream, cid="k1", user="b")["id"],
            server.posted(stream + "-2", cid="k1", user="a")["id"]}
    assert len(seqs) == 3


def test_a_cid_is_known_after_a_restart(start, stream):
    roar = start()
    first = roar.posted(stream, "once", cid="k1")
    assert roar.stop() == 0
    roar.start()
    assert roar.post(stream, "once", cid="k1").json() == {**first, "duplicate": True}
    roar.kill()
    roar.start()
    assert roar.post(stream, "once", cid="k1").json() == {**first, "duplicate": True}
    assert len(roar.history(stream)) == 1


def test_a_retry_is_recognised_before_any_check_and_costs_nothing(start, stream):
    roar = start({"limits.post_user": "2/1h"})
    first = roar.posted(stream, "once", cid="k1")
    for _ in range(5):
        assert roar.post(stream, "once", cid="k1").status == 200
    assert roar.post(stream, "", cid="k1").json() == {**first, "duplicate": True}
    assert roar.post(stream, "x" * 501, cid="k1").json() == {**first, "duplicate": True}
    assert roar.post(stream, "", cid="k2").problem() == "empty"
    assert roar.posted(stream, "second")["seq"] > first["seq"]
    assert roar.post(stream, "third").problem() == "rate_user"
    assert roar.post(stream, "once", cid="k1").json() == {**first, "duplicate": True}
