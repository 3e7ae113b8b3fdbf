# SPDX-License-Identifier: Apache-2.0
"""What is removed is gone everywhere from the answer on (P6), everybody who saw it is told (P7), and undo puts it back."""
import json
import shutil
import time

import pytest

from checker import View, check_moderation
from disk import small_disk
from moderator import Moderator
from readers import open_reader
from roar import UNLIMITED, Roar, eventually
from screens import all_pages, backfill, gone, secret, watch
from tokens import token

KINDS = ["sse", "ws", "poll", "gzip", "deflate"]


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


# ---- each way to remove, on each transport ----

WAYS = {
    "delete": lambda comment: {"do": "delete", "seq": comment["seq"]},
    "delete-by-id": lambda comment: {"do": "delete", "id": comment["id"]},
    "delete-some": lambda comment: {"do": "delete", "seqs": [comment["seq"]]},
    "purge": lambda comment: {"do": "purge", "user": "u9"},
    "purge-some": lambda comment: {"do": "purge", "users": ["u9", "u10"]},
    "clear": lambda comment: {"do": "clear"},
    "hold": lambda comment: {"do": "hold", "seq": comment["seq"]},
}


def removes(retract, comment):
    if "seqs" in retract:
        return comment["seq"] in retract["seqs"]
    return comment["seq"] <= retract["upto"] and (retract.get("all") or retract["user_id"] == comment["user"]["id"])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_removed_is_gone(mod, server, kind, way):
    server.posted(mod.stream, "before", user="u1")
    bad = server.posted(mod.stream, secret(1), user="u9")["comment"]
    with watch(server, kind, mod.stream) as viewer:
        assert viewer.texts(2) == ["before", secret(1)]
        asked = WAYS[way](bad)
        act = mod.act(asked.pop("do"), **asked)
        gone(server, mod.stream, secret(1), ("sse",))
        told = viewer.until(lambda message: message.get("type") == "retract" and removes(message, bad))[-1]
        assert told["seq"] <= act["seq"]
    tombs = server.get(f"/v1/streams/{mod.stream}/comments?tombstones=1").json()["comments"]
    assert {"seq": bad["seq"], "id": bad["id"], "state": "deleted"} in tombs
    place = [event for event in server.log(mod.stream) if event["seq"] == bad["seq"]]
    assert [event["type"] for event in place] == ["removed"]
    assert set(place[0]) == {"type", "stream", "seq", "prev"}


def again_of(answer):
    """What the same act is answered once it is in force."""
    return {name: value for name, value in answer.items() if name != "changed"} | {"duplicate": True}


@pytest.mark.parametrize("way", WAYS)
def test_again_is_the_same_act(mod, server, way):
    bad = server.posted(mod.stream, secret(1), user="u9")["comment"]
    asked = WAYS[way](bad)
    first = mod.act(**asked)
    assert mod.act(**asked) == again_of(first)


def test_a_purge_of_several_is_another_when_there_is_more_of_one(mod, server):
    users = {"users": ["u9", "u10"]}
    for user in ("u8", "u9", "u10"):
        server.posted(mod.stream, "before", user=user)
    first = mod.act("purge", **users)
    server.posted(mod.stream, "another's", user="u8")
    assert mod.act("purge", **users) == again_of(first)
    server.posted(mod.stream, secret(1), user="u10")
    second = mod.act("purge", **users)
    assert second["act"] != first["act"]
    gone(server, mod.stream, secret(1), ("sse",))
    mod.act("mode", value=["hold_all"])
    waits = server.posted(mod.stream, secret(2), user="u9")
    assert waits["state"] == "held"
    third = mod.act("purge", **users)
    assert third["act"] != second["act"] and mod.look("held")["comments"] == []
    assert mod.act("purge", **users) == again_of(third)
    mod.undo(third["act"])
    assert [comment["id"] for comment in mod.look("held")["comments"]] == [waits["id"]]
    assert "duplicate" not in mod.act("purge", **users)


@pytest.mark.parametrize("way", WAYS)
def test_undo_puts_it_back(mod, server, way):
    texts = ["one", secret(1), "three"]
    posted = [server.posted(mod.stream, text, user="u9")["comment"] for text in texts]
    asked = WAYS[way](posted[1])
    with watch(server, "sse", mod.stream) as viewer:
        viewer.comments(3)
        act = mod.act(**asked)
        undone = mod.undo(act["act"])
        found = viewer.until(lambda message: message.get("type") == "restore" and message["seq"] == undone["seq"])
        assert secret(1) in json.dumps([message for message in found if message["type"] == "restore"])
    assert [comment["text"] for comment in server.history(mod.stream)] == texts
    assert [comment["seq"] for comment in server.history(mod.stream)] == [comment["seq"] for comment in posted]
    kinds = {event["seq"]: event["type"] for event in server.log(mod.stream)}
    assert kinds[posted[1]["seq"]] == "removed" and kinds[undone["seq"]] == "restore"
    again = mod.act(**asked)
    assert "duplicate" not in again
    gone(server, mod.stream, secret(1), ("sse",))


def test_two_acts_on_one_are_both_to_be_undone(mod, server):
    bad = server.posted(mod.stream, secret(1), user="u9")["comment"]
    delete = mod.act("delete", seq=bad["seq"])
    purge = mod.act("purge", user="u9")
    mod.undo(delete["act"])
    gone(server, mod.stream, secret(1))
    mod.undo(purge["act"])
    assert [comment["text"] for comment in server.history(mod.stream)] == [secret(1)]


def test_what_is_not_there_cannot_be_removed(mod, server):
    seq = server.posted(mod.stream)["seq"]
    assert mod.refused("delete", seq=seq + 100) == (404, "no_comment")
    assert mod.refused("delete", id="01ZZZZZZZZZZZZZZZZZZZZZZZZ") == (404, "no_comment")
    settings = mod.act("slow", seconds=1)
    assert mod.refused("delete", seq=settings["seq"])[0] == 404
    assert mod.refused("approve", seq=seq)[0] in (404, 409)


def test_the_author_is_told_by_cid(mod, server):
    bad = server.posted(mod.stream, secret(1), user="u9", cid="c-1")
    mod.act("delete", seq=bad["seq"])
    answer = server.post(mod.stream, secret(1), user="u9", cid="c-1")
    assert answer.status == 200
    assert (answer.json()["state"], answer.json()["duplicate"]) == ("deleted", True)
    assert secret(1) not in answer.body.decode()


# ---- nothing begun after the answer has it ----

def test_no_page_begun_after_the_answer_has_it(mod, server):
    for n in range(30):
        bad = server.posted(mod.stream, secret(n), user="u9")
        mod.act("delete", seq=bad["seq"])
        for what, page in all_pages(server, mod.stream).items():
            assert secret(n) not in page, what
        assert secret(n) not in backfill(server, ("sse", "ws")[n % 2], mod.stream)


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_removed_stays_removed_over_restarts(start, end):
    roar = start()
    mod = Moderator(roar, "s")
    posted = [roar.posted("s", secret(n), user=f"u{n}") for n in range(6)]
    mod.act("delete", seq=posted[0]["seq"])
    mod.act("purge", user="u1")
    mod.undo(mod.act("delete", seq=posted[2]["seq"])["act"])
    held = mod.act("hold", seq=posted[3]["seq"])
    getattr(roar, end)()
    roar.start()
    kept = [secret(2), secret(4), secret(5)]
    assert [comment["text"] for comment in roar.history("s")] == kept
    for n in (0, 1, 3):
        gone(roar, "s", secret(n))
    mod.undo(held["act"])
    assert [comment["text"] for comment in roar.history("s")] == [secret(n) for n in (2, 3, 4, 5)]


# ---- a raid ----

def test_a_raid_is_removed_in_one_act_and_undone_in_one(start):
    roar = start({"limits.posts_waiting": "65536"})
    mod = Moderator(roar, "s")
    with roar.conn() as conn:
        for n in range(600):
            answer = conn.ask("POST", "/v1/streams/s/comments", token=token(f"raid{n % 40}"), body={"text": f"raid {n}"})
            assert answer.status == 201
    kept = roar.posted("s", "kept", user="ann")
    act = mod.act("purge", users=[f"raid{n}" for n in range(40)], reason="raid")
    assert [comment["text"] for comment in roar.history("s")] == ["kept"]
    again = mod.undo(act["act"])
    assert again["seq"] > act["seq"]
    assert len(roar.history("s")) == 601
    assert max(len(json.dumps(event, separators=(",", ":"))) for event in roar.log("s")) <= 65536
    assert roar.history("s")[-1]["seq"] == kept["seq"]


# ---- the judge over a whole run ----

@pytest.mark.parametrize("kind", KINDS)
def test_a_viewer_that_comes_back_learns_of_removals(mod, server, kind):
    server.posted(mod.stream, "first")
    view = View(kind)
    reader = watch(server, kind, mod.stream)
    view.messages += [reader.hello] if reader.hello else []
    bad = [server.posted(mod.stream, secret(n), user="u9")["comment"] for n in range(4)]
    view.messages += reader.until(lambda message: message.get("text") == secret(3))
    cursor = reader.after if kind == "poll" else reader.cursor
    reader.close()
    mod.act("delete", seq=bad[0]["seq"])
    mod.undo(mod.act("delete", seq=bad[1]["seq"])["act"])
    mod.act("purge", user="u9")
    server.posted(mod.stream, "the end")
    with open_reader(kind, server, mod.stream, after=cursor) as reader:
        view.messages += [reader.hello] if reader.hello else []
        view.messages += reader.until(lambda message: message.get("text") == "the end")
    assert list(check_moderation(server.log(mod.stream), [view])) == []


def test_acts_go_on_when_the_disk_is_full(tmp_path):
    """P15: comments are refused by name, acts are done, and all of it outlives a kill -9."""
    with small_disk(tmp_path / "disk", 12) as disk:
        if disk is None:
            pytest.skip("may not mount")
        roar = Roar(disk / "roar", UNLIMITED).start()
        try:
            bad = [roar.posted("s", secret(n), user="u9") for n in range(3)]
            free = shutil.disk_usage(disk).free
            (disk / "filler").write_bytes(b"b" * (free - 300_000))
            answer = eventually("a full disk", lambda: (
                found := roar.post("s", "x" * 450, user=f"p{time.monotonic_ns()}")).status == 503 and found)
            assert answer.problem() == "store_down"
            mod = Moderator(roar, "s")
            acts = [mod.act("delete", seq=comment["seq"])["act"] for comment in bad]
            acts.append(mod.act("ban", user="u9")["act"])
            assert not [comment for comment in roar.history("s") if comment["text"].startswith("the-secret")]
            roar.kill()
            roar.start()
            for n in range(3):
                gone(roar, "s", secret(n), ("sse",))
            assert [entry["act"] for entry in mod.entries()] == acts
        finally:
            roar.done()


def test_of_a_list_what_is_not_there_is_passed_over(mod, server):
    texts = ["one", "two", "three"]
    seqs = [server.posted(mod.stream, text)["seq"] for text in texts]
    assert mod.refused("delete", seqs=[7000, 7001]) == (404, "no_comment")
    mod.act("delete", seqs=[seqs[0], 7000, seqs[2]])
    assert [comment["text"] for comment in server.history(mod.stream)] == ["two"]
    mod.act("hold", seqs=[seqs[1], 7000])
    assert mod.refused("approve", seqs=[seqs[0], 7000]) == (404, "no_comment")
    mod.act("approve", seqs=[seqs[0], seqs[1]])
    assert [comment["text"] for comment in server.history(mod.stream)] == ["two"]
