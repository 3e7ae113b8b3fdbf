# SPDX-License-Identifier: Apache-2.0
"""The rules of a stream and of the server, over the real binary: from an act's answer on, and after every crash."""
import json

import pytest

from http1 import DEADLINE_S
from moderator import Moderator, code_of
from readers import open_reader
from roar import run
from tokens import token


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


def test_slow_mode_is_for_who_is_no_moderator(mod, server):
    mod.act("slow", seconds=3600)
    server.posted(mod.stream, user="u1")
    answer = server.post(mod.stream, user="u1")
    assert code_of(answer) == (429, "slow_mode")
    assert 3590 <= int(answer.header("retry-after")) <= 3600
    server.posted(mod.stream, user="u2")
    for _ in range(3):
        server.posted(mod.stream, as_token=mod.token)
        server.posted(mod.stream, as_token=token("robot", roles=["bot"]))
    mod.act("slow", seconds=0)
    server.posted(mod.stream, user="u1")


@pytest.mark.parametrize("mode, bad, good, refusal", [
    ("links_off", "see https://example.com/x", "no link", (422, "links_off")),
    ("emote_only", "words", ":wave: :heart:", (422, "emote_only")),
])
def test_modes_refuse_by_name(mod, server, mode, bad, good, refusal):
    on = mod.act("mode", value=[mode])
    assert code_of(server.post(mod.stream, bad)) == refusal
    server.posted(mod.stream, good)
    server.posted(mod.stream, bad, as_token=mod.token)
    assert mod.act("mode", value=[mode]) == {**on, "duplicate": True}
    mod.act("mode", value=[])
    server.posted(mod.stream, bad)


@pytest.mark.parametrize("value", [["links_of"], ["links_off", 7], ["links_off", "links_off "]])
def test_unknown_modes_are_named(mod, value):
    answer = mod.ask("mode", value=value)
    assert code_of(answer) == (422, "bad_field") and answer.json()["field"] == "value"


def test_roles_only(mod, server):
    mod.act("mode", value=["roles_only"])
    assert code_of(server.post(mod.stream, user="u1")) == (403, "wrong_role")
    server.posted(mod.stream, as_token=token("m1", roles=["member"]))


def test_unique(mod, server):
    mod.act("mode", value=["unique"])
    server.posted(mod.stream, "exactly the same thing", user="u1")
    answer = server.post(mod.stream, "Exactly the SAME thing!", user="u2")
    assert code_of(answer) == (422, "not_unique")
    server.posted(mod.stream, "something else altogether", user="u2")


def test_terms_are_taken_whole_or_not_at_all(mod, server):
    mod.act("terms", value=[{"text": "darn", "match": "word", "action": "refuse"}])
    assert code_of(server.post(mod.stream, "well d\u200barn it")) == (422, "blocked_term")
    answer = mod.ask("terms", value=[{"text": "fine", "match": "word", "action": "refuse"},
                                     {"text": "x", "match": "anyhow", "action": "refuse"}, {"text": ""}])
    assert code_of(answer) == (422, "bad_field")
    assert "2" in answer.json()["detail"], answer.body
    assert code_of(server.post(mod.stream, "darn")) == (422, "blocked_term")
    server.posted(mod.stream, "fine")
    mod.act("terms", value=[])
    server.posted(mod.stream, "darn")


def test_shield_is_one_key(mod, server):
    shield = mod.act("shield", value=True)
    assert code_of(server.post(mod.stream, "see https://example.com/x")) == (422, "links_off")
    mod.undo(shield["act"])
    server.posted(mod.stream, "see https://example.com/x")


def test_house_rules_are_put_with_the_stream(mod, server):
    host = Moderator(server, mod.stream, user="h", role="host")
    answer = host.put_rules({"caps": {"percent": 50}})
    assert answer.status in (200, 201), answer.body
    assert code_of(server.post(mod.stream, "THIS IS ALL IN CAPITALS")) == (422, "bad_text")
    answer = host.put_rules({"caps": {"percent": 900}})
    assert code_of(answer) == (422, "bad_field")
    assert answer.json()["field"] == "rules" and "percent" in answer.json()["detail"]
    assert code_of(server.post(mod.stream, "THIS IS ALL IN CAPITALS")) == (422, "bad_text")
    assert host.put_rules({}).status == 200
    server.posted(mod.stream, "THIS IS ALL IN CAPITALS")


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_viewers_are_told_the_rules(mod, server, kind):
    server.posted(mod.stream)
    with open_reader(kind, server, mod.stream) as reader:
        assert (reader.hello["slow"], reader.hello["modes"]) == (0, [])
        act = mod.act("slow", seconds=7)
        event = reader.find("settings")
        assert (event["slow"], event["seq"]) == (7, act["seq"])
        act = mod.act("mode", value=["links_off"])
        event = reader.find("settings")
        assert (event["slow"], event["modes"], event["seq"]) == (7, ["links_off"], act["seq"])


def test_terms_of_the_server_hold_everywhere_and_are_reloaded(start, tmp_path):
    terms = tmp_path / "terms.txt"
    terms.write_text("# ours\ndarn\nheck\tword\trefuse\n", encoding="utf-8")
    roar = start({"moderation.terms_file": terms})
    for stream in ("a", "b"):
        assert code_of(roar.post(stream, "oh DARN it")) == (422, "blocked_term")
    roar.posted("a", "darn", as_token=token("m", roles=["moderator"]))
    terms.write_text("blast\n", encoding="utf-8")
    roar.signal(1)
    roar.wait_log("reloaded")
    roar.posted("a", "darn")
    assert code_of(roar.post("a", "blast")) == (422, "blocked_term")
    terms.write_text("fine\nblast\tsideways\n", encoding="utf-8")
    roar.signal(1)
    assert "line 2" in roar.wait_log("reload refused: nothing changed")["why"]
    roar.posted("a", "fine")
    assert code_of(roar.post("a", "blast")) == (422, "blocked_term")
    code, _, error = run("serve", "--dev", "--data", tmp_path / "x", "--moderation-terms-file", terms)
    assert code == 2 and "line 2" in error


def test_a_capital_i_for_an_l_is_found_by_terms_of_the_stream_and_of_the_server(start, tmp_path):
    terms = tmp_path / "terms.txt"
    terms.write_text("paypal\n", encoding="utf-8")
    roar = start({"moderation.terms_file": terms})
    Moderator(roar, "a").act("terms", value=[{"text": "fall", "match": "substring"}, {"text": "failed", "match": "allow"}])
    for number, text in enumerate(("send me PayPaI", "paypa| now", "it faIIs", "he FaIled and felI, FaIl")):
        assert code_of(roar.post("a", text, user=f"u{number}")) == (422, "blocked_term"), text
    for number, text in enumerate(("PAYPAI", "FAIL", "It fails", "AI", "he FaIled", "paypa!")):
        roar.posted("a", text, user=f"v{number}")


def test_long_lists_are_taken_and_have_a_bound(mod, server):
    terms = [{"text": f"word{i}", "match": "word", "action": "refuse"} for i in range(2000)]
    mod.act("terms", value=terms)
    assert code_of(server.post(mod.stream, "a word1999 here")) == (422, "blocked_term")
    body = b'{"do":"clear","reason":"' + b"x" * 524288 + b'"}'
    answer = server.ask("POST", mod.path, token=mod.token, body=body, headers=[("Content-Type", "application/json")])
    assert code_of(answer) == (413, "too_large")


def test_a_list_too_long_for_an_act_is_told_the_bound_and_has_room_in_a_file(start, tmp_path):
    words = [f"word{i}" for i in range(50000)]
    terms = tmp_path / "terms"
    terms.write_text("".join(f"{word}\tword\trefuse\n" for word in words), encoding="utf-8")
    roar = start(settings={"moderation.terms_file": terms})
    mod = Moderator(roar, "s")
    body = json.dumps({"do": "terms", "value": [{"text": word, "match": "word", "action": "refuse"} for word in words]})
    answer = roar.ask("POST", mod.path, token=mod.token, body=body.encode(), headers=[("Content-Type", "application/json")])
    assert code_of(answer) == (413, "too_large")
    assert answer.json()["detail"] == "too many bytes of the body: 524288 at most"
    assert code_of(roar.post("s", "a word49999 here")) == (422, "blocked_term")


def test_one_stream_may_have_50000_terms(start):
    roar = start(settings={"limits.act_bytes": 4 << 20})
    mod = Moderator(roar, "s")
    mod.act("terms", value=[{"text": f"word{number}", "match": "word", "action": "refuse"} for number in range(50000)])
    assert code_of(roar.post("s", "a word49999 here")) == (422, "blocked_term")
    roar.posted("s", "a word50000 here")
    roar.posted("other", "a word49999 here")
    roar.kill()
    roar.start()
    assert code_of(roar.post("s", "a word0 here")) == (422, "blocked_term")


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_sanctions_and_rules_outlive_the_process(start, end):
    roar = start()
    mod = Moderator(roar, "s")
    mod.act("ban", user="u9")
    mod.act("timeout", user="u8", seconds=600)
    warning = mod.act("warn", user="u7", text="Be kind")
    lifted = mod.act("ban", user="u6")
    mod.undo(lifted["act"])
    mod.act("mode", value=["links_off"])
    mod.act("terms", value=[{"text": "darn", "match": "word", "action": "refuse"}])
    entries = mod.entries()
    getattr(roar, end)()
    roar.start()
    assert code_of(roar.post("s", user="u9")) == (403, "banned")
    answer = roar.post("s", user="u8")
    assert code_of(answer) == (403, "muted") and int(answer.header("retry-after")) > 600 - DEADLINE_S
    assert roar.post("s", user="u7").json()["act"] == warning["act"]
    roar.posted("s", user="u6")
    assert code_of(roar.post("s", "https://example.com/x", user="u5")) == (422, "links_off")
    assert code_of(roar.post("s", "darn", user="u5")) == (422, "blocked_term")
    assert mod.entries() == entries
