# SPDX-License-Identifier: Apache-2.0
"""Appeals: who an act concerns says something against it, a moderator decides, and it is told why."""
import pytest

from moderator import Moderator, code_of
from tokens import token


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


def appeal(server, stream, user, act, text="It was a joke"):
    return server.ask("POST", f"/v1/streams/{stream}/appeals", token=token(user), body={"act": act, "text": text})


def decide(mod, appeal_id, decision, reason="so it was"):
    return mod.roar.ask("POST", f"/v1/streams/{mod.stream}/appeals/{appeal_id}/decision", token=mod.token,
                        body={"decision": decision, "reason": reason})


def appeals(server, stream, as_token):
    answer = server.get(f"/v1/streams/{stream}/appeals", token=as_token)
    assert answer.status == 200, answer.body
    return answer.json()["appeals"]


def test_an_appeal_that_is_granted_undoes_the_act(mod, server):
    bad = server.posted(mod.stream, "a joke", user="u9")
    act = mod.act("delete", seq=bad["seq"], reason="spam")
    answer = appeal(server, mod.stream, "u9", act["act"])
    assert answer.status == 201
    made = answer.json()
    assert (made["act"], made["state"]) == (act["act"], "open")
    again = appeal(server, mod.stream, "u9", act["act"])
    assert again.status == 200 and again.json()["appeal"] == made["appeal"] and again.json()["duplicate"]
    (listed,) = appeals(server, mod.stream, mod.token)
    assert (listed["id"], listed["user"], listed["text"], listed["state"]) == (
        made["appeal"], "u9", "It was a joke", "open")
    granted = decide(mod, made["appeal"], "granted")
    assert granted.status == 200 and granted.json()["state"] == "granted"
    assert [comment["text"] for comment in server.history(mod.stream)] == ["a joke"]
    (listed,) = appeals(server, mod.stream, token("u9"))
    assert (listed["state"], listed["by"], listed["words"]) == ("granted", mod.user, "so it was")
    assert decide(mod, made["appeal"], "granted").json()["duplicate"] is True
    assert code_of(decide(mod, made["appeal"], "rejected")) == (409, "conflict")
    assert [entry["do"] for entry in mod.entries()] == ["delete", "appeal", "decide"]


def test_an_appeal_may_come_for_half_a_year(faulty, stream):
    roar, day_s = faulty(), 86400
    mod, bearer = Moderator(roar, stream), token("u9", ttl_s=400 * day_s)
    mod.token = token("mod", roles=["moderator"], ttl_s=400 * day_s)
    acts = [mod.act("ban", user="u9")["act"], mod.act("purge", user="u9")["act"]]

    def ask(act):
        return roar.ask("POST", f"/v1/streams/{stream}/appeals", token=bearer, body={"act": act, "text": "It was a joke"})

    roar.faults.set_clock(182 * day_s)
    made = ask(acts[0])
    assert made.status == 201
    roar.faults.set_clock(184 * day_s)
    assert code_of(ask(acts[1])) == (409, "conflict")
    assert decide(mod, made.json()["appeal"], "granted").json()["state"] == "granted"  # one that came in time is heard
    roar.posted(stream, user="u9", as_token=bearer)


def test_an_appeal_that_is_rejected_changes_nothing(mod, server):
    ban = mod.act("ban", user="u9")
    refused = server.post(mod.stream, user="u9")
    assert code_of(refused) == (403, "banned")
    made = appeal(server, mod.stream, "u9", ban["act"]).json()
    assert decide(mod, made["appeal"], "rejected", "it was not").json()["state"] == "rejected"
    assert code_of(server.post(mod.stream, user="u9")) == (403, "banned")
    assert appeals(server, mod.stream, token("u9"))[0]["words"] == "it was not"


def test_only_who_it_concerns_appeals(mod, server):
    bad = server.posted(mod.stream, user="u9")
    act = mod.act("delete", seq=bad["seq"])
    assert code_of(appeal(server, mod.stream, "u8", act["act"])) == (404, "not_found")
    assert code_of(appeal(server, mod.stream, "u9", "a999999999")) == (404, "not_found")
    slow = mod.act("slow", seconds=1)
    assert code_of(appeal(server, mod.stream, "u9", slow["act"])) == (404, "not_found")
    made = appeal(server, mod.stream, "u9", act["act"]).json()
    assert appeals(server, mod.stream, token("u8")) == []
    path = f"/v1/streams/{mod.stream}/appeals"
    assert code_of(server.get(path)) == (401, "no_token")
    assert code_of(server.ask("POST", f"{path}/{made['appeal']}/decision", token=token("u9"), body={
        "decision": "granted", "reason": "I say so"})) == (403, "wrong_role")
    assert code_of(decide(mod, act["act"], "granted")) == (404, "not_found")
    for body, field in (({}, "act"), ({"act": act["act"]}, "text"), ({"act": act["act"], "text": "t" * 2001}, "text"),
                        ({"act": "81", "text": "t"}, "act")):
        answer = server.ask("POST", path, token=token("u9"), body=body)
        assert code_of(answer) == (422, "bad_field") and answer.json()["field"] == field


@pytest.mark.parametrize("do", ["ban", "purge"])
def test_what_holds_in_all_streams_is_decided_by_who_acts_on_all(mod, server, do, stream):
    """By the stream they were stopped in; granted, it is undone in every other, too."""
    user, other = f"u-{stream}", f"{stream}-other"
    for name in (mod.stream, other):
        server.posted(name, f"in {name}", user=user)
    act = Moderator(server, None, "root", "admin").act(do, user=user)
    made = appeal(server, mod.stream, user, act["act"]).json()
    assert code_of(decide(mod, made["appeal"], "rejected")) == (403, "wrong_role")
    assert code_of(decide(mod, made["appeal"], "granted")) == (403, "wrong_role")
    bound = Moderator(server, mod.stream, "root", "admin")
    bound.token = token("root", roles=["admin"], streams=[mod.stream])
    assert code_of(decide(bound, made["appeal"], "granted")) == (403, "wrong_role")
    granted = decide(Moderator(server, mod.stream, "root", "admin"), made["appeal"], "granted")
    assert (granted.status, granted.json()["state"]) == (200, "granted")
    for name in (mod.stream, other):
        assert [comment["text"] for comment in server.history(name)] == [f"in {name}"]
        server.posted(name, "again", user=user)
    assert Moderator(server, None, "root", "admin").look(f"acts/{act['act']}")["lifted"] is True


def test_nobody_decides_their_own(mod, server):
    boss = Moderator(server, mod.stream, "boss", "admin")
    ban = boss.act("ban", user=mod.user)
    made = appeal(server, mod.stream, mod.user, ban["act"]).json()
    assert code_of(decide(mod, made["appeal"], "granted")) == (403, "forbidden")


def test_an_appeal_tells_a_shadowed_author_nothing(mod, server):
    visible = server.posted(mod.stream, user="u9")
    shadow = mod.act("shadow", user="u9")
    assert code_of(appeal(server, mod.stream, "u9", shadow["act"])) == (404, "not_found")
    answers = [appeal_removal(server, mod.stream, "u9", one["id"]) for one in (visible, server.posted(mod.stream, user="u9"))]
    assert code_of(answers[0]) == (409, "conflict")
    assert answers[1].body == answers[0].body


def appeal_removal(server, stream, user, comment_id):
    return server.ask("POST", f"/v1/streams/{stream}/appeals", token=token(user), body={"id": comment_id, "text": "It was a joke"})


def test_who_wrote_what_was_removed_appeals_by_its_id(mod, server):
    joke = server.posted(mod.stream, "a joke", user="u9")
    assert code_of(appeal_removal(server, mod.stream, "u9", joke["id"])) == (409, "conflict")
    assert code_of(appeal_removal(server, mod.stream, "u9", "01JUNK")) == (404, "no_comment")
    act = mod.act("delete", seq=joke["seq"])
    assert code_of(appeal_removal(server, mod.stream, "u8", joke["id"])) == (404, "no_comment")
    answer = appeal_removal(server, mod.stream, "u9", joke["id"])
    made = answer.json()
    assert answer.status == 201 and (made["act"], made["state"]) == (act["act"], "open")
    again = appeal(server, mod.stream, "u9", act["act"])  # the same, by the act
    assert again.status == 200 and again.json()["appeal"] == made["appeal"]
    purge = mod.act("purge", user="u9")
    assert appeal_removal(server, mod.stream, "u9", joke["id"]).json()["act"] == purge["act"]
    mod.undo(purge["act"])
    assert decide(mod, made["appeal"], "granted").status == 200
    assert [comment["text"] for comment in server.history(mod.stream)] == ["a joke"]
    both = server.ask("POST", f"/v1/streams/{mod.stream}/appeals", token=token("u9"),
                      body={"id": joke["id"], "act": act["act"], "text": "t"})
    assert code_of(both) == (422, "bad_field")


def test_what_waits_is_not_appealed(mod, server):
    mod.act("mode", value=["hold_all"])
    held = server.post(mod.stream, user="u9").json()
    assert code_of(appeal_removal(server, mod.stream, "u9", held["id"])) == (409, "conflict")
    reject = mod.act("reject", id=held["id"])
    assert appeal_removal(server, mod.stream, "u9", held["id"]).json()["act"] == reject["act"]
    mod.act("mode", value=[])


def test_who_was_cleared_appeals_once_and_is_granted(mod, server):
    cleared = server.posted(mod.stream, "a joke", user="u9")
    act = mod.act("clear")
    assert code_of(appeal(server, mod.stream, "u8", act["act"])) == (404, "not_found")
    made = appeal(server, mod.stream, "u9", act["act"])
    assert (made.status, made.json()["act"]) == (201, act["act"])
    again = appeal_removal(server, mod.stream, "u9", cleared["id"])
    assert (again.status, again.json()["appeal"]) == (200, made.json()["appeal"])
    statement = server.get(f"/v1/streams/{mod.stream}/appeals/{made.json()['appeal']}/statement", token=token("u9"))
    assert statement.json()["decision"]["do"] == "clear"
    assert decide(mod, made.json()["appeal"], "granted").status == 200
    assert [comment["text"] for comment in server.history(mod.stream)] == ["a joke"]


def test_a_statement_gives_the_reasons_and_names_no_moderator(mod, server):
    bad = server.posted(mod.stream, user="u9")
    act = mod.act("delete", seq=bad["seq"], reason="spam")
    made = appeal(server, mod.stream, "u9", act["act"]).json()
    path = f"/v1/streams/{mod.stream}/appeals/{made['appeal']}/statement"
    answer = server.get(path, token=token("u9"))
    assert answer.status == 200, answer.body
    statement = answer.json()
    assert statement["decision"]["do"] == "delete" and statement["decision"]["act"] == act["act"]
    assert statement["facts"]["reason"] == "spam"
    assert statement["automated"] == {"detection": False, "decision": False}
    assert statement["redress"]["state"] == "open"
    assert mod.user not in answer.body.decode()
    assert server.get(path, token=mod.token).json() == statement
    assert code_of(server.get(path, token=token("u8"))) == (404, "not_found")
    assert code_of(server.get(path.replace(made["appeal"], "a999999999"), token=token("u9"))) == (404, "not_found")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_appeals_outlive_the_process(start, end):
    roar = start()
    mod = Moderator(roar, "s")
    made = appeal(roar, "s", "u9", mod.act("ban", user="u9")["act"]).json()
    getattr(roar, end)()
    roar.start()
    assert [found["id"] for found in appeals(roar, "s", mod.token)] == [made["appeal"]]
    assert decide(mod, made["appeal"], "granted").status == 200
    roar.posted("s", user="u9")
