# SPDX-License-Identifier: Apache-2.0
"""Section 5: cursors. A viewer that comes back misses nothing, or is told."""
import os

import pytest

from checker import View, check_moderation
from http1 import Conn
from moderator import Moderator
from readers import Poll, Sse, Ws, open_reader
from tokens import token

PUSH = ["sse", "ws", "gzip", "deflate"]
TRANSPORTS = [*PUSH, "poll"]


def fill(server, stream, count):
    with Ws(server, stream, token=token()) as poster:
        replies = [poster.ask(do="post", stream=stream, text=f"t{number}") for number in range(count)]
    return [reply["data"]["comment"] for reply in replies]


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_after_resumes_behind_the_cursor(server, stream, kind):
    comments = fill(server, stream, 10)
    epoch = server.get(f"/v1/streams/{stream}").json()["epoch"]
    for after in (f"{epoch}.{comments[3]['seq']}", str(comments[3]["seq"])):
        with open_reader(kind, server, stream, after=after) as reader:
            if kind != "poll":
                assert reader.hello["resumed"] is True and reader.hello["seq"] == comments[3]["seq"]
            assert reader.comments(6) == comments[4:]


def test_last_event_id_wins_over_after(server, stream):
    comments = fill(server, stream, 6)
    with open_reader("sse", server, stream, after="0") as reader:
        reader.comments(4)
        last = reader.id
    with open_reader("sse", server, stream, after="0", last=last) as reader:
        assert reader.comments(2) == comments[4:]


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_from_the_beginning(server, stream, kind):
    comments = fill(server, stream, 60)
    with open_reader(kind, server, stream, after="0") as reader:
        assert reader.comments(60) == comments


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_at_the_newest_nothing_comes_but_what_is_new(server, stream, kind):
    comments = fill(server, stream, 3)
    with open_reader(kind, server, stream, after=str(comments[-1]["seq"])) as reader:
        new = server.posted(stream, "new")["comment"]
        assert reader.find("comment") == new


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_many_reconnects_are_one_story(server, stream, kind):
    comments = fill(server, stream, 30)
    seen, after = [], "0"
    while len(seen) < 30:
        with open_reader(kind, server, stream, after=after) as reader:
            seen += reader.comments(3)
            after = reader.cursor
    assert seen == comments


@pytest.mark.parametrize("kind", PUSH)
@pytest.mark.parametrize("shape, why", [("zzzz.{seq}", "epoch"), ("zzzz.0", "epoch"), ("{epoch}.{ahead}", "ahead"),
                                        ("{ahead}", "ahead")])
def test_a_cursor_of_another_life_is_told_and_backfilled(server, stream, kind, shape, why):
    comments = fill(server, stream, 60)
    epoch = server.get(f"/v1/streams/{stream}").json()["epoch"]
    after = shape.format(seq=comments[5]["seq"], epoch=epoch, ahead=comments[-1]["seq"] + 1000)
    with open_reader(kind, server, stream, after=after) as reader:
        resync = reader.message()
        assert resync["type"] == "resync" and resync["why"] == why and resync["epoch"] == epoch
        assert resync["stream"] == stream and resync["seq"] == comments[9]["seq"]
        assert reader.comments(50) == comments[10:]


@pytest.mark.parametrize("after", ["zzzz.3", "9007199254740991"])
def test_pages_and_polls_of_another_life_say_so(server, stream, after):
    comments = fill(server, stream, 3)
    epoch = server.get(f"/v1/streams/{stream}").json()["epoch"]
    page = server.get(f"/v1/streams/{stream}/poll?after={after}&wait=0").json()
    assert page["resync"] is True and page["epoch"] == epoch
    assert page["events"] == comments
    if after.startswith("zzzz"):
        for path in ("log", "comments"):
            page = server.get(f"/v1/streams/{stream}/{path}?after={after}").json()
            assert page["resync"] is True and page["epoch"] == epoch, path


@pytest.mark.parametrize("kind", PUSH)
def test_too_far_behind_is_a_gap_with_its_hole(start, stream, kind):
    roar = start({"delivery.resume_max": 100})
    comments = fill(roar, stream, 260)
    with open_reader(kind, roar, stream, after=str(comments[9]["seq"]), tail=20) as reader:
        assert reader.hello["resumed"] is True and reader.hello["seq"] == comments[9]["seq"]
        gap = reader.message()
        assert gap["type"] == "gap" and gap["why"] == "behind"
        hole = [c for c in comments if gap["from"] <= c["seq"] <= gap["to"]]
        assert gap["carried"] + gap["shed"] + gap["removed"] == len(hole)
        assert gap["removed"] == 0
        assert reader.comments(20) == comments[240:]
        last = roar.posted(stream, "live")["comment"]
        assert reader.find("comment") == last
    assert hole[0] == comments[10] and hole[-1]["seq"] < comments[240]["seq"]
    # The URL's pages hold exactly the hole.
    paged, target = [], gap["history"]
    while True:
        page = roar.get(target).json()
        paged += [c for c in page["comments"] if c["seq"] <= gap["to"]]
        if not page["more"] or page["comments"][-1]["seq"] >= gap["to"]:
            break
        base = gap["history"].split("?")[0]
        target = f"{base}?after={page['cursor']}&limit=500"
    assert paged == hole


@pytest.mark.parametrize("kind", PUSH)
def test_just_within_the_bound_is_sent_inline(start, stream, kind):
    roar = start({"delivery.resume_max": 100})
    comments = fill(roar, stream, 150)
    with open_reader(kind, roar, stream, after=str(comments[49]["seq"])) as reader:
        assert [reader.message() for _ in range(100)] == comments[50:]


def test_a_poll_pages_through_whatever_lies_behind(start, stream):
    roar = start({"delivery.resume_max": 100})
    comments = fill(roar, stream, 700)
    with Poll(roar, stream, after=str(comments[0]["seq"])) as reader:
        assert reader.comments(699) == comments[1:]


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_a_restart_is_bridged_by_the_cursor(start, stream, kind):
    roar = start()
    fill(roar, stream, 5)
    with open_reader(kind, roar, stream, after="0") as reader:
        seen = reader.comments(5)
        cursor = reader.cursor
    roar.kill()
    roar.start()
    fill(roar, stream, 5)
    with open_reader(kind, roar, stream, after=cursor) as reader:
        seen += reader.comments(5)
    assert seen == roar.log(stream)


def test_the_epoch_outlives_a_crash(start, stream):
    roar = start()
    roar.posted(stream)
    epoch = roar.get(f"/v1/streams/{stream}").json()["epoch"]
    roar.kill()
    roar.start()
    assert roar.get(f"/v1/streams/{stream}").json()["epoch"] == epoch


def test_a_new_folder_is_a_new_epoch(start, stream):
    epochs = set()
    for _ in range(2):
        roar = start()
        epochs.add(roar.posted(stream)["epoch"])
    assert len(epochs) == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", PUSH)
def test_a_slow_reader_is_told_and_goes_on(start, stream, kind):
    """It takes nothing while megabytes pass: then it gets a gap that adds up, and the newest, and lives on."""
    roar = start()
    with open_reader(kind, roar, stream) as slow:
        comments = []
        with Ws(roar, stream, token=token()) as poster:
            poster.conn.socket.settimeout(60)
            for number in range(6000):
                reply = poster.ask(do="post", stream=stream, text=f"{number} " + os.urandom(240).hex())
                poster.waiting.clear()
                comments.append(reply["data"]["comment"])
        # It reads again: what the kernel held, a gap over what it was spared, and whatever is new.
        seen = slow.until(lambda message: message["type"] == "gap")
        comments.append(roar.posted(stream, "live")["comment"])
        seen += slow.until(lambda message: message.get("text") == "live")
    gaps = [message for message in seen if message["type"] == "gap"]
    events = [message for message in seen if message["type"] == "comment"]
    last, told = 0, 0
    for message in seen:
        if message["type"] == "gap":
            hole = [c for c in comments if message["from"] <= c["seq"] <= message["to"]]
            assert message["carried"] + message["shed"] + message["removed"] == len(hole)
            told = max(told, message["to"])
        elif message["type"] == "comment":
            assert message["seq"] > last
            assert message["prev"] <= max(last, told)
            last = message["seq"]
    assert len(events) + sum(gap["shed"] for gap in gaps) == len(comments)


@pytest.mark.parametrize("way", ["delete", "purge"])
@pytest.mark.parametrize("kind", PUSH)
def test_a_slow_reader_is_told_what_of_it_is_removed(start, stream, kind, way):
    """What it missed and was removed before it read again is `removed`, in the server's memory or long out of it."""
    roar = start()
    mod = Moderator(roar, stream)
    with open_reader(kind, roar, stream) as slow:
        view = View("slow", [slow.hello])
        comments = []
        with Ws(roar, stream, token=token("u1")) as one, Ws(roar, stream, token=token("u9")) as other:
            while len(comments) < 6000:
                poster = other if len(comments) % 4 == 0 else one
                reply = poster.ask(do="post", stream=stream, text=f"{len(comments)} " + os.urandom(240).hex())
                one.waiting.clear()
                other.waiting.clear()
                if reply["ok"]:  # a busy machine may be asked too much
                    comments.append(reply["data"]["comment"])
        if way == "delete":
            mod.act("delete", seqs=[comment["seq"] for comment in comments[-500::10]])
        else:
            mod.act("purge", user="u9")
        view.messages += slow.until(lambda message: message["type"] == "gap")
        roar.posted(stream, "live")
        view.messages += slow.until(lambda message: message.get("text") == "live")
    gaps = [message for message in view.messages if message["type"] == "gap"]
    log = roar.log(stream)
    gone = {event["seq"] for event in log if event["type"] == "removed"}
    assert len(gone) >= (50 if way == "delete" else 1500)
    for gap in gaps:
        assert gap["removed"] == sum(gap["from"] <= seq <= gap["to"] for seq in gone), gap
    assert sum(gap["removed"] for gap in gaps) >= 50
    assert check_moderation(log, [view]) == []


@pytest.mark.parametrize("kind", PUSH)
def test_who_comes_back_late_is_told_what_of_it_is_removed(start, stream, kind):
    roar = start({"delivery.resume_max": 100})
    comments = fill(roar, stream, 260)
    Moderator(roar, stream).act("delete", seqs=[comment["seq"] for comment in comments[:200:20]])
    with open_reader(kind, roar, stream, after=str(comments[9]["seq"]), tail=20) as reader:
        gap = reader.find("gap")
        assert (gap["why"], gap["from"], gap["removed"]) == ("behind", comments[10]["seq"], 9)
        assert check_moderation(roar.log(stream), [View("late", [gap])]) == []


def test_head_of_events_is_not_a_stream(server, stream):
    with Conn(server.address) as conn:
        answer = conn.ask("HEAD", f"/v1/streams/{stream}/events")
        assert answer.status in (200, 405)
