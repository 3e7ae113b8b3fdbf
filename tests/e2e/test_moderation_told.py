# SPDX-License-Identifier: Apache-2.0
"""What some readers of a stream are told beside its log: authors of their held comments and warnings, moderators of the queue."""
import pytest

from moderator import Moderator
from readers import open_reader
from screens import secret, watch
from tokens import token


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


@pytest.mark.parametrize("kind", ["sse", "ws", "gzip", "deflate"])
def test_author_and_moderators_are_told_of_the_queue(mod, server, kind):
    server.posted(mod.stream, "before")
    mod.act("mode", value=["hold_all"])
    with watch(server, kind, mod.stream, token=token("u9")) as author, \
            watch(server, kind, mod.stream, token=mod.token) as moderator, \
            watch(server, kind, mod.stream, token=token("u8")) as other:
        held = [server.post(mod.stream, secret(n), user="u9", cid=f"c-{n}").json() for n in range(2)]
        approved = mod.act("approve", id=held[0]["id"])
        mod.act("reject", id=held[1]["id"])
        for reader in (author, moderator):
            for told, one in (("held", held[0]), ("held", held[1]), ("approved", held[0]), ("rejected", held[1])):
                found = reader.find(told)
                assert found["id"] == one["id"] and found["cid"] in ("c-0", "c-1")
                assert "seq" not in found or found["type"] == "approved"
        server.posted(mod.stream, "the end", as_token=mod.token)
        types = {message["type"] for message in other.until(lambda message: message.get("text") == "the end")}
        assert not types & {"held", "approved", "rejected"}
        assert approved["seq"] in [comment["seq"] for comment in server.history(mod.stream)]


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_who_is_warned_is_told_why(mod, server, kind):
    server.posted(mod.stream, "before", user="u9")
    with watch(server, kind, mod.stream, token=token("u9")) as theirs, watch(server, kind, mod.stream) as other:
        warning = mod.act("warn", user="u9", text="Be kind", reason="rude")
        found = theirs.find("warned")
        assert (found["act"], found["text"]) == (warning["act"], "Be kind")
        server.posted(mod.stream, "the end")
        messages = other.until(lambda message: message.get("text") == "the end")
        assert "warned" not in {message["type"] for message in messages}


def is_told(reader, roar, stream, mod):
    """Which warnings it is told of, or that they are over, up to what is posted now; a comment and its signals have no order among them."""
    last = roar.posted(stream, "anything else?", as_token=mod.token)
    found = reader.until(lambda message: message.get("seq") == last["seq"] and message["type"] == "comment")
    return [message["act"] for message in found if message["type"] in ("warned", "unwarned")]


@pytest.mark.parametrize("kind", ["sse", "ws", "gzip", "deflate"])
def test_who_comes_back_is_told_of_their_warning_again(mod, server, kind):
    server.posted(mod.stream, "before", user="u9")
    warning = mod.act("warn", user="u9", text="Be kind", reason="rude")  # nobody is there
    mod.act("shadow", user="u9")  # of which they are told nothing
    for _ in range(2):
        with open_reader(kind, server, mod.stream, token=token("u9")) as theirs:
            found = theirs.find("warned")
            assert found == {"type": "warned", "stream": mod.stream, "act": warning["act"], "text": "Be kind"}
            assert is_told(theirs, server, mod.stream, mod) == []
    for other in (None, token("u8")):
        with open_reader(kind, server, mod.stream, **({} if other is None else {"token": other})) as reader:
            assert is_told(reader, server, mod.stream, mod) == []
    acknowledged = server.ask("POST", f"/v1/streams/{mod.stream}/acknowledge", token=token("u9"), body={"act": warning["act"]})
    assert acknowledged.status == 200
    with open_reader(kind, server, mod.stream, token=token("u9")) as theirs:
        assert is_told(theirs, server, mod.stream, mod) == []


def test_who_says_later_who_they_are_is_told_then(mod, server):
    warning = mod.act("warn", user="u9", text="Be kind")
    with open_reader("ws", server, mod.stream) as reader:
        assert is_told(reader, server, mod.stream, mod) == []
        assert reader.ask(do="auth", token=token("u9"))["ok"]
        assert reader.find("warned")["act"] == warning["act"]
        mod.undo(warning["act"])
    with open_reader("ws", server, mod.stream, token=token("u9")) as reader:
        assert is_told(reader, server, mod.stream, mod) == []


def test_each_poll_has_the_warnings_in_force(mod, server):
    everywhere = Moderator(server, None, user="root", role="admin")
    server.posted(mod.stream, "before")
    first = mod.act("warn", user="u9", text="Be kind")
    second = everywhere.act("warn", user="u9", text="Everywhere")
    try:
        with open_reader("poll", server, mod.stream, token=token("u9"), wait=0) as theirs:
            for _ in range(2):  # the first has pins, too
                told = theirs.poll()["warned"]
                assert [one["act"] for one in told] == [first["act"], second["act"]]
                assert told[0] == {"type": "warned", "stream": mod.stream, "act": first["act"], "text": "Be kind"}
            mod.undo(first["act"])
            assert [one["text"] for one in theirs.poll()["warned"]] == ["Everywhere"]
        for other in ({}, {"token": token("u8")}):
            with open_reader("poll", server, mod.stream, wait=0, **other) as reader:
                assert "warned" not in reader.poll()
    finally:
        everywhere.undo(second["act"])


def acknowledge(roar, stream, act, user="u9"):
    answer = roar.ask("POST", f"/v1/streams/{stream}/acknowledge", token=token(user), body={"act": act})
    assert answer.status == 200
    return answer.json()


@pytest.mark.parametrize("kind", ["sse", "ws", "gzip", "deflate"])
def test_all_their_screens_learn_that_a_warning_is_over(mod, server, kind):
    server.posted(mod.stream, "before")
    everywhere = Moderator(server, None, user="root", role="admin")
    first, second = (mod.act("warn", user="u9", text=text)["act"] for text in ("Be kind", "No links"))
    third = everywhere.act("warn", user="u9", text="Everywhere")["act"]
    with open_reader(kind, server, mod.stream, token=token("u9")) as theirs, \
            open_reader("sse", server, mod.stream, token=token("u9")) as tablet, \
            open_reader(kind, server, mod.stream, token=token("u8")) as other:
        acknowledge(server, mod.stream, first)
        mod.undo(second)
        acknowledge(server, f"{mod.stream}-too", third)  # of all streams, in any
        for screen in (theirs, tablet):
            for act in (first, second, third):
                assert screen.find("unwarned") == {"type": "unwarned", "stream": mod.stream, "act": act}
            assert is_told(screen, server, mod.stream, mod) == []
        assert is_told(other, server, mod.stream, mod) == []
    assert acknowledge(server, mod.stream, first)["duplicate"]


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_of_many_warnings_the_next_is_told_when_one_is_over(mod, server, kind):
    texts = [f"Be kind, {n}" for n in range(7)]
    acts = [mod.act("warn", user="u9", text=text)["act"] for text in texts]
    with open_reader(kind, server, mod.stream, token=token("u9")) as theirs:
        seen = []
        while len(seen) < 4:
            seen.append(theirs.find("warned")["text"])
        assert seen == texts[:4]
        for n, act in enumerate(acts):
            assert texts[n] in seen  # before it has to be said to be read
            acknowledge(server, mod.stream, act)
            assert theirs.find("unwarned")["act"] == act
            left = texts[n + 1:n + 5]
            while left and left[-1] not in seen:
                seen.append(theirs.find("warned")["text"])
        server.posted(mod.stream, "at last", user="u9")


def test_a_poll_leaves_out_what_is_over(mod, server):
    acts = [mod.act("warn", user="u9", text=f"Be kind, {n}")["act"] for n in range(6)]
    with open_reader("poll", server, mod.stream, token=token("u9"), wait=0) as theirs:
        for n, act in enumerate(acts):
            assert [one["act"] for one in theirs.poll()["warned"]] == acts[n:n + 4]
            acknowledge(server, mod.stream, act)
        page = theirs.poll()
        assert "warned" not in page and "warned_unknown" not in page


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_who_waits_again_is_told(mod, server, kind):
    mod.act("mode", value=["hold_all"])
    one, other = (server.post(mod.stream, secret(n), user="u9", cid=f"c-{n}").json() for n in range(2))
    with open_reader(kind, server, mod.stream, token=token("u9")) as author, \
            open_reader(kind, server, mod.stream, token=mod.token) as moderator:
        rejected = mod.act("reject", id=one["id"])
        for reader in (author, moderator):
            assert reader.find("rejected")["cid"] == "c-0"
        mod.undo(rejected["act"])
        for reader in (author, moderator):
            found = reader.find("held")
            assert (found["id"], found["cid"]) == (one["id"], "c-0")
        purge = mod.act("purge", user="u9")
        assert {author.find("rejected")["cid"] for _ in range(2)} == {"c-0", "c-1"}
        mod.undo(purge["act"])
        assert {author.find("held")["cid"] for _ in range(2)} == {"c-0", "c-1"}
        appeal = mod.act("reject", id=other["id"])
        assert author.find("rejected")["cid"] == "c-1"
        asked = server.ask("POST", f"/v1/streams/{mod.stream}/appeals", token=token("u9"), body={"id": other["id"], "text": "Why?"})
        assert (asked.status, asked.json()["act"]) == (201, appeal["act"])
        path = f"/v1/streams/{mod.stream}/appeals/{asked.json()['appeal']}/decision"
        assert server.ask("POST", path, token=mod.token, body={"decision": "granted", "reason": "so it was"}).status == 200
        assert author.find("held")["cid"] == "c-1"
        mod.act("approve", id=other["id"])
        assert author.find("approved")["cid"] == "c-1"


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_warning_is_told_again_after_a_restart(start, end):
    roar = start()
    warning = Moderator(roar, "s").act("warn", user="u9", text="Be kind")
    getattr(roar, end)()
    roar.start()
    with open_reader("sse", roar, "s", token=token("u9")) as theirs:
        assert theirs.find("warned")["act"] == warning["act"]


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_hello_says_what_is_in_force(mod, server, kind):
    pinned = server.posted(mod.stream, "look here")
    mod.act("slow", seconds=7)
    mod.act("mode", value=["links_off"])
    mod.act("pin", seq=pinned["seq"])
    with open_reader(kind, server, mod.stream) as late:
        assert (late.hello["slow"], late.hello["modes"]) == (7, ["links_off"])
        assert [pin["text"] for pin in late.hello["pins"]] == ["look here"]
