# SPDX-License-Identifier: Apache-2.0
"""What moderators are told and nobody else is: each other's acts, at once, and who did what to the log."""
import pytest

from moderator import Moderator
from readers import open_reader
from screens import all_pages, watch
from tokens import token

KINDS = ["sse", "ws", "gzip", "deflate"]


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


@pytest.fixture
def other(server, stream):
    return Moderator(server, stream, user="second")


def told(reader, act):
    """The notice of that act."""
    return reader.until(lambda message: message["type"] == "notice" and message.get("act") == act["act"])[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_moderators_are_told_of_acts_without_an_event(mod, other, server, kind):
    server.posted(mod.stream, "before")
    with watch(server, kind, mod.stream, token=other.token) as moderator, \
            watch(server, kind, mod.stream, token=token("u9")) as user, watch(server, kind, mod.stream) as anybody:
        ban = mod.act("ban", user="u9", reason="spam")
        found = told(moderator, ban)
        assert "seq" not in found and "seconds" not in found
        entry = mod.entries()[-1]
        for name in ("n", "act", "do", "at", "by", "kind", "target", "reason"):
            assert found[name] == entry[name], name
        for do, fields in (("timeout", {"user": "u8", "seconds": 60}), ("unban", {"user": "u9"}),
                           ("shadow", {"user": "u9"}), ("unshadow", {"user": "u9"}), ("hold", {"user": "u7"}),
                           ("terms", {"value": [{"text": "x", "match": "word", "action": "refuse"}]})):
            act = mod.act(do, **fields)
            found = told(moderator, act)
            assert (found["do"], found["by"], found["kind"]) == (do, "mod", "user")
            assert found.get("seconds") == fields.get("seconds")
        undo = mod.undo(act["act"])
        assert told(moderator, undo)["lifts"] == {"act": act["act"], "do": "terms"}
        server.posted(mod.stream, "the end", as_token=mod.token)
        for reader in (user, anybody):
            messages = reader.until(lambda message: message.get("text") == "the end")
            assert "notice" not in {message["type"] for message in messages}


def test_notices_are_numbered_as_the_audit_is(mod, other, server):
    server.posted(mod.stream, "before")
    with watch(server, "ws", mod.stream, token=other.token) as moderator:
        acts = [mod.act("ban", user=f"u{n}") for n in range(5)]
        assert [told(moderator, act)["n"] for act in acts] == [1, 2, 3, 4, 5]


def test_an_act_on_all_streams_is_told_in_each(server, stream):
    admin = Moderator(server, None, user="root", role="admin")
    names = [stream, f"{stream}-b"]
    readers = [watch(server, "ws", name, token=token("second", roles=["moderator"])) for name in names]
    viewer = watch(server, "ws", stream)
    for name in names:
        server.posted(name, "before")
    for reader in readers:
        reader.find("comment")
    ban = admin.act("ban", user="u9")
    for name, reader in zip(names, readers):
        found = told(reader, ban)
        assert found["all"] is True and found["stream"] == name
    server.posted(stream, "the end")
    assert "notice" not in {m["type"] for m in viewer.until(lambda message: message.get("text") == "the end")}
    admin.undo(ban["act"])
    for reader in (*readers, viewer):
        reader.close()


def test_who_is_shadowed_is_not_told_though_they_moderate(mod, server):
    admin = Moderator(server, mod.stream, user="root", role="admin")
    server.posted(mod.stream, "before")
    with watch(server, "ws", mod.stream, token=mod.token) as shadowed, \
            watch(server, "ws", mod.stream, token=admin.token) as other:
        shadow = admin.act("shadow", user="mod")
        told(other, shadow)
        own = server.post(mod.stream, "still mine", user="mod").json()
        undo = admin.undo(shadow["act"])
        told(other, undo)
        ban = admin.act("ban", user="u1")
        seen = shadowed.until(lambda message: message.get("act") == ban["act"])
        assert [m["act"] for m in seen if m["type"] == "notice"] == [ban["act"]]
        assert own["seq"] in [m["seq"] for m in seen if m["type"] in ("comment", "removed")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lane", ["full", "readable", "digest", "control"])
def test_events_say_who_did_them_to_moderators_alone(mod, other, server, kind, lane):
    comment = server.posted(mod.stream, "a comment")
    with watch(server, kind, mod.stream, token=other.token, query={"lane": lane}) as moderator, \
            watch(server, kind, mod.stream, query={"lane": lane}) as anybody:
        delete = mod.act("delete", seq=comment["seq"], reason='a "reason"')
        mod.undo(delete["act"])
        mod.act("slow", seconds=5, reason="calm down")
        last = mod.act("slow", seconds=0)
        for reader, is_told in ((moderator, True), (anybody, False)):
            found = {}
            while last["seq"] not in found:
                message = reader.message()
                for event in message.get("events", [message]):
                    found[event.get("seq")] = event
            event = found[delete["seq"]]
            assert event["type"] == "retract" and event["seqs"] == [comment["seq"]]
            assert ("by" in event, "reason" in event, "act" in event) == (is_told,) * 3
            if is_told:
                assert (event["by"], event["reason"], event["act"]) == ("mod", 'a "reason"', delete["act"])
                assert (found[last["seq"]]["by"], "reason" in found[last["seq"]]) == ("mod", False)
                continue
            assert not [event for event in found.values() if "by" in event]


def test_pages_say_who_did_them_to_moderators_alone(mod, other, server):
    comment = server.posted(mod.stream, "a comment")
    mod.act("delete", seq=comment["seq"], reason="spam")
    assert server.ask("POST", f"/v1/streams/{mod.stream}/end", token=mod.token, body=b"").status == 200
    path = f"/v1/streams/{mod.stream}"
    for page in ("/log?after=0", "/poll?after=0&wait=0", "/poll?after=0&wait=0&lane=control"):
        answer = server.get(path + page, token=other.token).json()
        events = [event for one in answer["events"] for event in one.get("events", [one])]
        by = {event["type"]: (event.get("by"), event.get("reason")) for event in events}
        assert by["retract"] == ("mod", "spam") and by["stream"] == ("mod", None), page
        for as_token in (None, token("u9")):
            assert '"by"' not in server.get(path + page, token=as_token).body.decode()
    for as_token in (None, token("u9")):
        for what, page in all_pages(server, mod.stream, as_token).items():
            assert '"by"' not in page, what
    with open_reader("sse", server, mod.stream, after="0", token=other.token) as resumed:
        assert resumed.find("retract")["by"] == "mod"
    with open_reader("sse", server, mod.stream, after="0") as resumed:
        assert "by" not in resumed.find("retract")


def test_it_is_so_after_a_restart(start):
    roar, stream = start(), "kept"
    mod = Moderator(roar, stream)
    comment = roar.posted(stream, "a comment")
    mod.act("delete", seq=comment["seq"], reason="spam")
    roar.kill()
    roar.start()
    events = roar.get(f"/v1/streams/{stream}/log?after=0", token=mod.token).json()["events"]
    assert (events[-1]["by"], events[-1]["reason"]) == ("mod", "spam")
    assert '"by"' not in roar.get(f"/v1/streams/{stream}/log?after=0").body.decode()


def test_who_moderates_no_more_is_told_nothing_more(mod, server):
    server.posted(mod.stream, "before")
    with watch(server, "ws", mod.stream, token=token("second", roles=["moderator"])) as reader:
        told(reader, mod.act("ban", user="u1"))
        reader.send({"do": "auth", "ref": 9, "token": token("second")})
        assert reader.find("reply")["ok"]
        mod.act("ban", user="u2")
        slow = mod.act("slow", seconds=5)
        seen = reader.until(lambda message: message.get("seq") == slow["seq"])
        assert "notice" not in {message["type"] for message in seen} and "by" not in seen[-1]
        reader.send({"do": "auth", "ref": 10, "token": token("second", roles=["moderator"])})
        assert reader.find("reply")["ok"]
        told(reader, mod.act("ban", user="u3"))
        assert reader.cursor.endswith(f".{slow['seq']}")


def test_a_raid_that_rules_hold_is_told_by_its_number(start):
    roar, stream = start({"moderation.notices_per_s": 5}), "raid"
    mod = Moderator(roar, stream)
    roar.posted(stream, "before")
    mod.act("mode", value=["hold_all"])
    with watch(roar, "ws", stream, token=mod.token) as moderator:
        for n in range(20):
            roar.post(stream, f"raid {n}", user=f"u{n}")
        told_of = moderator.until(lambda message: "many" in message)
        one_by_one = [m for m in told_of if m["type"] == "held" or m.get("do") == "hold"]
        assert 1 <= len(one_by_one) <= 15 and told_of[-1]["many"] >= 1
    assert roar.metrics()["roar_notices_hushed_total"] >= 1
