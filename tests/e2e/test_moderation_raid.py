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


def test_what_another_looks_at_stays(server, stream):
    ann, ben = Moderator(server, stream, "ann"), Moderator(server, stream, "ben")
    ann.act("mode", value=["hold_all"])
    ids = [server.post(stream, f"comment {n}", user=f"{stream}-u{n}").json()["id"] for n in range(4)]
    ann.claim(ids[1])
    ben.act("reject", ids=ids)
    assert queue(ben) == [ids[1]]
