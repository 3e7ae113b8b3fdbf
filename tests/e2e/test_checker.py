# SPDX-License-Identifier: Apache-2.0
"""The checker finds what it is for: a good run passes, and every way to spoil it is found."""
import copy
import hashlib
import json

import pytest

from checker import (Answer, Deed, View, check, check_deeds, check_ends, check_first, check_moderation, check_sanctions,
                     check_settings_end, hidden_by, was_hidden)


def good_run():
    log, prev = [], 0
    for number in range(1, 31):
        seq = number * 2  # holes mean nothing
        log.append({"type": "comment", "stream": "s", "seq": seq, "prev": prev, "id": f"i{seq}", "cid": f"c{seq}",
                    "at": 1000 + number, "user": {"id": "u", "name": "U"}, "text": f"t{seq}"})
        prev = seq
    answers = [Answer(event["cid"], event["seq"], event["id"], event["text"], begun=n, ended=n + 0.5)
               for n, event in enumerate(log)]
    hello = {"type": "hello", "epoch": "e", "seq": 0}
    resumed = {"type": "hello", "epoch": "e", "seq": 20}
    again = [hello, *log[:10], resumed, *log[10:]]
    doubled = [hello, *log[:12], {"type": "hello", "epoch": "e", "seq": 16}, *log[8:]]
    gap = {"type": "gap", "from": 2, "to": 20, "why": "behind"}
    spared = [hello, log[0], gap, *log[10:]]
    return log, answers, [View("again", again), View("doubled", doubled), View("spared", spared)]


def test_a_good_run_passes():
    assert check(*good_run()) == []


def lose_answered(log, answers, views):
    del log[5]


def two_of_one_cid(log, answers, views):
    log[6]["cid"] = log[5]["cid"]


def two_of_one_id(log, answers, views):
    log[6]["id"] = log[5]["id"]


def swap_in_log(log, answers, views):
    log[5], log[6] = log[6], log[5]


def break_chain(log, answers, views):
    log[5]["prev"] = 2


def time_goes_back(log, answers, views):
    log[5]["at"] = 1


def answered_otherwise(log, answers, views):
    answers[5].seq += 1


def other_text(log, answers, views):
    answers[5].text = "other"


def later_post_has_smaller_seq(log, answers, views):
    answers[20].begun, answers[20].ended = -2, -1  # answered before all others, with a greater seq


def hole_in_view(log, answers, views):
    del views[0].messages[4]


def end_missing_in_view(log, answers, views):
    del views[0].messages[-1]


def view_sees_nothing(log, answers, views):
    views[0].messages.clear()


def swap_in_view(log, answers, views):
    messages = views[0].messages
    messages[4], messages[5] = messages[5], messages[4]


def phantom_in_view(log, answers, views):
    views[0].messages.append({**views[0].messages[-1], "seq": 999, "prev": 60})


def changed_in_view(log, answers, views):
    views[0].messages[4] = {**views[0].messages[4], "text": "changed"}


def resumed_too_late(log, answers, views):
    views[0].messages[11] = {"type": "hello", "epoch": "e", "seq": 24}


def gap_too_short(log, answers, views):
    views[2].messages[2] = {"type": "gap", "from": 2, "to": 16, "why": "behind"}


@pytest.mark.parametrize("spoil", [
    lose_answered, two_of_one_cid, two_of_one_id, swap_in_log, break_chain, time_goes_back, answered_otherwise,
    other_text, later_post_has_smaller_seq, hole_in_view, end_missing_in_view, view_sees_nothing, swap_in_view,
    phantom_in_view, changed_in_view, resumed_too_late, gap_too_short])
def test_it_finds(spoil):
    run = copy.deepcopy(good_run())
    spoil(*run)
    assert check(*run) != []


# ---- moderation: P6 to P8 ----

def moderated_run():
    """u1 and u9 comment; 4 and 6 are retracted by 14, 4 is restored by 16, all of u9 by 18; 10 is u9's and shadowed."""
    def comment(seq, user):
        return {"type": "comment", "stream": "s", "seq": seq, "prev": seq - 2, "user": {"id": user}, "text": f"t{seq}"}

    def removed(seq):
        return {"type": "removed", "stream": "s", "seq": seq, "prev": seq - 2}

    comments = {seq: comment(seq, "u9" if seq in (6, 8, 10) else "u1") for seq in (2, 4, 6, 8, 10, 12)}
    retract = {"type": "retract", "stream": "s", "seq": 14, "prev": 12, "seqs": [4, 6]}
    restore = {"type": "restore", "stream": "s", "seq": 16, "prev": 14, "comments": [comments[4]]}
    purge = {"type": "retract", "stream": "s", "seq": 18, "prev": 16, "user_id": "u9", "upto": 12}
    acts = [retract, restore, purge]
    log = [comments[2], removed(4), removed(6), removed(8), comments[12], *acts]
    hello = {"type": "hello", "epoch": "e", "seq": 0, "pins": []}
    live = [hello, *(comments[seq] for seq in (2, 4, 6, 8, 12)), *acts]
    early = [hello, comments[2], comments[4], {**retract, "early": True}, removed(6), removed(8), comments[12], *acts]
    late = [hello, comments[2], removed(4), removed(6), removed(8), comments[12], *acts]
    author = [hello, comments[2], comments[4], comments[10], *acts]
    return log, [View("live", live), View("early", early), View("late", late), View("author", author, "u9")], {10: "u9"}


def test_a_good_moderated_run_passes():
    assert check_moderation(*moderated_run()) == []


def shown_after_its_retract(log, views, shadowed):
    views[0].messages.append(views[0].messages[2])


def shown_after_an_early_retract(log, views, shadowed):
    views[1].messages[4] = views[0].messages[3]


def shown_in_a_digest(log, views, shadowed):
    views[0].messages.append({"type": "digest", "from": 1, "to": 20, "events": [views[0].messages[3]]})


def shown_in_a_pin(log, views, shadowed):
    hello = {**views[0].messages[0], "seq": 8, "pins": [views[0].messages[3]]}
    views[0].messages.insert(7, hello)


def shown_by_an_older_restore(log, views, shadowed):
    views[0].messages.append({"type": "restore", "seq": 15, "prev": 14, "comments": [views[0].messages[4]]})


def never_told(log, views, shadowed):
    views[0].messages = [message for message in views[0].messages if message["seq"] != 18]
    views[0].messages.append({"type": "stream", "stream": "s", "seq": 20, "prev": 18, "state": "live"})


def removed_says_more(log, views, shadowed):
    views[2].messages[2] = {**views[2].messages[2], "text": "t4"}


def gap_of(removed, shed):
    return {"type": "gap", "from": 1, "to": 15, "carried": 1, "shed": shed, "removed": removed, "why": "slow reader"}


@pytest.mark.parametrize("removed", [2, 3])  # 8 is removed by 18, which may have come before the gap was made
def test_a_gap_that_is_true_passes(removed):
    log, views, shadowed = moderated_run()
    views[2].messages.insert(1, gap_of(removed, 5 - removed))
    assert check_moderation(log, views, shadowed) == []


def removed_told_as_spared(log, views, shadowed):
    views[2].messages.insert(1, gap_of(1, 4))


def spared_told_as_removed(log, views, shadowed):
    views[2].messages.insert(1, gap_of(4, 1))


def gap_adds_up_to_more(log, views, shadowed):
    views[2].messages.insert(1, gap_of(2, 4))


def another_sees_the_shadowed(log, views, shadowed):
    views[0].messages.insert(4, views[3].messages[3])


@pytest.mark.parametrize("spoil", [shown_after_its_retract, shown_after_an_early_retract, shown_in_a_digest,
                                   shown_in_a_pin, shown_by_an_older_restore, never_told, removed_says_more,
                                   removed_told_as_spared, spared_told_as_removed, gap_adds_up_to_more,
                                   another_sees_the_shadowed])
def test_every_spoilt_moderated_run_is_found(spoil):
    log, views, shadowed = moderated_run()
    spoil(log, views, shadowed)
    assert check_moderation(log, views, shadowed)


# ---- acts that were answered ----

def entry(n, act, before):
    rest = {"n": n, "act": act, "do": "delete", "prev_hash": before}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**rest, "hash": hashlib.sha256(canonical.encode()).hexdigest()}


def answered_run():
    """The acts of moderated_run() were answered at 1, 2 and 3; "late" connected after all of them."""
    log, views, _ = moderated_run()
    for view in views:
        view.begun = [5.0 if view.name == "late" else 0.0] * len(view.messages)
    deeds = [Deed("a1", "delete", 14, 1.0), Deed("a2", "undo", 16, 2.0), Deed("a3", "purge", 18, 3.0, user="u9"),
             Deed("a4", "ban", 0, 3.0, user="u9", lifted=9.0)]
    entries, before = [], "0" * 64
    for n, deed in enumerate(deeds, 1):
        entries.append(entry(n, deed.act, before))
        before = entries[-1]["hash"]
    answers = [Answer("u9-1", 6, "i6", "t6", begun=0.1, ended=0.2), Answer("u9-2", 20, "i20", "t20", begun=9.5, ended=9.9)]
    return log, views, deeds, answers, entries, [comment for comment in views[0].messages[1:3]] + [log[4]]


def test_a_good_answered_run_passes():
    assert check_deeds(*answered_run()) == []


def sent_after_its_removal(log, views, deeds, answers, entries, history):
    late = views[2]
    late.messages[3] = {**views[0].messages[3]}


def still_on_a_screen(log, views, deeds, answers, entries, history):
    views[0].messages[:] = [message for message in views[0].messages if message["type"] != "retract"]


def never_put_back(log, views, deeds, answers, entries, history):
    views[0].messages[:] = [message for message in views[0].messages if message["type"] != "restore"]


def posted_in_spite_of_a_ban(log, views, deeds, answers, entries, history):
    answers.append(Answer("u9-3", 22, "i22", "t22", begun=4.0, ended=4.1))


def not_in_the_audit(log, views, deeds, answers, entries, history):
    deeds.append(Deed("a5", "delete", 0, 4.0))


def an_entry_is_changed(log, views, deeds, answers, entries, history):
    entries[1]["do"] = "clear"


def an_entry_is_cut_out(log, views, deeds, answers, entries, history):
    del entries[1]


@pytest.mark.parametrize("spoil", [sent_after_its_removal, still_on_a_screen, never_put_back, posted_in_spite_of_a_ban,
                                   not_in_the_audit, an_entry_is_changed, an_entry_is_cut_out])
def test_it_finds_what_an_answer_did_not_hold(spoil):
    run = copy.deepcopy(answered_run())
    spoil(*run)
    assert check_deeds(*run) != []


@pytest.mark.parametrize("do, user", [("ban", "u9"), ("timeout", "u9"), ("warn", "u9")])
@pytest.mark.parametrize("begun, ended, is_found", [(4.0, 4.1, True), (2.9, 4.1, False), (8.9, 9.1, False)])
def test_what_refuses_holds_from_its_answer_until_it_is_lifted(do, user, begun, ended, is_found):
    log, views, deeds, answers, entries, history = answered_run()
    deeds[3] = Deed("a4", do, 0, 3.0, user=user, lifted=9.0)
    answers.append(Answer("u9-3", 22, "i22", "t22", begun=begun, ended=ended))
    assert bool(check_deeds(log, views, deeds, answers, entries, history)) is is_found


def test_what_is_posted_under_a_shadow_is_hidden_unless_it_was_undone():
    answers = [Answer(f"u9-{seq}", seq, f"i{seq}", "t", begun=seq, ended=seq + 0.5) for seq in (1, 3, 5, 9)]
    shadow = Deed("a1", "shadow", 0, 2.0, user="u9", lifted=9.2)
    assert hidden_by([shadow], answers) == [(3, "u9"), (5, "u9")]
    shadow.shows = True
    assert hidden_by([shadow], answers) == []


def test_what_a_rule_shadows_is_hidden_whatever_is_undone():
    answers = [Answer(f"u9-{seq}", seq, f"i{seq}", text, begun=seq, ended=seq + 0.5)
               for seq, text in ((1, "wo\u0301\u0302rds"), (3, "words"), (5, "wo\u0301\u0302rds"), (9, "wo\u0301\u0302rds"))]
    rules = Deed("a1", "rules", 0, 2.0, hides=("marks",), lifted=9.2, shows=True)
    assert hidden_by([rules], answers) == [(5, "u9")]
    assert was_hidden([rules], answers) == {"rules"} and was_hidden([rules], answers[:2]) == set()


def test_a_timeout_that_does_not_end_is_found():
    timeouts = [("u9", 1.0, 4.0)]
    assert [*check_ends(timeouts, [("u9", "muted", 3.9, 4.1), ("u9", "banned", 5.0, 5.1)])] == []
    for refusal in (("u9", "muted", 4.1, 4.2), ("u9", "muted", 0.1, 0.9), ("u1", "muted", 2.0, 2.1)):
        assert len([*check_ends(timeouts, [refusal])]) == 1


# ---- settings: P9 ----

def post(number, text, *, user="u9", begun=None, again=False):
    begun = 4.0 + number if begun is None else begun
    return Answer(f"{user}-{number}", 30 + number, f"i{number}", text, begun, begun + 0.1, again=again)


def in_spite_of(rule, answers, seconds=0):
    """What a setting that was answered at 3 and lifted at 60 should have refused or held."""
    deed = Deed("a4", "mode", 0, 3.0, lifted=60.0, rules=(rule,), seconds=seconds, free=("u1",))
    return [*check_sanctions([deed], answers)]


@pytest.mark.parametrize("rule, broken, kept", [
    ("links_off", post(1, "see https://example.com/1"), post(1, "no link")),
    ("emote_only", post(1, ":wave: words"), post(1, ":wave: :heart:")),
    ("roles_only", post(1, "words"), post(1, "words", user="u1")),
    ("terms", post(1, "well darn it"), post(1, "well darned")),
    ("caps", post(1, "LOUD WORDS 7"), post(1, "Loud words 7")),
    ("hold_first", post(1, "hello", user="new1"), post(1, "hello")),
    ("hold_first", post(1, "hello", user="new1"), post(1, "hello", user="new1", again=True)),
    ("hold_all", post(1, "words"), post(1, "words", again=True)),
    ("mods_first", post(1, "words"), post(1, "words", again=True)),
    ("mods_first", post(1, "words"), post(1, "words", begun=2.9)),
    ("links_off", post(1, "see https://example.com/1"), post(1, "see https://example.com/1", begun=59.95)),
    ("links_held", post(1, "see https://example.com/1"), post(1, "see https://example.com/1", again=True)),
    ("account_age", post(1, "words"), post(1, "words", user="u1")),
    ("marks", post(1, "wo\u0301\u0302rds"), post(1, "wo\u0301rds")),
])
def test_what_a_setting_refuses_or_holds_is_known(rule, broken, kept):
    assert len(in_spite_of(rule, [broken])) == 1
    assert in_spite_of(rule, [kept]) == []


def test_an_echo_is_by_the_same_author():
    twice = [post(1, "the same"), post(2, "the same")]
    assert len(in_spite_of("unique", twice)) == 1
    assert in_spite_of("unique", [post(1, "the same"), post(2, "the same", user="u8")]) == []
    assert in_spite_of("unique", [post(1, "the same"), post(2, "another")]) == []
    between = [post(number, f"{number}", user="u8", begun=5.2) for number in range(3, 600)]
    assert in_spite_of("unique", [post(1, "the same"), post(2, "the same", begun=5.4), *between]) == []


def test_slow_mode_is_between_two_of_one_author():
    assert len(in_spite_of("slow", [post(1, "a"), post(2, "b")], seconds=2)) == 1
    assert in_spite_of("slow", [post(1, "a"), post(2, "b")], seconds=1) == []  # it may just have been over
    assert in_spite_of("slow", [post(1, "a"), post(2, "b", user="u8")], seconds=2) == []


def test_a_setting_that_does_not_end_is_found():
    periods = [("links_off", 1.0, 4.0)]
    assert [*check_settings_end(periods, [("u9", "links_off", 3.9, 4.1), ("u9", "banned", 5.0, 5.1)])] == []
    for refusal in (("u9", "links_off", 4.1, 4.2), ("u9", "links_off", 0.1, 0.9)):
        assert len([*check_settings_end(periods, [refusal])]) == 1


# ---- P10 ----

def spared_run():
    """Of 2 to 18 a slow reader is sent the end, with the acts of the hole; one of digests has them in those, or early."""
    log, views, _ = moderated_run()
    retract, restore, purge = log[5:]
    hello, gap = views[0].messages[0], {**gap_of(2, 3), "to": 13}
    slow = View("slow", [hello, gap, retract, restore, {"type": "comment", "seq": 17, "prev": 16}, purge])
    digest = {"type": "digest", "from": 1, "to": 17, "carried": 2, "shed": 5, "removed": 1, "events": [restore]}
    lane = View("lane", [hello, {**retract, "early": True}, digest, {"type": "mark", "seq": 18}])
    lane.messages.insert(3, {**purge, "early": True})
    poll = View("poll", [log[0], retract, restore, purge])
    return log, [slow, lane, poll], [(20, [21, 22])]


def test_a_run_in_which_acts_go_first_passes():
    assert check_first(*spared_run()) == []


def act_spared_by_a_gap(log, views, jams):
    del views[0].messages[2]


def act_behind_a_comment(log, views, jams):
    messages = views[0].messages
    messages[3], messages[4] = messages[4], messages[3]


def act_not_in_a_digest(log, views, jams):
    views[1].messages[2] = {**views[1].messages[2], "events": []}


def act_passed_by_a_mark(log, views, jams):
    del views[1].messages[3]


def act_not_in_a_poll(log, views, jams):
    del views[2].messages[1]


def act_behind_what_waited(log, views, jams):
    jams.append((30, [31, 29]))


@pytest.mark.parametrize("spoil", [act_spared_by_a_gap, act_behind_a_comment, act_not_in_a_digest, act_passed_by_a_mark,
                                   act_not_in_a_poll, act_behind_what_waited])
def test_it_finds_an_act_that_waited_or_was_spared(spoil):
    run = copy.deepcopy(spared_run())
    spoil(*run)
    assert len(check_first(*run)) == 1
