# SPDX-License-Identifier: Apache-2.0
"""P8: what a shadowed author posts reaches that author alone, who is told nothing of it."""
import pytest

from lanes import SPARSE, account, carried, of_log
from moderator import Moderator
from readers import open_reader
from roar import eventually
from screens import all_pages, backfill, secret, watch
from tokens import token


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


SHADOWED = "u9"


def test_a_shadowed_author_alone_sees_their_comments(mod, server):
    server.posted(mod.stream, "before", user=SHADOWED)
    theirs = token(SHADOWED)
    readers = {(who, kind): watch(server, kind, mod.stream, token=theirs if who == "author" else None)
               for who in ("author", "other") for kind in ("sse", "ws", "poll")}
    try:
        mod.act("shadow", user=SHADOWED)
        answers = [server.post(mod.stream, text, user=user) for text, user in
                   ((secret(1), SHADOWED), ("shown", "u1"), (secret(2), SHADOWED), ("the end", "u1"))]
        assert {answer.status for answer in answers} == {201}
        assert answers[0].json()["state"] == "visible"
        assert set(answers[0].json()) == set(answers[1].json())
        for (who, kind), reader in readers.items():
            found = reader.until(lambda message: message.get("text") == "the end")
            texts = [message["text"] for message in found if message.get("type") == "comment"]
            wanted = [secret(1), "shown", secret(2), "the end"] if who == "author" else ["shown", "the end"]
            assert [text for text in texts if text != "before"] == wanted, (who, kind)
            chain = [message for message in found if "prev" in message]
            assert all(b["prev"] == a["seq"] for a, b in zip(chain, chain[1:])), (who, kind)
    finally:
        for reader in readers.values():
            reader.close()
    for as_token, sees in ((None, False), (token("u1"), False), (theirs, True)):
        for what, page in all_pages(server, mod.stream, as_token).items():
            assert (secret(1) in page) is sees, (what, sees)
        for kind in ("sse", "ws"):
            assert (secret(1) in backfill(server, kind, mod.stream, token=as_token)) is sees
        snapshot = f"/v1/streams/{mod.stream}/snapshot"
        eventually("the snapshot", lambda: (secret(1) in server.get(snapshot, token=as_token).body.decode()) is sees, 1.0)


def test_an_answer_has_the_prev_that_its_author_sees(mod, server):
    """What their own reader is sent is what they were answered, at first and by a retry: it does not skip what is theirs."""
    server.posted(mod.stream, user="u1")
    mod.act("shadow", user=SHADOWED)
    mod.act("shadow", user="u8")
    answers = []
    for n, user in enumerate((SHADOWED, "u8", SHADOWED, "u1", "u8", SHADOWED, SHADOWED)):
        answers.append(server.posted(mod.stream, secret(n), user=user, cid=f"c{n}"))
    for n in (0, 2, 5, 6):
        again = server.post(mod.stream, secret(n), user=SHADOWED, cid=f"c{n}").json()
        assert again["duplicate"] and again["comment"] == answers[n]["comment"]
    log = server.get(f"/v1/streams/{mod.stream}/log?after=0", token=token(SHADOWED)).json()["events"]
    seen = [event for event in log if event.get("user", {}).get("id") == SHADOWED]
    assert [answers[n]["comment"] for n in (0, 2, 5, 6)] == seen


def test_the_newest_place_is_their_own_everywhere(mod, server):
    server.posted(mod.stream, user="u1")
    mod.act("shadow", user=SHADOWED)
    own = server.posted(mod.stream, secret(1), user=SHADOWED)["seq"]
    path = f"/v1/streams/{mod.stream}"
    for as_token, seq in ((token(SHADOWED), own), (token("u1"), own - 1), (None, own - 1)):
        assert server.get(path, token=as_token).json()["seq"] == seq
        assert server.get(path + "/comments", token=as_token).json()["latest_seq"] == seq
        assert server.get(path + "/log", token=as_token).json()["latest_seq"] == seq
        with open_reader("sse", server, mod.stream, token=as_token) as reader:
            assert reader.hello["latest"] == seq


def figures(server, stream, user):
    """What a stream measures, as told to `user`, without times."""
    path = f"/v1/streams/{stream}"
    info, found = (server.get(path + what, token=token(user)).json() for what in ("", "/metrics"))
    assert not {"ring_bytes", "compress_plain_bytes", "compress_sent_bytes"} & set(found)
    return [found[name] for name in ("events", "deliveries", "rate_in", "rate_out", "fanout_success")] + \
        [found["viewers"]["all"]] + [info[name] for name in ("rate_in", "rate_out", "why")]


def test_no_figure_tells_a_shadowed_author(server, stream):
    """Two streams alike but for the shadow: to its author both say the same."""
    hidden = Moderator(server, f"{stream}-hidden")
    streams = (hidden.stream, f"{stream}-shown")
    hidden.act("shadow", user=SHADOWED)
    readers = [open_reader(kind, server, name, tail=0) for name in streams for kind in ("sse", "ws", "sse")]
    readers += [open_reader("sse", server, name, tail=0, token=token(SHADOWED)) for name in streams]
    try:
        for name in streams:
            server.posted(name, "mine", user=SHADOWED)
        eventually("both say the same", lambda: figures(server, streams[0], SHADOWED) == figures(server, streams[1], SHADOWED))
        events, deliveries, *_ = figures(server, streams[0], SHADOWED)
        assert (events, deliveries) == (1, 4)
        assert figures(server, streams[0], "u1")[:2] == [0, 1]  # what is true
    finally:
        for reader in readers:
            reader.close()


@pytest.mark.parametrize("who", [None, "u1", SHADOWED])
def test_a_cursor_at_ones_own_hidden_comment_is_never_ahead(mod, server, who):
    server.posted(mod.stream, user="u1")
    mod.act("shadow", user=SHADOWED)
    own = server.posted(mod.stream, secret(1), user=SHADOWED)["seq"]
    mod.act("unshadow", user=SHADOWED)
    as_token, path = who and token(who), f"/v1/streams/{mod.stream}"
    for page in ("log?", "comments?", "poll?wait=0&"):
        found = server.get(f"{path}/{page}after={own}", token=as_token).json()
        assert "resync" not in found and found["cursor"].endswith(f".{own}"), page
    for kind in ("sse", "ws"):
        with open_reader(kind, server, mod.stream, after=str(own), token=as_token) as reader:
            assert reader.hello["resumed"] is True and reader.hello["seq"] == own
    newest = server.posted(mod.stream, "new", user="u1")["seq"]
    for kind in ("sse", "ws"):
        with open_reader(kind, server, mod.stream, after=str(own), token=as_token) as reader:
            message = reader.message()
            assert message["seq"] == newest and message["prev"] <= own
    assert server.get(f"{path}/log?after={newest + 1}", token=as_token).json()["resync"] is True


def test_unshadowed_is_from_now_on_and_undo_shows_what_was_hidden(mod, server):
    shadow = mod.act("shadow", user=SHADOWED)
    server.posted(mod.stream, secret(1), user=SHADOWED)
    mod.act("unshadow", user=SHADOWED)
    server.posted(mod.stream, "seen", user=SHADOWED)
    assert [comment["text"] for comment in server.history(mod.stream)] == ["seen"]
    shadow = mod.act("shadow", user=SHADOWED)
    server.posted(mod.stream, secret(2), user=SHADOWED)
    mod.undo(shadow["act"])
    assert secret(2) in [comment["text"] for comment in server.history(mod.stream)]


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_what_is_deleted_is_gone_for_its_shadowed_author_too(mod, server, kind):
    theirs = token(SHADOWED)
    author, other = (watch(server, kind, mod.stream, token=as_token) for as_token in (theirs, None))
    try:
        mod.act("shadow", user=SHADOWED)
        seq = server.posted(mod.stream, secret(1), user=SHADOWED)["seq"]
        server.posted(mod.stream, "between", user="u1")
        mod.act("delete", seq=seq)
        for what, page in all_pages(server, mod.stream, theirs).items():
            assert secret(1) not in page, what
        assert secret(1) not in backfill(server, kind, mod.stream, token=theirs)
        server.posted(mod.stream, "the end", user="u1")
        told = {who: [message["type"] for message in reader.until(lambda message: message.get("text") == "the end")]
                for who, reader in (("author", author), ("other", other))}
        assert "retract" in told["author"]
        assert "retract" not in told["other"]
    finally:
        author.close()
        other.close()


def in_sparse_lanes(server, stream, who):
    return {(lane, kind): watch(server, kind, stream, token=token(who), query={"lane": lane})
            for lane in SPARSE for kind in ("sse", "ws", "poll")}


@pytest.mark.slow
@pytest.mark.parametrize("who", [SHADOWED, "u1"])
def test_in_a_sparse_lane_what_is_theirs_waits_for_nobody(mod, server, who):
    """Nobody else writes: the window in which they did ends as it does for who is not shadowed."""
    mod.act("shadow", user=SHADOWED)
    readers = in_sparse_lanes(server, mod.stream, who)
    try:
        for n in range(3):
            server.posted(mod.stream, secret(n), user=who)
        log = server.get(f"/v1/streams/{mod.stream}/log?after=0", token=token(who)).json()["events"]
        assert len(log) == 3
        for (lane, kind), reader in readers.items():
            told = of_log(reader.until(lambda _, reader=reader: reader.seq >= log[-1]["seq"]))
            assert account(told, log, 0) == log[-1]["seq"], (lane, kind)
            events = [event for message in told for event in message.get("events", [message]) if "prev" in event]
            assert {event["seq"] for event in events} == carried(log, lane), (lane, kind)
            assert told[-1]["type"] == {"readable": "comment", "digest": "digest", "control": "mark"}[lane], (lane, kind)
    finally:
        for reader in readers.values():
            reader.close()


@pytest.mark.parametrize("who", [SHADOWED, "u1"])
def test_in_a_sparse_lane_an_act_on_what_is_theirs_comes_at_once(mod, server, who):
    mod.act("shadow", user=SHADOWED)
    readers = in_sparse_lanes(server, mod.stream, who)
    try:
        own = server.posted(mod.stream, secret(1), user=who)["seq"]
        mod.act("delete", seq=own)
        act = own + 1
        for (lane, kind), reader in readers.items():
            found = reader.until(lambda _, reader=reader: reader.seq >= act)
            told = [event for message in found for event in message.get("events", [message]) if event["type"] == "retract"]
            pushed = lane == "digest" and kind != "poll"  # it has a copy at once
            assert [event.get("early", False) for event in told] == [True] * pushed + [False], (lane, kind)
            assert {(event["seq"], event["prev"], *event["seqs"]) for event in told} == {(act, own, own)}, (lane, kind)
    finally:
        for reader in readers.values():
            reader.close()
