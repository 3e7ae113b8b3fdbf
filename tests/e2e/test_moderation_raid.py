# SPDX-License-Identifier: Apache-2.0
"""A raid that hold_first holds (as shield does): it waits in the queue, is seen as one group, and goes by one act that one undo takes back."""
from moderator import Moderator

RAIDERS = 300


def queue(mod, limit=100):
    """All pages of it, as ids."""
    ids, query = [], f"?limit={limit}"
    while True:
        page = mod.look("held", query)
        ids += [comment["id"] for comment in page["comments"]]
        assert page["more"] == (len(ids) < page["count"])
        if not page["more"]:
            return ids
        assert page["cursor"] == ids[-1]
        query = f"?limit={limit}&after={page['cursor']}"


def test_a_raid_that_is_held_goes_by_one_act(server, stream):
    mod = Moderator(server, stream)
    seen = [server.posted(stream, f"Join the BEST server now {'!' * n}", user=f"{stream}-s{n}") for n in range(3)]
    mod.act("mode", value=["hold_first"])
    waiting = []
    for n in range(RAIDERS):
        answer = server.post(stream, f"join  the best SERVER now{'.' * (n % 5)}", user=f"{stream}-r{n}").json()
        assert answer["state"] == "held"
        waiting.append(answer["id"])
    bystander = server.post(stream, "what a goal that was, did you see it", user=f"{stream}-bob").json()
    assert bystander["state"] == "held"
    assert queue(mod) == [*waiting, bystander["id"]]

    (group,) = [group for group in mod.look("similar")["groups"] if group["why"] == "text"]
    assert (group["count"], group["waiting"]) == (RAIDERS + 3, RAIDERS)
    assert group["ids"] == [comment["comment"]["id"] for comment in seen] + waiting
    assert group["seqs"] == [comment["seq"] for comment in seen]
    assert {comment["state"] for comment in group["comments"]} == {"held"}  # the newest of them

    act = mod.act("delete", ids=group["ids"], reason="raid")
    assert queue(mod) == [bystander["id"]]
    assert server.history(stream) == []
    again = mod.act("delete", ids=group["ids"], reason="raid")
    assert (again["act"], again["duplicate"]) == (act["act"], True)

    mod.undo(act["act"])
    assert queue(mod) == [*waiting, bystander["id"]]
    assert len(server.history(stream)) == len(seen)
    mod.act("approve", ids=waiting[:10])
    assert queue(mod) == [*waiting[10:], bystander["id"]]
    mod.act("clear")
    assert queue(mod) == [] and server.history(stream) == []


def test_those_on_screens_come_first_in_a_group(server, stream):
    """An act takes 5,000: what waits harms nobody meanwhile."""
    mod = Moderator(server, stream)
    mod.act("mode", value=["hold_all"])
    waiting = [server.post(stream, f"wave {n}", user=f"{stream}-w{n}").json()["id"] for n in range(4)]
    mod.act("mode", value=[])
    seen = [server.posted(stream, f"wave {n}", user=f"{stream}-s{n}")["id"] for n in range(3)]
    (group,) = [group for group in mod.look("similar")["groups"] if group["why"] == "text"]
    assert group["ids"] == [*seen, *waiting]
    assert group["users"] == [*(f"{stream}-s{n}" for n in range(3)), *(f"{stream}-w{n}" for n in range(4))]
    assert [comment["id"] for comment in group["comments"]] == [*waiting, *seen], "in the order of time"


def test_an_act_on_comments_says_how_many_it_changed(server, stream):
    mod, other = Moderator(server, stream), Moderator(server, stream, "other")
    mod.act("mode", value=["hold_all"])
    waiting = [server.post(stream, f"comment {n}", user=f"{stream}-w{n}").json()["id"] for n in range(5)]
    mod.act("mode", value=[])
    seen = [server.posted(stream, f"seen {n}", user=f"{stream}-s{n}")["seq"] for n in range(4)]
    other.act("approve", id=waiting[0])
    assert mod.act("reject", ids=waiting[:3])["changed"] == 2
    assert mod.act("approve", ids=waiting[3:])["changed"] == 2
    assert other.act("delete", seq=seen[0])["changed"] == 1
    done = mod.act("delete", seqs=seen[:2])
    assert done["changed"] == 1
    assert "changed" not in mod.act("delete", seqs=seen[:2]), "a duplicate changes nothing"
    assert mod.act("delete", ids=waiting)["changed"] == 3, "on screens; of the others each was rejected"
    assert mod.act("hold", seqs=seen)["changed"] == 2
    assert mod.act("reject", seqs=seen)["changed"] == 2
    assert mod.act("restore", seqs=seen)["changed"] == 4
    assert mod.act("delete", seq=seen[0])["changed"] == 1
    for answer in (mod.act("purge", user=f"{stream}-s1"), mod.act("ban", user=f"{stream}-s1"), mod.undo(done["act"])):
        assert "changed" not in answer


def test_what_another_looks_at_stays(server, stream):
    ann, ben = Moderator(server, stream, "ann"), Moderator(server, stream, "ben")
    ann.act("mode", value=["hold_all"])
    ids = [server.post(stream, f"comment {n}", user=f"{stream}-u{n}").json()["id"] for n in range(4)]
    ann.claim(ids[1])
    ben.act("reject", ids=ids)
    assert queue(ben) == [ids[1]]
