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


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_hello_says_what_is_in_force(mod, server, kind):
    pinned = server.posted(mod.stream, "look here")
    mod.act("slow", seconds=7)
    mod.act("mode", value=["links_off"])
    mod.act("pin", seq=pinned["seq"])
    with open_reader(kind, server, mod.stream) as late:
        assert (late.hello["slow"], late.hello["modes"]) == (7, ["links_off"])
        assert [pin["text"] for pin in late.hello["pins"]] == ["look here"]
