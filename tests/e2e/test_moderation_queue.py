# SPDX-License-Identifier: Apache-2.0
"""Held comments: seen by nobody, in the queue of those who moderate, shown when they are approved."""
import pytest

from moderator import Moderator, code_of
from screens import gone, secret, watch


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


def test_a_held_comment_is_seen_by_nobody_until_it_is_approved(mod, server):
    server.posted(mod.stream, "before")
    mod.act("mode", value=["hold_all"])
    with watch(server, "sse", mod.stream) as viewer:
        answer = server.post(mod.stream, secret(1), user="u9", cid="c-1")
        assert answer.status == 201
        held = answer.json()
        assert held["state"] == "held" and "seq" not in held
        gone(server, mod.stream, secret(1))
        (waiting,) = mod.look("held")["comments"]
        assert (waiting["id"], waiting["text"], waiting["user"]["id"]) == (held["id"], secret(1), "u9")
        again = server.post(mod.stream, secret(1), user="u9", cid="c-1")
        assert again.status == 200 and again.json()["state"] == "held"
        approved = mod.act("approve", id=held["id"])
        shown = viewer.until(lambda message: message.get("text") == secret(1))[-1]
        assert (shown["seq"], shown["id"]) == (approved["seq"], held["id"])
    assert mod.look("held")["comments"] == []
    again = server.post(mod.stream, secret(1), user="u9", cid="c-1").json()
    assert (again["state"], again["seq"]) == ("visible", approved["seq"])
    assert mod.refused("approve", id="01ZZZZZZZZZZZZZZZZZZZZZZZZ") == (404, "no_comment")


def test_a_rejected_comment_is_seen_by_nobody(mod, server):
    mod.act("mode", value=["hold_all"])
    held = server.post(mod.stream, secret(1), user="u9", cid="c-1").json()
    mod.act("reject", id=held["id"])
    gone(server, mod.stream, secret(1))
    assert mod.look("held")["comments"] == []
    assert server.post(mod.stream, secret(1), user="u9", cid="c-1").json()["state"] == "deleted"
    assert mod.ask("approve", id=held["id"]).status in (404, 409)


def test_a_visible_comment_may_be_held_and_comes_back_in_its_place(mod, server):
    texts = ["one", secret(1), "three"]
    posted = [server.posted(mod.stream, text, user="u9")["comment"] for text in texts]
    mod.act("hold", seq=posted[1]["seq"])
    gone(server, mod.stream, secret(1))
    (waiting,) = mod.look("held")["comments"]
    assert waiting["id"] == posted[1]["id"]
    mod.act("approve", id=waiting["id"])
    assert [comment["text"] for comment in server.history(mod.stream)] == texts
    assert mod.look("held")["comments"] == []


def test_all_of_one_user_may_be_held(mod, server):
    hold = mod.act("hold", user="u9")
    assert server.post(mod.stream, secret(1), user="u9").json()["state"] == "held"
    server.posted(mod.stream, "fine", user="u8")
    mod.undo(hold["act"])
    assert server.post(mod.stream, "again", user="u9").json()["state"] == "visible"
    gone(server, mod.stream, secret(1))


def test_mods_first_approves_by_itself(mod, server):
    mod.act("mode", value=["mods_first"], seconds=1)
    with watch(server, "sse", mod.stream) as viewer:
        held = server.post(mod.stream, secret(1), user="u9").json()
        assert held["state"] == "held"
        shown = viewer.until(lambda message: message.get("text") == secret(1))[-1]
        assert shown["id"] == held["id"]
    assert [entry["kind"] for entry in mod.entries() if entry["do"] == "approve"] == ["system"]


def test_a_list_of_one_is_a_list(mod, server):
    """One that is named by itself stands otherwise; a list names nothing the act could be about, however long it is."""
    shown = [server.posted(mod.stream, f"shown {n}", user=f"u{n}")["comment"] for n in range(2)]
    mod.act("mode", value=["hold_all"])
    waiting = [server.post(mod.stream, f"waits {n}", user=f"u{n}").json()["id"] for n in range(2)]
    ids, seqs = [one["id"] for one in shown], [one["seq"] for one in shown]
    for do in ("approve", "reject"):
        assert mod.refused(do, id=ids[0]) == mod.refused(do, seq=seqs[0]) == (404, "no_comment"), "it never waited"
    mod.act("approve", ids=waiting)
    assert mod.refused("reject", id=waiting[0]) == (409, "conflict")
    for many in (waiting[:1], waiting):
        assert mod.refused("reject", ids=many) == (404, "no_comment")
    mod.act("delete", ids=ids)
    assert mod.refused("hold", seq=seqs[0]) == mod.refused("hold", id=ids[0]) == (409, "conflict")
    for many in ({"seqs": seqs[:1]}, {"ids": ids[:1]}, {"seqs": seqs}, {"ids": ids}):
        assert mod.refused("hold", **many) == (404, "no_comment")
    more = [server.post(mod.stream, f"waits still {n}", user=f"u{n}").json()["id"] for n in range(2)]
    assert mod.refused("hold", id=more[0]) == (409, "conflict")
    for many in (more[:1], more):
        assert mod.refused("hold", ids=many) == (404, "no_comment")


@pytest.mark.parametrize("where", ["stream", "all"])
@pytest.mark.parametrize("first", ["hold", "rejection"])
def test_what_nothing_holds_any_more_is_shown(server, stream, where, first):
    """Each undo lifts its own act, in whichever order: with the last of them it has its place."""
    mod = Moderator(server, stream)
    mod.act("mode", value=["hold_all"])
    posted = server.post(stream, secret(1), user=f"{stream}-eve").json()
    (waiting,) = mod.look("held")["comments"]
    acting = mod if where == "stream" else Moderator(server, None, "root", role="admin")
    rejection = mod.act("reject", id=posted["id"]) if where == "stream" else acting.act("purge", user=f"{stream}-eve")
    lifts = [(mod, waiting["act"]), (acting, rejection["act"])]
    (earlier, later) = lifts if first == "hold" else reversed(lifts)
    earlier[0].undo(earlier[1])
    gone(server, stream, secret(1))
    assert [one["id"] for one in mod.look("held")["comments"]] == ([] if first == "hold" else [posted["id"]])
    undo = later[0].undo(later[1])
    assert mod.look("held")["comments"] == []
    (shown,) = server.history(stream)
    assert shown["id"] == posted["id"]
    assert undo.get("seq") == (None if (first, where) == ("hold", "all") else shown["seq"])
    assert mod.refused("approve", id=posted["id"]) == (409, "conflict")


@pytest.mark.parametrize("where", ["stream", "all"])
def test_what_is_purged_while_it_waits_is_not_approved_by_itself(server, stream, where):
    mod = Moderator(server, stream)
    mod.act("mode", value=["mods_first"], seconds=1)
    held = server.post(stream, secret(1), user=f"{stream}-eve").json()
    acting = mod if where == "stream" else Moderator(server, None, "root", role="admin")
    purge = acting.act("purge", user=f"{stream}-eve")["act"]
    with watch(server, "sse", stream) as viewer:
        server.post(stream, "of somebody else", user=f"{stream}-bob")  # due behind the other
        viewer.until(lambda message: message.get("text") == "of somebody else")
    gone(server, stream, secret(1))
    assert mod.look("held")["comments"] == []
    acting.undo(purge)  # it waits for somebody
    assert [waiting["id"] for waiting in mod.look("held")["comments"]] == [held["id"]]
    mod.act("approve", id=held["id"])
    assert secret(1) in [comment["text"] for comment in server.history(stream)]


def test_what_was_judged_otherwise_since_is_no_duplicate(mod, server):
    comment = server.posted(mod.stream, secret(1), user="u9")["comment"]
    mod.act("hold", id=comment["id"])
    mod.act("approve", id=comment["id"])
    mod.act("hold", id=comment["id"])
    mod.act("reject", id=comment["id"])
    assert mod.refused("approve", id=comment["id"]) == (409, "conflict")
    assert mod.act("reject", id=comment["id"])["duplicate"]
    gone(server, mod.stream, secret(1))
    mod.act("restore", id=comment["id"])
    assert mod.refused("reject", id=comment["id"]) == (409, "conflict")
    assert [shown["text"] for shown in server.history(mod.stream)] == [secret(1)]


def test_two_moderators_never_take_the_same(mod, server):
    other = Moderator(server, mod.stream, "other")
    mod.act("mode", value=["hold_all"])
    held = server.post(mod.stream, secret(1), user="u9").json()
    assert mod.claim(held["id"]).json()["by"] == mod.user
    assert code_of(other.claim(held["id"])) == (409, "conflict")
    assert mod.look("held")["claims"][0]["by"] == mod.user
    refused = other.ask("approve", id=held["id"])
    assert code_of(refused) == (409, "conflict")
    assert 1 < refused.json()["retry_after"] <= 60  # the claim's end
    assert mod.release(held["id"]).status == 200
    assert other.claim(held["id"]).json()["by"] == other.user
    other.act("approve", id=held["id"])


def test_what_does_not_wait_cannot_be_claimed(mod, server):
    mod.act("mode", value=["hold_all"])
    held = [server.post(mod.stream, secret(n), user="u9").json()["id"] for n in range(2)]
    mod.act("mode", value=[])
    seen = server.posted(mod.stream, secret(3), user="u9")["comment"]["id"]
    elsewhere = Moderator(server, mod.stream + "-too")
    server.posted(elsewhere.stream, secret(4), user="u9")
    assert mod.claim(held[0]).status == 200
    mod.act("approve", id=held[0])
    mod.act("reject", id=held[1])
    for comment in (*held, seen):
        answer = mod.claim(comment)
        assert code_of(answer) == (409, "conflict")
        assert "retry_after" not in answer.json()
        assert code_of(elsewhere.claim(comment)) == (404, "no_comment")
    assert code_of(mod.claim("01J00000000000000000000000")) == (404, "no_comment")
    mod.act("hold", id=seen)
    assert mod.claim(seen).json()["by"] == mod.user
    assert [claim["id"] for claim in mod.look("held")["claims"]][-1:] == [seen]


@pytest.mark.parametrize("do", ["approve", "reject"])
def test_a_claim_holds_however_the_comment_is_named(mod, server, do):
    other = Moderator(server, mod.stream, "other")
    comment = server.posted(mod.stream, secret(1), user="u9")["comment"]
    mod.act("hold", seq=comment["seq"])
    assert mod.claim(comment["id"]).status == 200
    assert other.refused(do, id=comment["id"]) == (409, "conflict")
    assert other.refused(do, seq=comment["seq"]) == (409, "conflict")
    assert other.refused(do, seq=comment["seq"] + 100) == (404, "no_comment")
    assert [waiting["id"] for waiting in mod.look("held")["comments"]] == [comment["id"]]
    mod.act(do, seq=comment["seq"])
    assert mod.look("held")["comments"] == []
