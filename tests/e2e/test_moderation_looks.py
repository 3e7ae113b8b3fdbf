# SPDX-License-Identifier: Apache-2.0
"""What moderators look up: a user's history, the rules and sanctions in force, raids."""
import time

import pytest

from moderator import Moderator, code_of
from roar import eventually
from screens import watch


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


def test_a_users_history_in_the_stream(mod, server):
    posted = [server.posted(mod.stream, f"text {n}", user="u 9/é")["seq"] for n in range(3)]
    server.posted(mod.stream, "another's", user="u8")
    mod.act("delete", seq=posted[0])
    mod.act("hold", seq=posted[1])
    mod.act("shadow", user="u 9/é", reason="ads")
    shadowed = server.posted(mod.stream, "shadowed", user="u 9/é")["seq"]
    mod.act("mode", value=["hold_all"])
    mod.undo(mod.act("timeout", user="u 9/é", seconds=60)["act"])
    timeout = mod.act("timeout", user="u 9/é", seconds=3600)
    found = mod.user_of("u 9/é")
    assert found["user"]["id"] == "u 9/é"
    assert [(comment.get("seq"), comment["text"], comment["state"]) for comment in found["comments"]] == [
        (posted[0], "text 0", "deleted"), (posted[1], "text 1", "held"), (posted[2], "text 2", "visible"),
        (shadowed, "shadowed", "shadowed")]
    newest, oldest = found["sanctions"]
    assert (newest["do"], newest["act"], newest["by"], "until" in newest) == ("timeout", timeout["act"], mod.user, True)
    assert (oldest["do"], oldest["reason"]) == ("shadow", "ads")
    assert mod.user_of("nobody") == {"user": {"id": "nobody", "name": "nobody"}, "comments": [], "sanctions": [], "more": False}


def test_who_wrote_much_is_read_in_pages(mod, server):
    """Each of theirs once, whoever wrote between; what has no place is on the first."""
    seqs = []
    for n in range(7):
        seqs.append(server.posted(mod.stream, f"text {n}", user="u9")["seq"])
        server.posted(mod.stream, "of another", user="u8")
    mod.act("mode", value=["hold_all"])
    held = server.post(mod.stream, "waits", user="u9").json()["id"]
    page = mod.look("users/u9", "?limit=3")
    assert [comment.get("seq") for comment in page["comments"]] == [*seqs[4:], None]
    assert (page["comments"][-1]["id"], page["more"], page["before"]) == (held, True, str(seqs[4]))
    page = mod.look("users/u9", f"?limit=3&before={page['before']}")
    assert ([comment["seq"] for comment in page["comments"]], page["more"]) == (seqs[1:4], True)
    page = mod.look("users/u9", f"?limit=3&before={page['before']}")
    assert ([comment["seq"] for comment in page["comments"]], page["more"], "before" in page) == (seqs[:1], False, False)
    assert mod.look("users/u9", f"?limit=4&before={seqs[4]}")["more"] is False, "that was the last of theirs"
    for wrong in ("0", "x", "-1"):
        assert code_of(mod.ask_look("users/u9", f"?before={wrong}")) == (422, "bad_field")


def test_what_waits_or_was_rejected_is_in_it(mod, server):
    mod.act("mode", value=["hold_all"])
    held = server.post(mod.stream, "waits", user="u9").json()
    (comment,) = mod.user_of("u9")["comments"]
    assert (comment["id"], comment["state"], "seq" in comment) == (held["id"], "held", False)
    mod.act("reject", id=held["id"])
    other = server.post(mod.stream, "waits, too", user="u9").json()
    server.post(mod.stream, "of another", user="u8")
    assert [(comment["id"], comment["text"], comment["state"]) for comment in mod.user_of("u9")["comments"]] == [
        (held["id"], "waits", "deleted"), (other["id"], "waits, too", "held")]
    purge = mod.act("purge", user="u9")
    assert [comment["state"] for comment in mod.user_of("u9")["comments"]] == ["deleted", "deleted"]
    mod.undo(purge["act"])
    assert [comment["state"] for comment in mod.user_of("u9")["comments"]] == ["deleted", "held"]


def test_sanctions_on_all_streams_are_in_it(start):
    roar = start()
    everywhere, mod = Moderator(roar, None, "root", "admin"), Moderator(roar, "s")
    roar.posted("s", user="u9")
    ban = everywhere.act("ban", user="u9")
    (sanction,) = mod.user_of("u9")["sanctions"]
    assert (sanction["act"], sanction["all"]) == (ban["act"], True)
    assert [found["user"] for found in mod.look("rules")["sanctions"]] == ["u9"]


def test_the_rules_in_force(mod, server):
    terms = [{"text": "darn", "match": "word", "action": "hold"}]
    mod.act("slow", seconds=7)
    mod.act("mode", value=["links_off"])
    mod.act("terms", value=terms)
    ban = mod.act("ban", user="u9")
    mod.put_rules({"caps": {"percent": 70}})
    found = mod.look("rules")
    assert (found["slow"], found["modes"], found["shield"], found["terms"]) == (7, ["links_off"], False, terms)
    assert found["rules"]["caps"]["percent"] == 70
    assert [(sanction["do"], sanction["user"], sanction["act"]) for sanction in found["sanctions"]] == [
        ("ban", "u9", ban["act"])]
    assert Moderator(server, mod.stream + "-nobodys").look("rules")["modes"] == []


def test_a_dry_run_only_counts(mod, server):
    answer = mod.put_rules({"links": {"dry_run": True}})
    assert answer.status in (200, 201), answer.body
    for _ in range(3):
        server.posted(mod.stream, "see https://example.com/x")
    server.posted(mod.stream, "no link")
    assert mod.look("rules")["counts"]["links"] == {"hits": 0, "dry_run": 3}
    mod.act("mode", value=["emote_only"])
    assert server.post(mod.stream, "words").status == 422
    assert mod.look("rules")["counts"]["emote_only"] == {"hits": 1, "dry_run": 0}


def test_rules_for_all_streams(start):
    roar = start()
    everywhere = Moderator(roar, None, "root", "admin")
    act = everywhere.act("mode", value=["links_off"])
    for stream in ("a", "b"):
        assert roar.post(stream, "see https://example.com/x").problem() == "links_off"
    assert everywhere.look("rules")["modes"] == ["links_off"]
    assert everywhere.look(f"acts/{act['act']}")["entry"]["stream"] is None
    everywhere.undo(act["act"])
    roar.posted("a", "see https://example.com/x")


def test_who_watches_an_empty_stream_is_told_what_is_set_for_all(start):
    roar = start()
    with watch(roar, "sse", "empty") as viewer, watch(roar, "ws", "empty") as other:
        Moderator(roar, None, "root", "admin").act("slow", seconds=20)
        for reader in (viewer, other):
            told = reader.until(lambda message: message["type"] == "settings")[-1]
            assert (told["slow"], told["seq"]) == (20, 1)
        assert roar.post("empty", "the first").json()["seq"] == 2


def test_a_raid_is_grouped(mod, server):
    for n in range(6):
        server.posted(mod.stream, f"Join   the BEST server now{'!' * n}", user=f"r{n}")
    server.posted(mod.stream, "something else entirely")
    (group,) = [group for group in mod.look("similar")["groups"] if group["why"] == "text"]
    assert len(group["comments"]) == 6
    assert group["users"] == [f"r{n}" for n in range(6)]
    (less,) = [group for group in mod.look("similar", "?limit=2")["groups"] if group["why"] == "text"]
    assert (len(less["comments"]), less["users"], less["seqs"]) == (2, group["users"], group["seqs"])
    act = mod.act("delete", seqs=[comment["seq"] for comment in group["comments"]], reason="raid")
    assert [comment["text"] for comment in server.history(mod.stream)] == ["something else entirely"]
    mod.undo(act["act"])
    assert len(server.history(mod.stream)) == 7
    (back,) = [group for group in mod.look("similar")["groups"] if group["why"] == "text"]
    assert back == group, "what is back is seen, and so it is in the group"


def test_a_raid_that_changes_a_few_letters_is_one_group(mod, server):
    texts = [f"Get {1000 + 977 * n} free coins in my channel now" for n in range(6)]
    texts += ["xx get free coins in my channel now, fast", "GET  FR33  COINS IN MY CHANNEL N0W"]
    seqs = [server.posted(mod.stream, text, user=f"r{n}")["seq"] for n, text in enumerate(texts)]
    for n, text in enumerate(("what a goal, did you see that", "the free kick was in my view wrong", "i was there")):
        server.posted(mod.stream, text, user=f"u{n}")
    (group,) = [group for group in mod.look("similar")["groups"] if group["why"] == "text"]
    assert group["seqs"] == seqs


def test_a_raid_that_counts_is_one_group(mod, server):
    texts = [f"wave {n}" for n in range(1, 61)] + [f"Waave {n}/900 @ann{n}" for n in range(61, 64)] + ["@bob wave64"]
    seqs = [server.posted(mod.stream, text, user=f"r{n}")["seq"] for n, text in enumerate(texts)]
    for n, text in enumerate(("2 1", "3 0", "1 1", "lol 2", "thanks @ann", "thanks @bob", "thanks @eve")):
        server.posted(mod.stream, text, user=f"u{n}")
    (group,) = [group for group in mod.look("similar")["groups"] if group["why"] == "text"]
    assert (group["seqs"], group["count"], len(group["users"])) == (seqs, len(seqs), len(seqs))


def test_pages(mod, server):
    for n in range(5):
        mod.act("ban", user=f"u{n}")
    page = mod.look("log", "?limit=2")
    assert [entry["n"] for entry in page["entries"]] == [1, 2] and page["more"]
    page = mod.look("log", f"?limit=10&after={page['cursor']}")
    assert [entry["n"] for entry in page["entries"]] == [3, 4, 5] and not page["more"]
    for query in ("?limit=0", "?limit=501", "?limit=x", "?after=-1"):
        answer = server.get(f"{mod.path}/log{query}", token=mod.token)
        assert (answer.status, answer.problem()) == (422, "bad_field")


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_an_act_says_how_far_it_got(mod, server, kind):
    bad = server.posted(mod.stream, "bad")
    with watch(server, kind, mod.stream) as first, watch(server, kind, mod.stream) as second:
        first.comments(1)
        second.comments(1)
        act = mod.act("delete", seq=bad["seq"])
        first.find("retract")
        second.find("retract")
        reach = eventually("both", lambda: (found := mod.look(f"reach/{act['act']}"))["applied"] == 2 and found)
    assert (reach["act"], reach["known"], reach["viewers"], reach["cut"]) == (act["act"], True, 2, 0)
    assert reach["state"] == "settled"
    assert 0 <= reach["p50_ms"] <= reach["p95_ms"] < 1000
    ban = mod.act("ban", user="u9")
    none = mod.look(f"reach/{ban['act']}")
    assert (none["event"], none["known"], none["viewers"], none["exposure_viewer_s"]) == (False, True, 0, 0)
    assert none["state"] == "none"
    assert reach["event"] is True


@pytest.mark.parametrize("what", ["delete", "purge", "clear"])
def test_an_act_says_how_much_was_seen_of_what_it_removes(mod, server, what):
    with watch(server, "sse", mod.stream) as first, watch(server, "ws", mod.stream) as second:
        began = time.monotonic()
        seqs = [server.posted(mod.stream, f"bad {n}", user="u9")["seq"] for n in range(2)]
        first.comments(2)
        second.comments(2)
        posted = time.monotonic()
        server.get(f"/v1/streams/{mod.stream}/poll?after={seqs[-1]}&wait=2")  # nothing comes
        asked = time.monotonic()
        act = mod.act(what, **{"delete": {"seqs": seqs}, "purge": {"user": "u9"}, "clear": {}}[what])
        done = time.monotonic()
        reach = mod.look(f"reach/{act['act']}")
    assert reach["comments"] == 2  # partial or not: a core may begin to follow the stream with the first of them
    assert 2 * 2 * (asked - posted) - 0.5 <= reach["exposure_viewer_s"] <= 2 * 2 * (done - began) + 0.5
    assert server.metrics()["roar_exposure_viewer_ms_total"] > 0


def test_exposure_says_where_there_may_be_more(mod, server):
    """A comment of before anybody watched here; who saw it then is not known."""
    older, old = (server.posted(mod.stream, text)["seq"] for text in ("older", "old"))
    with watch(server, "sse", mod.stream) as reader:
        reader.comments(2)
        first = mod.act("delete", seq=older)["act"]
        new = server.posted(mod.stream, "new")["seq"]
        reader.comments(1)
        acts = [mod.act("delete", seq=seq)["act"] for seq in (new, old)]
        assert [mod.look(f"reach/{act}")["exposure_partial"] for act in (first, *acts)] == [True, False, True]


def test_reach_outlives_the_server(start):
    roar = start({"moderation.reach_acts": 2})
    mod = Moderator(roar, "few")
    bad = [roar.posted("few", f"bad {n}")["seq"] for n in range(3)]
    with watch(roar, "sse", "few") as reader, watch(roar, "ws", "few") as other:
        reader.comments(3)
        other.comments(3)
        acts = []
        for seq in bad:
            acts.append(mod.act("delete", seq=seq)["act"])
            eventually("written", lambda: mod.look(f"reach/{acts[-1]}")["state"] == "settled")
        before = [mod.look(f"reach/{act}") for act in acts]
        assert [reach["viewers"] for reach in before] == [2, 2, 2]
        eventually("kept", lambda: roar.metrics()["roar_reach_kept_total"] >= 3)
        unwatched = Moderator(roar, "nobodys").act("slow", seconds=5)["act"]
    roar.kill()
    roar.start()
    assert [mod.look(f"reach/{act}") for act in acts[1:]] == before[1:]
    for stream, act in ("few", acts[0]), ("nobodys", unwatched):  # one too many; and one that no core followed
        unknown = Moderator(roar, stream).look(f"reach/{act}")
        assert (unknown["event"], unknown["known"], unknown["state"]) == (True, False, "unknown")
        assert unknown["viewers"] == unknown["applied"] == 0


def reach_of_a_moment_ago(roar):
    """Of an act on a stream that two watch, on their screens a moment ago: too young to be kept in passing."""
    mod = Moderator(roar, "few")
    bad = roar.posted("few", "bad")["seq"]
    with watch(roar, "sse", "few") as reader, watch(roar, "ws", "few") as other:
        reader.comments(1)
        other.comments(1)
        act = mod.act("delete", seq=bad)["act"]
        return eventually("both", lambda: (found := mod.look(f"reach/{act}"))["state"] == "settled" and found)


def test_reach_is_kept_by_a_server_that_is_told_to_stop(start):
    roar = start()
    before = reach_of_a_moment_ago(roar)
    assert (before["viewers"], before["applied"]) == (2, 2)
    assert roar.stop() == 0
    roar.start()
    assert Moderator(roar, "few").look(f"reach/{before['act']}") == before


def test_reach_is_kept_by_a_server_that_is_followed(start):
    roar = start({"drain_s": 5})
    before = reach_of_a_moment_ago(roar)
    follower = roar.upgrade()
    try:
        assert Moderator(follower, "few").look(f"reach/{before['act']}") == before
        assert roar.wait() == 0
    finally:
        follower.done()


def test_an_act_on_all_streams_says_how_far_it_got(start):
    roar = start()
    everywhere = Moderator(roar, None, "root", "admin")
    with watch(roar, "sse", "one") as first, watch(roar, "ws", "one") as second, watch(roar, "sse", "two") as third:
        for stream in "one", "two":
            roar.posted(stream, "bad", user="u9")
        for reader in first, second, third:
            reader.comments(1)
        act = everywhere.act("purge", user="u9")["act"]
        for reader in first, second, third:
            reader.find("retract")
        reach = eventually("all", lambda: (found := everywhere.look(f"reach/{act}"))["applied"] == 3 and found)
        assert (reach["act"], reach["event"], reach["viewers"], reach["state"]) == (act, True, 3, "settled")
        assert reach["p50_ms"] <= reach["p95_ms"] < 1000
        eventually("kept", lambda: roar.metrics()["roar_reach_kept_total"] >= 1)
        ban = everywhere.act("ban", user="u9")["act"]
        assert everywhere.look(f"reach/{ban}")["state"] == "none"
    roar.kill()
    roar.start()
    assert everywhere.look(f"reach/{act}") == reach
    assert roar.get(f"/v1/streams/one/moderation/reach/{act}", token=everywhere.token).status == 404
    assert roar.get(f"/v1/moderation/reach/{act}", token=Moderator(roar, "one").token).status == 403
