# SPDX-License-Identifier: Apache-2.0
"""Acts of moderation over the real binary: who may, what is wrong with one, sanctions from the answer on."""
import json

import pytest

from moderator import Moderator, code_of
from readers import Ws
from tokens import token

BAD = [
    ({}, "do"),
    ({"do": "explode"}, "do"),
    ({"do": ["delete"]}, "do"),
    ({"do": "delete"}, "seq"),
    ({"do": "delete", "seq": 0}, "seq"),
    ({"do": "delete", "seq": "7"}, "seq"),
    ({"do": "delete", "seq": 2**53}, "seq"),
    ({"do": "delete", "seqs": []}, "seqs"),
    ({"do": "delete", "seqs": list(range(1, 5002))}, "seqs"),
    ({"do": "delete", "seq": 1, "id": "x"}, "id"),
    ({"do": "delete", "user": "u"}, "user"),
    ({"do": "delete", "id": "a b"}, "id"),
    ({"do": "purge"}, "user"),
    ({"do": "purge", "user": ""}, "user"),
    ({"do": "purge", "user": "u" * 129}, "user"),
    ({"do": "purge", "users": ["u", 7]}, "users"),
    ({"do": "clear", "seq": 1}, "seq"),
    ({"do": "ban", "user": "u", "seconds": 60}, "seconds"),
    ({"do": "ban", "user": "u", "value": True}, "value"),
    ({"do": "ban", "user": "u", "reason": "r" * 501}, "reason"),
    ({"do": "timeout", "user": "u"}, "seconds"),
    ({"do": "timeout", "user": "u", "seconds": 28 * 86400 + 1}, "seconds"),
    ({"do": "timeout", "user": "u", "seconds": -1}, "seconds"),
    ({"do": "timeout", "user": "u", "seconds": 1.5}, "seconds"),
    ({"do": "slow"}, "seconds"),
    ({"do": "slow", "seconds": 21601}, "seconds"),
    ({"do": "mode"}, "value"),
    ({"do": "mode", "value": "links_off"}, "value"),
    ({"do": "shield", "value": 1}, "value"),
    ({"do": "terms", "value": {}}, "value"),
    ({"do": "undo"}, "act"),
    ({"do": "undo", "act": "81"}, "act"),
    ({"do": "acknowledge", "act": "a1"}, "do"),
]

LOOKS = ["log", "held", "users/u9", "acts/a1", "rules", "similar", "marked"]


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


# ---- who may ----

@pytest.mark.parametrize("roles", [[], ["vip"], ["bot"], ["member", "verified"]])
def test_acts_are_for_moderators(server, stream, roles):
    path = f"/v1/streams/{stream}/moderation"
    theirs = token("u1", roles=roles)
    for what in (path, path + "/undo"):
        assert code_of(server.ask("POST", what, token=theirs, body={"do": "clear"})) == (403, "wrong_role")
        assert code_of(server.ask("POST", what, body={"do": "clear"})) == (401, "no_token")
    for what in LOOKS:
        assert code_of(server.get(f"{path}/{what}", token=theirs)) == (403, "wrong_role")
        assert code_of(server.get(f"{path}/{what}")) == (401, "no_token")


def test_a_tokens_streams_bind_its_acts(server, stream):
    theirs = token("mod", roles=["moderator"], streams=["other-*"])
    path = f"/v1/streams/{stream}/moderation"
    assert code_of(server.ask("POST", path, token=theirs, body={"do": "ban", "user": "u"})) == (403, "forbidden")
    assert code_of(server.get(path + "/log", token=theirs)) == (403, "forbidden")


def test_all_streams_are_for_admins_of_all(server):
    body = {"do": "ban", "user": "nobody-at-all"}
    for who, code in ((token("m", roles=["moderator"]), "wrong_role"), (token("h", roles=["host"]), "wrong_role"),
                      (token("a", roles=["admin"], streams=["x*"]), "forbidden")):
        assert code_of(server.ask("POST", "/v1/moderation", token=who, body=body)) == (403, code)
        assert code_of(server.get("/v1/moderation/log", token=who)) == (403, code)
    everywhere = Moderator(server, None, "root", "admin")
    assert everywhere.refused("delete", seq=1) == (422, "bad_field")
    assert everywhere.refused("pin", id="x") == (422, "bad_field")


# ---- what is wrong with one ----

@pytest.mark.parametrize("body, field", BAD, ids=lambda value: value if isinstance(value, str) else None)
def test_what_is_wrong_is_named(mod, server, body, field):
    answer = server.ask("POST", mod.path, token=mod.token, body=body)
    assert code_of(answer) == (422, "bad_field"), answer.body
    assert answer.json()["field"] == field
    with Ws(server, mod.stream, token=mod.token) as ws:
        if len(json.dumps(body)) < 16000:
            reply = ws.ask(do="act", act=body)
            assert not reply["ok"] and reply["problem"]["field"] == field


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"do":"clear","do":"clear"}', b'"clear"'])
def test_what_is_no_object_is_named(mod, server, body):
    answer = server.ask("POST", mod.path, token=mod.token, body=body, headers=[("Content-Type", "application/json")])
    assert code_of(answer) == (422, "bad_json")


def test_what_is_not_there_is_named(mod, server):
    server.posted(mod.stream)
    assert mod.refused("undo", act="a999999999") == (404, "not_found")
    assert code_of(server.get(f"{mod.path}/acts/a999999999", token=mod.token)) == (404, "not_found")
    assert code_of(server.get(f"{mod.path}/acts/81", token=mod.token)) == (404, "not_found")
    assert code_of(server.get(f"{mod.path}/nothing", token=mod.token)) == (404, "not_found")
    assert server.get(mod.path, token=mod.token).status == 405


# ---- sanctions hold from the answer on (P9) ----

def test_a_ban_holds_until_it_is_lifted(mod, server):
    server.posted(mod.stream, user="u9")
    ban = mod.act("ban", user="u9", reason="spam")
    assert code_of(server.post(mod.stream, user="u9")) == (403, "banned")
    server.posted(mod.stream, user="u8")
    server.posted(mod.stream + "-other", user="u9")
    again = mod.act("ban", user="u9")
    assert again["act"] == ban["act"] and again["duplicate"] is True
    mod.act("unban", user="u9")
    server.posted(mod.stream, user="u9")


def test_undo_lifts_that_act_only(mod, server):
    ban = mod.act("ban", user="u9")
    timeout = mod.act("timeout", user="u9", seconds=600)
    assert code_of(server.post(mod.stream, user="u9")) == (403, "banned")
    mod.undo(ban["act"])
    answer = server.post(mod.stream, user="u9")
    assert code_of(answer) == (403, "muted")
    assert 590 <= int(answer.header("retry-after")) <= 600
    mod.undo(timeout["act"])
    server.posted(mod.stream, user="u9")


def test_a_timeout_runs_out(mod, server):
    mod.act("timeout", user="u9", seconds=1)
    answer = server.post(mod.stream, user="u9")
    assert code_of(answer) == (403, "muted")
    assert answer.header("retry-after") == "1"
    mod.act("timeout", user="u9", seconds=600)
    mod.act("timeout", user="u9", seconds=0)
    server.posted(mod.stream, user="u9")


def test_a_warning_is_acknowledged(mod, server):
    warning = mod.act("warn", user="u9", text="Be kind", reason="rude")
    answer = server.post(mod.stream, user="u9")
    assert code_of(answer) == (403, "must_acknowledge")
    assert answer.json()["act"] == warning["act"]
    path = f"/v1/streams/{mod.stream}/acknowledge"
    body = {"act": warning["act"]}
    assert server.ask("POST", path, token=token("u8"), body=body).status == 404
    assert code_of(server.ask("POST", path, token=token("u9"), body={})) == (422, "bad_field")
    assert code_of(server.ask("POST", path, body=body)) == (401, "no_token")
    assert server.ask("POST", path, token=token("u9"), body=body).status == 200
    server.posted(mod.stream, user="u9")
    again = server.ask("POST", path, token=token("u9"), body=body)
    assert again.status == 200 and again.json()["duplicate"] is True


def test_each_of_several_warnings_is_acknowledged(start):
    roar = start()
    mod, root = Moderator(roar, "s"), Moderator(roar, None, "root", "admin")

    def acknowledge(warning):
        answer = roar.ask("POST", "/v1/streams/s/acknowledge", token=token("u9"), body={"act": warning["act"]})
        assert answer.status == 200
        return answer.json()

    def asked():
        answer = roar.post("s", user="u9")
        assert code_of(answer) == (403, "must_acknowledge")
        return answer.json()["act"]

    warnings = [mod.act("warn", user="u9", text="Be kind"), root.act("warn", user="u9", text="No links"),
                mod.act("warn", user="u9", text="No names"), mod.act("warn", users=["u9", "u8"], text="Last time")]
    assert mod.act("warn", user="u9", text="Be kind") == {"act": warnings[0]["act"], "duplicate": True}
    mod.undo(warnings[2]["act"])
    assert acknowledge(warnings[2])["duplicate"] is True
    for left in (warnings[0], warnings[1], warnings[3]):
        assert asked() == left["act"]
        roar.kill()
        roar.start()
        done = acknowledge(left)
        assert "duplicate" not in done
        assert acknowledge(left) == {"act": done["act"], "duplicate": True}
    roar.posted("s", user="u9")
    assert code_of(roar.post("s", user="u8")) == (403, "must_acknowledge")


def test_who_is_not_banned_is_unbanned(start):
    roar = start()
    mod, root = Moderator(roar, "s"), Moderator(roar, None, "root", "admin")
    for do, fields in (("unban", {}), ("unshadow", {}), ("timeout", {"seconds": 0})):
        never = mod.act(do, user="u9", **fields)
        assert mod.act(do, user="u9", **fields) == {"act": never["act"], "duplicate": True}
    assert [entry["do"] for entry in mod.entries()] == ["unban", "unshadow", "timeout"]
    mod.act("ban", user="u8")
    mod.act("unban", users=["u7", "u8", "u9"])
    roar.posted("s", user="u8")
    root.act("ban", user="u8")
    assert mod.refused("unban", user="u8") == (409, "conflict")
    root.act("unban", user="u8")
    roar.posted("s", user="u8")


def test_nobody_acts_on_a_higher_role_nor_lifts_their_own(mod, server):
    host = token("the-host", roles=["host"])
    assert server.post(mod.stream, as_token=host).status == 201
    status, code = mod.refused("ban", user="the-host")
    assert (status, code) == (403, "wrong_role")
    boss = Moderator(server, mod.stream, "boss", "admin")
    ban = boss.act("ban", user=mod.user)
    assert mod.refused("shadow", user=boss.user) == (403, "wrong_role")  # who never posted
    assert mod.refused("unban", user=mod.user)[0] == 403
    assert mod.refused("undo", act=ban["act"])[0] == 403
    boss.undo(ban["act"])


def test_who_acts_on_all_streams_has_that_role_in_each(start):
    roar = start()
    root, mod = Moderator(roar, None, "root", "admin"), Moderator(roar, "a")
    roar.posted("a", user="root")
    root.act("timeout", user="u9", seconds=60)
    assert mod.refused("ban", user="root") == (403, "wrong_role")
    assert Moderator(roar, "new").refused("shadow", user="root") == (403, "wrong_role")
    roar.kill()
    roar.start()
    assert mod.refused("ban", user="root") == (403, "wrong_role")
    roar.posted("a", user="root")  # an admin no more
    ban = mod.act("ban", user="root")
    assert Moderator(roar, "b").refused("ban", user="root") == (403, "wrong_role")
    mod.undo(ban["act"])
    root.act("timeout", user="u9", seconds=90)  # and one again
    assert mod.refused("ban", user="root") == (403, "wrong_role")


def test_a_ban_on_all_streams_holds_on_all(start):
    roar = start()
    everywhere = Moderator(roar, None, "root", "admin")
    for stream in ("a", "b"):
        roar.posted(stream, user="u9")
    ban = everywhere.act("ban", user="u9")
    for stream in ("a", "b", "new"):
        assert code_of(roar.post(stream, user="u9")) == (403, "banned")
    assert Moderator(roar, "a").refused("undo", act=ban["act"])[0] in (403, 404)
    everywhere.undo(ban["act"])
    roar.posted("a", user="u9")
    assert [entry["do"] for entry in everywhere.entries()] == ["ban", "undo"]


def test_acts_over_a_websocket(mod, server):
    with Ws(server, mod.stream, token=mod.token) as ws:
        reply = ws.ask(do="act", act={"do": "ban", "user": "u9"})
        assert reply["ok"] and reply["status"] == 200 and reply["data"]["act"].startswith("a")
        assert code_of(server.post(mod.stream, user="u9")) == (403, "banned")
        again = ws.ask(do="act", stream=mod.stream, act={"do": "ban", "user": "u9"})
        assert again["data"] == {"act": reply["data"]["act"], "duplicate": True}
        assert ws.ask(do="act", act={"do": "undo", "act": reply["data"]["act"]})["ok"]
    with Ws(server, mod.stream, token=token("u1")) as ws:
        assert ws.ask(do="act", act={"do": "clear"})["problem"]["code"] == "wrong_role"
    with Ws(server, mod.stream) as ws:
        assert ws.ask(do="act", act={"do": "clear"})["problem"]["code"] == "no_token"


# ---- metrics ----

def test_acts_and_what_rules_refuse_are_counted(start):
    roar = start()
    mod = Moderator(roar, "s")
    mod.act("ban", user="u9")
    mod.act("ban", user="u9")
    assert mod.refused("undo", act="a999999999")[0] == 404
    assert roar.post("s", user="u9").status == 403
    metrics = roar.metrics()
    assert metrics['roar_acts_total{do="ban",outcome="done"}'] == 1
    assert metrics['roar_acts_total{do="ban",outcome="duplicate"}'] == 1
    assert metrics['roar_acts_total{do="undo",outcome="refused"}'] == 1
    assert metrics['roar_posts_ruled_out_total{rule="ban"}'] == 1
    assert 'roar_posts_ruled_out_total{rule="links"}' not in metrics  # what rules did is counted once
    assert 'roar_rules_total{rule="links",outcome="refuse"}' in metrics
    assert metrics["roar_act_ms_count"] == 3
