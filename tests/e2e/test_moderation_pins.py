# SPDX-License-Identifier: Apache-2.0
"""Pins are told, are in every hello, and go with what they show."""
import pytest

from moderator import Moderator
from readers import open_reader
from roar import eventually
from screens import gone, secret, watch


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_pins_are_whole_comments_and_redacted_like_any(mod, server, kind):
    pinned = server.posted(mod.stream, secret(1), user="u9")["comment"]
    with watch(server, kind, mod.stream) as viewer:
        act = mod.act("pin", seq=pinned["seq"])
        event = viewer.find("pin")
        assert (event["seq"], event["target"], event["comment"]["text"]) == (act["seq"], pinned["seq"], secret(1))
        with open_reader(kind, server, mod.stream) as late:
            assert [pin["text"] for pin in late.hello["pins"]] == [secret(1)]
        assert mod.act("pin", id=pinned["id"]) == {**act, "duplicate": True}
        mod.act("unpin", seq=pinned["seq"])
        assert viewer.find("unpin")["target"] == pinned["seq"]
        with open_reader(kind, server, mod.stream) as late:
            assert late.hello["pins"] == []
        mod.act("pin", seq=pinned["seq"])
        mod.act("delete", seq=pinned["seq"])
        gone(server, mod.stream, secret(1))
        with open_reader(kind, server, mod.stream) as late:
            assert [(pin["type"], pin["seq"]) for pin in late.hello["pins"]] == [("removed", pinned["seq"])]
        mod.act("unpin", seq=pinned["seq"])
        with open_reader(kind, server, mod.stream) as late:
            assert late.hello["pins"] == []


def test_at_most_five_are_pinned_and_the_oldest_gives_way(mod, server):
    seqs = [server.posted(mod.stream, f"pin {n}")["seq"] for n in range(6)]
    with watch(server, "sse", mod.stream) as viewer:
        for seq in seqs:
            mod.act("pin", seq=seq)
        assert viewer.find("unpin")["target"] == seqs[0]
    with open_reader("sse", server, mod.stream) as late:
        assert [pin["seq"] for pin in late.hello["pins"]] == seqs[1:]
    assert mod.refused("pin", seq=seqs[-1] + 1000) == (404, "no_comment")
    assert mod.refused("unpin", seq=seqs[0])[0] in (404, 409)


def test_the_first_poll_has_them(mod, server):
    seqs = [server.posted(mod.stream, f"pin {n}")["seq"] for n in range(2)]
    mod.act("pin", seq=seqs[1])
    path = f"/v1/streams/{mod.stream}/poll"
    first = server.get(f"{path}?wait=0").json()
    assert [pin["text"] for pin in first["pins"]] == ["pin 1"]
    assert [event["seq"] for event in first["events"]] == [*seqs, seqs[1] + 1]
    assert "pins" not in server.get(f"{path}?wait=0&after={first['cursor']}").json()
    mod.act("delete", seq=seqs[1])
    assert "pin 1" not in server.get(f"{path}?wait=0").body.decode()


def test_the_snapshot_has_them(mod, server):
    seqs = [server.posted(mod.stream, f"pin {n}")["seq"] for n in range(2)]
    path = f"/v1/streams/{mod.stream}/snapshot"
    for seq in seqs:
        mod.act("pin", seq=seq)
    assert [pin["text"] for pin in server.get(path).json()["pins"]] == ["pin 0", "pin 1"]
    mod.act("delete", seq=seqs[0])
    mod.act("unpin", seq=seqs[1])
    pins = eventually("another snapshot", lambda: [
        pin["type"] for pin in server.get(path).json()["pins"]] == ["removed"], 1.0)
    assert pins
