# SPDX-License-Identifier: Apache-2.0
"""The checker of the queue finds what it is for: a good run passes, and every way to spoil it is found."""
import copy

import pytest

from checker import Answer, Deed, View, hidden_by
from queue_checker import (Claim, Decision, check_approved, check_claims, check_decided_once, check_held, check_notices,
                           check_puts, check_waiting, placed_by)


# ---- who decides ----

def entry(act, do, target, by="q0", seq=None):
    return {"act": act, "do": do, "by": by, "target": target, "seq": seq}


def audit():
    """i1 is approved as 20, held again at its place, and rejected; the rejection of i2 is undone, and it is approved; i3
    was visible at 8, held, restored, and held again as the restore was undone, so that it is decided twice."""
    return [*(entry(f"h{number}", "hold", f"id:i{number}", by="hold_all") for number in (2, 4, 5)),
            entry("a1", "hold", "id:i1", by="hold_all"), entry("a2", "approve", "id:i1", seq=20), entry("a3", "hold", "seq:20"),
            entry("a4", "reject", "id:i1", by="q1"), entry("a5", "reject", "id:i2"), entry("a6", "undo", "act:a5", by="q1"),
            entry("a7", "approve", "id:i2", by="q1", seq=24), entry("a8", "hold", "seq:8"),
            entry("a9", "approve", "id:i3", seq=28), entry("a10", "hold", "seq:8"), entry("a11", "restore", "seq:8"),
            entry("a12", "undo", "act:a11"), entry("a13", "reject", "id:i3", by="q1"), entry("a14", "reject", "id:i4")]


PLACES = {"i3": 8}
HELD, WAITING = {"i1": "u1", "i2": "u2", "i4": "u4", "i5": "u5"}, {"i5"}


def test_a_queue_in_which_each_is_decided_once_passes():
    assert [*check_decided_once(audit(), PLACES)] == []
    assert [*check_waiting(audit(), HELD, WAITING)] == []


@pytest.mark.parametrize("again", [entry("a20", "reject", "id:i2"), entry("a20", "approve", "id:i4", by="q1"),
                                   entry("a20", "approve", "id:i4"), entry("a20", "approve", "id:i3"),
                                   entry("a20", "approve", "id:i1")])
def test_what_is_decided_twice_is_found(again):
    assert len([*check_decided_once([*audit(), again], PLACES)]) == 1


@pytest.mark.parametrize("gone", ["a3", "a6"])
def test_a_second_decision_without_what_led_back_is_found(gone):
    assert len([*check_decided_once([one for one in audit() if one["act"] != gone], PLACES)]) == 1


def test_what_waits_though_it_was_decided_is_found():
    assert len([*check_waiting(audit(), HELD, {"i4", "i5"})]) == 1
    assert len([*check_waiting(audit(), HELD, {"i2", "i5"})]) == 1


def test_what_got_lost_from_the_queue_is_found():
    assert len([*check_waiting(audit(), HELD, set())]) == 1
    undone = [*audit(), entry("a20", "undo", "act:a14")]
    assert len([*check_waiting(undone, HELD, WAITING)]) == 1
    assert [*check_waiting(undone, HELD, {"i4", "i5"})] == []


@pytest.mark.parametrize("sweep", [entry("a20", "purge", "user:u5"), entry("a20", "purge", 'users:["u1","u5"]'),
                                   entry("a20", "clear", None)])
def test_what_is_swept_does_not_wait_until_that_is_undone(sweep):
    swept = [*audit(), sweep]
    assert [*check_waiting(swept, HELD, set())] == []
    assert len([*check_waiting(swept, HELD, {"i5"})]) == 1
    assert [*check_waiting([*swept, entry("a21", "undo", "act:a20")], HELD, {"i5"})] == []
    assert len([*check_waiting([*swept, entry("a21", "undo", "act:a20")], HELD, set())]) == 1
    assert [*check_waiting([*swept, entry("a21", "reject", "id:i5"), entry("a22", "undo", "act:a20")], HELD, set())] == []


def test_a_sweep_is_over_what_came_before_it_alone():
    came = {**HELD, "i6": "u5"}
    swept = [*audit(), entry("a20", "purge", "user:u5"), entry("h6", "hold", "id:i6", by="hold_all")]
    assert [*check_waiting(swept, came, {"i6"})] == []
    assert len([*check_waiting(swept, came, set())]) == 1


def test_what_is_held_by_nothing_in_the_audit_is_found():
    assert len([*check_waiting(audit(), {**HELD, "i7": "u7"}, WAITING | {"i7"})]) == 1


def claim(by="q0", asked=1.0, until=61.0, comment="i1"):
    return Claim(by, comment, asked, asked + 0.5, until)


def decision(by="q1", asked=3.0, do="reject", comment="i1", author="u9", seq=0, act="a1"):
    return Decision(act, do, by, comment, author, seq, asked, asked + 0.5)


@pytest.mark.parametrize("other", [decision(), decision(do="approve"), claim(by="q1", asked=3.0, until=99.0)])
def test_a_claim_that_does_not_hold_is_found(other):
    claims, decisions = [claim(), *([other] if isinstance(other, Claim) else [])], [other] if isinstance(other, Decision) else []
    assert len([*check_claims(claims, decisions)]) == 1
    assert len([*check_claims(claims, decisions, [(0.1, 0.9), (3.6, 4.0)])]) == 1


@pytest.mark.parametrize("other, until, downs", [
    (decision(by="q0"), 61.0, ()),  # their own
    (decision(comment="i2"), 61.0, ()),
    (decision(asked=1.2), 61.0, ()),  # before the answer
    (decision(asked=60.6), 61.0, ()),  # it may have been over
    (decision(), 2.0, ()),  # it was given back
    (decision(), 61.0, [(2.0, 2.5)]),  # the server forgot it
])
def test_a_claim_that_holds_or_is_over_is_not_found(other, until, downs):
    assert [*check_claims([claim(until=until)], [other], downs)] == []


# ---- who sees it ----

def comment(seq, name, user="u9"):
    return {"type": "comment", "stream": "s", "seq": seq, "prev": seq - 2, "id": name, "cid": f"{user}-{seq}",
            "user": {"id": user}, "text": "t"}


def view_of(*messages, user="", begun=0.0):
    """Messages that came at 1, 2, 3."""
    return View("live", list(messages), user, [begun] * len(messages), [1.0 + place for place in range(len(messages))])


def test_what_is_held_is_shown_to_nobody_before_it_is_approved():
    view = view_of(comment(2, "i2"), begun=0.0)
    held = [entry("a1", "hold", "id:i2")]
    approved, rejected = entry("a2", "approve", "id:i2"), entry("a3", "reject", "id:i2")
    assert len([*check_held([view], ["i2"], held)]) == 1
    assert len([*check_held([view], ["i2"], [*held, rejected])]) == 1
    assert [*check_held([view], ["i3"], held)] == []
    assert [*check_held([view], ["i2"], [*held, approved])] == []  # as soon as it is due, or by who was not answered
    assert [*check_held([view], ["i2"], [*held, approved], [decision(do="approve", asked=0.9, act="a2")])] == []
    assert len([*check_held([view], ["i2"], [*held, approved], [decision(do="approve", asked=1.1, act="a2")])]) == 1


def approved_run():
    """u9's i4 is approved as 6, u8's i5, while they are shadowed, as 8; u9's i6 as 10, and removed."""
    removed = {"type": "removed", "stream": "s", "seq": 10, "prev": 6}
    log = [comment(2, "i1"), comment(4, "i2"), comment(6, "i4"), removed, comment(12, "i7")]
    gap = {"type": "gap", "from": 3, "to": 10, "carried": 0, "shed": 2, "removed": 1, "why": "slow reader"}
    views = [view_of(*log), view_of(log[0], gap, log[4]), view_of(log[0], log[1]), view_of(log[4]),
             view_of(*log[:3], comment(8, "i5", "u8"), *log[3:], user="u8")]
    decisions = [decision(do="approve", comment="i4", seq=6), decision(do="approve", comment="i5", seq=8, author="u8"),
                 decision(do="approve", comment="i6", seq=10), decision(comment="i3")]
    return log, views, decisions, [(8, "u8")]


def test_a_run_in_which_what_is_approved_is_seen_passes():
    assert [*check_approved(*approved_run())] == []
    log, views, decisions, _ = approved_run()
    assert [*check_approved(log, views, decisions, (), ["u8"])] == []


def approved_is_not_in_the_log(log, views, decisions, hidden):
    del log[2]


def approved_as_another(log, views, decisions, hidden):
    log[2]["id"] = "i9"


def approved_never_came(log, views, decisions, hidden):
    del views[0].messages[2]


def approved_is_in_no_gap(log, views, decisions, hidden):
    views[1].messages[1] = {**views[1].messages[1], "from": 7}


def approved_never_came_to_its_author(log, views, decisions, hidden):
    del views[4].messages[3]


def hidden_is_in_the_log(log, views, decisions, hidden):
    log.insert(3, comment(8, "i5", "u8"))


@pytest.mark.parametrize("spoil", [approved_is_not_in_the_log, approved_as_another, approved_never_came, approved_is_in_no_gap,
                                   approved_never_came_to_its_author, hidden_is_in_the_log])
def test_it_finds_what_was_approved_and_is_not_seen(spoil):
    run = copy.deepcopy(approved_run())
    spoil(*run)
    assert len([*check_approved(*run)]) == 1


def test_what_is_approved_under_a_shadow_is_hidden():
    approved = [decision(do="approve", seq=6), decision(do="approve", seq=8, asked=9.0), decision()]
    assert hidden_by([Deed("a1", "shadow", 0, 2.0, user="u9", lifted=9.2)], placed_by(approved)) == [(6, "u9")]


# ---- who is told ----

def told(kind="rejected", cid="u9-1", **more):
    return {"type": kind, "stream": "s", "id": "i1", "cid": cid, **more}


def told_run():
    """i1 is rejected between 3 and 3.5, while u9 is there; then 6 was posted."""
    author = view_of({"type": "hello"}, comment(4, "i2"), told("held"), told(), comment(6, "i4"), user="u9")
    return [author, view_of({"type": "hello"}, comment(6, "i4"))], [decision()], [Answer("u8-1", 6, "i4", "t", 4.0, 4.5)]


def test_a_run_in_which_authors_alone_are_told_passes():
    assert [*check_notices(*told_run())] == []


@pytest.mark.parametrize("message", [told(), told("held", cid="u8-1"), told("approved", seq=8)])
def test_it_finds_who_is_told_of_what_is_somebody_elses(message):
    views, decisions, answers = told_run()
    views[1].messages.append(message)
    assert len([*check_notices(views, decisions, answers)]) == 1


@pytest.mark.parametrize("more", [{"text": "t"}, {"comment": {}}, {"by": "q1"}, {"reason": "rude"}])
def test_it_finds_that_an_author_is_told_more(more):
    views, decisions, answers = told_run()
    views[0].messages[3] = told(**more)
    assert len([*check_notices(views, decisions, answers)]) == 1


def test_it_finds_an_author_who_is_not_told():
    views, decisions, answers = told_run()
    views[0].messages[3] = told("approved")
    assert len([*check_notices(views, decisions, answers)]) == 1
    answers[0].begun = 3.4  # then it may have come before
    assert [*check_notices(views, decisions, answers)] == []


def test_an_author_who_came_later_or_was_behind_need_not_be_told():
    views, decisions, answers = told_run()
    views[0].messages[3] = {"type": "gap", "from": 5, "to": 5}
    assert [*check_notices(views, decisions, answers)] == []
    views, decisions, answers = told_run()
    views[0].messages[3] = comment(5, "i3")
    views[0].begun[:3] = [-1.0] * 3
    assert [*check_notices(views, decisions, answers)] == []


# ---- house rules ----

def test_rules_that_were_put_and_are_not_in_the_audit_are_found():
    caps = {"caps": {"percent": 70}}
    entries = [{**entry("a1", "rules", ""), "value": '{"caps":{"percent":70}}'}, {**entry("a2", "rules", ""), "value": "{}"},
               {**entry("a3", "mode", ""), "value": "{}"}]
    assert [*check_puts(entries, [caps, {}])] == []
    assert [*check_puts(entries, [{}])] == []  # whoever was not answered
    assert [*check_puts(entries, [caps, caps])] != []
    assert [*check_puts(entries, [{"links": {}}])] != []
