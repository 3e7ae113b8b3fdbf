# SPDX-License-Identifier: Apache-2.0
"""Hooks: the classifier that is asked before a comment is published, the one that is told after."""
import json
import os
import subprocess
import sys

import pytest

from classifier import SECRET, Classifier, says
from moderator import Moderator, code_of
from readers import open_reader
from roar import ROOT, eventually, run
from tokens import token


@pytest.fixture
def hooked(start, tmp_path):
    """Starts a server with hooks at loopback."""
    def begin(settings, **more):
        secret = tmp_path / "hooks.secret"
        secret.write_text(SECRET + "\n", encoding="utf-8")
        secret.chmod(0o600)
        return start({"hooks.secret_file": secret, "hooks.allow_private": "true", **settings}, **more)

    return begin


def before(roar, outcome):
    return roar.metrics()[f'roar_hook_before_total{{outcome="{outcome}"}}']


# ---- before ----

def test_it_is_asked_with_all_that_is_known_and_signed(hooked, stream):
    with Classifier(says("allow")) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000})
        posted = roar.posted(stream, "hello", user="ann", cid="c1", media_ms=5)
        assert posted["state"] == "visible"
        (_, message), = hook.asked
        assert message["type"] == "comment.check"
        assert message["data"]["stream"] == stream
        assert message["data"]["text"] == "hello"
        assert message["data"]["cid"] == "c1"
        assert message["data"]["media_ms"] == 5
        assert message["data"]["user"]["id"] == "ann"
        assert before(roar, "allow") == 1


def test_what_it_holds_waits_for_a_moderator(hooked, stream):
    with Classifier(says("hold", rule="toxicity")) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000})
        held = roar.posted(stream, "hm")
        assert held["state"] == "held" and "seq" not in held
        assert roar.history(stream) == []
        mod = Moderator(roar, stream)
        entry = mod.entries()[-1]
        assert (entry["kind"], entry["by"], entry["do"]) == ("hook", "toxicity", "hold")
        assert before(roar, "hold") == 1


def test_what_it_refuses_leaves_no_trace(hooked, stream):
    with Classifier(says("refuse")) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000})
        assert code_of(roar.post(stream, "no")) == (403, "forbidden")
        assert roar.log(stream) == []


def test_what_it_shadows_is_its_authors_alone(hooked, stream):
    with Classifier(says("shadow")) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000})
        assert roar.posted(stream, "psst")["state"] == "visible"
        assert roar.log(stream) == []
        own = roar.get(f"/v1/streams/{stream}/log?after=0", token=token("ann")).json()["events"]
        assert [event["text"] for event in own] == ["psst"]


def test_moderators_are_not_asked_about(hooked, stream):
    with Classifier(says("refuse")) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000})
        roar.posted(stream, "mine", as_token=token("mod", roles=["moderator"]))
        assert hook.asked == []


def endless(_message):
    return 200, {}, b"x" * 1_000_000


TROUBLES = {
    "redirects": lambda message: (307, {"Location": "http://127.0.0.1:1/"}, b""),
    "fails": lambda message: (500, {}, b""),
    "says nothing": lambda message: (204, {}, b""),
    "talks nonsense": lambda message: (200, {}, b"maybe"),
    "knows another verdict": says("explode"),
    "does not end": endless,
}


@pytest.mark.parametrize("down,status", [("allow", 201), ("hold", 201), ("refuse", 403)])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_one_in_trouble_is_down(hooked, stream, trouble, down, status):
    with Classifier(TROUBLES[trouble]) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000, "hooks.before_down": down})
        answer = roar.post(stream, "hello")
        assert answer.status == status, answer.body
        if status == 201:
            assert answer.json()["state"] == ("held" if down == "hold" else "visible")
        assert before(roar, "down") == 1


@pytest.mark.parametrize("action,state", [("hold", "held"), ("mark", "visible"), ("refuse", None)])
def test_a_stream_may_say_what_then(hooked, stream, action, state):
    with Classifier(TROUBLES["fails"]) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000, "hooks.before_down": "hold"})
        host = Moderator(roar, stream, user="host", role="host")
        assert host.put_rules({"hook_down": {"action": action}}).status in (200, 201)
        answer = roar.post(stream, "hello")
        assert answer.json()["state"] == state if state else code_of(answer) == (403, "forbidden")
        assert roar.posted(f"{stream}-other")["state"] == "held"


def test_one_that_does_not_answer_is_waited_for_no_longer_than_that(hooked, stream):
    with Classifier(lambda message: (hook.released.wait() and None) or (200, {}, b"")) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 50})
        assert roar.posted(stream, "hello")["state"] == "visible"
        assert before(roar, "slow") == 1


def test_more_than_may_wait_are_not_asked_about(hooked, stream):
    with Classifier(lambda message: (hook.released.wait() and None) or says("allow")(message)) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 10000, "hooks.waiting_max": 1,
                       "hooks.before_down": "refuse"})
        with roar.conn() as first:
            first.request("POST", f"/v1/streams/{stream}/comments", token=token("bob"), body={"text": "waits"})
            hook.wait_for(lambda asked: len(asked) == 1)
            assert code_of(roar.post(stream, "one too many")) == (403, "forbidden")
            hook.released.set()
            assert first.response(to="POST").status == 201


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
def test_private_addresses_are_not_called_unless_allowed(hooked, stream, host):
    with Classifier(says("refuse")) as hook:
        roar = hooked({"hooks.before_url": hook.url.replace("127.0.0.1", host), "hooks.before_ms": 5000,
                       "hooks.allow_private": "false"})
        assert roar.posted(stream, "hello")["state"] == "visible"
        assert hook.asked == []
        assert before(roar, "down") == 1
        assert roar.wait_log("the hook before publishing is down, or slow")["times"] == 1


def test_a_hook_that_is_down_is_told_once_in_a_while(hooked, stream):
    with Classifier(TROUBLES["fails"]) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 5000, "workers": 1})
        for number in range(3):
            roar.posted(stream, f"hello {number}")
        assert before(roar, "down") == 3
        told = roar.wait_log("the hook before publishing is down, or slow")
        assert (told["why"], told["status"], told["level"]) == ("its answer is not 200", 500, "warn")
        assert roar.stop() == 0
        assert sum("the hook before publishing is down, or slow" in line for line in roar.logs) == 1


def test_a_stop_answers_who_waits_for_the_hook(hooked, stream):
    with Classifier(lambda message: (hook.released.wait() and None) or (200, {}, b"")) as hook:
        roar = hooked({"hooks.before_url": hook.url, "hooks.before_ms": 1000})
        with roar.conn() as conn:
            conn.request("POST", f"/v1/streams/{stream}/comments", token=token("ann"), body={"text": "last"})
            hook.wait_for(lambda asked: len(asked) == 1)
            assert roar.stop() == 0
            assert conn.response(to="POST").status == 201


@pytest.mark.parametrize("setting,value", [
    ("hooks.before_url", "ftp://example.com/"),
    ("hooks.before_url", "example.com"),
    ("hooks.after_url", "https://ann:secret@example.com/"),
])
def test_a_url_that_is_none_is_refused_at_start(tmp_path, setting, value):
    code, _, err = run("serve", "--dev", "--listen", "127.0.0.1:0", "--data", tmp_path / "data",
                       settings={setting: value})
    assert code == 2 and setting in err


# ---- after ----

def test_each_event_is_told_once_signed_and_in_order(hooked, stream):
    with Classifier(lambda message: (200, {}, b"")) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        for number in range(20):
            roar.posted(stream, f"n{number}", user=f"u{number}")
        hook.wait_for(lambda asked: len(asked) >= 20)
        told = [message for _, message in hook.asked]
        assert [message["type"] for message in told] == ["comment.published"] * 20
        assert sorted(message["data"]["seq"] for message in told) == [event["seq"] for event in roar.log(stream)]
        assert len({headers["webhook-id"] for headers, _ in hook.asked}) == 20


def test_what_is_not_taken_is_told_again_under_the_same_id(hooked, stream):
    fails = iter([500, 503])
    with Classifier(lambda message: (next(fails, 200), {}, b"")) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        roar.posted(stream, "hello")
        hook.wait_for(lambda asked: len(asked) == 3)
        assert len({headers["webhook-id"] for headers, _ in hook.asked}) == 1
        eventually("delivered", lambda: roar.metrics()["roar_hook_after_delivered_total"] == 1)
        assert roar.metrics()["roar_hook_after_failed_total"] == 2


def test_what_is_told_again_has_lost_the_text_of_what_was_removed_meanwhile(hooked, stream):
    is_down = [True]
    with Classifier(lambda message: (503 if is_down[0] else 200, {}, b"")) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        secret = roar.posted(stream, "secret words")
        hook.wait_for(lambda asked: len(asked) >= 1)
        Moderator(roar, stream).act("delete", seqs=[secret["seq"]])
        answered = len(hook.asked)
        is_down[0] = False
        eventually("both events are delivered", lambda: roar.metrics()["roar_hook_after_delivered_total"] == 2)
        told = [message for _, message in hook.asked]
        assert "secret words" in json.dumps(told[0])
        # One may have been on its way when the act was answered.
        assert "secret words" not in json.dumps(told[answered + 1:])
        again = [message for message in told[1:] if message["data"]["seq"] == secret["seq"]][-1]
        assert again["type"] == "removed.published" and again["data"]["type"] == "removed"


def test_its_verdict_is_an_act(hooked, stream):
    def judge(message):
        is_bad = message["type"] == "comment.published" and "bad" in message["data"]["text"]
        return 200, {}, json.dumps({"do": "delete", "reason": "unkind"} if is_bad else {}).encode()

    with Classifier(judge) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        with open_reader("sse", roar, stream) as reader:
            good = roar.posted(stream, "good")
            bad = roar.posted(stream, "bad thing")
            retract = reader.until(lambda m: m["type"] == "retract")[-1]
            assert retract["seqs"] == [bad["seq"]]
        assert [comment["seq"] for comment in roar.history(stream)] == [good["seq"]]
        entry = Moderator(roar, stream).entries()[-1]
        assert (entry["kind"], entry["by"], entry["do"], entry["reason"]) == ("hook", "after", "delete", "unkind")


def after(roar, what):
    return roar.metrics()[f"roar_hook_after_{what}_total"]


GARBAGE = {
    "a page": ("<html>please sign in</html>", "it is no JSON"),
    "no object": ('["delete"]', "it is no JSON object"),
    "an act that is none": ('{"do":"please"}', "its `do` is none of"),
    "no seconds": ('{"do":"timeout","reason":"please"}', "its `seconds`"),
    "the other hook's answer": (json.dumps({"verdict": "please"}), "it is a verdict"),
    "too much": ("please" * 100_000, "it is too long"),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_counted_and_told_and_not_asked_for_again(hooked, stream, kind):
    body, why = GARBAGE[kind]
    with Classifier(lambda message: (200, {}, body.encode())) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        for text in ("one", "two"):
            roar.posted(stream, text)
        eventually("both were taken", lambda: after(roar, "garbage") == 2)
        eventually("the place has moved on", lambda: roar.metrics()["roar_hook_after_behind"] == 0)
        assert (after(roar, "delivered"), after(roar, "failed"), after(roar, "acts")) == (0, 0, 0)
        assert sorted(message["data"]["text"] for _, message in hook.asked) == ["one", "two"]
        line = roar.wait_log("the hook after publishing takes events and answers what means nothing")
        assert why in line["why"] and line["status"] == 200 and line["times"] == 1
        assert "please" not in json.dumps(line)
        assert sum(line["msg"] in entry for entry in roar.logs) == 1, "the second is not told yet"
        assert [comment["text"] for comment in roar.history(stream)] == ["one", "two"]


@pytest.mark.parametrize("status,body", [(200, b""), (204, b""), (202, b"null"), (200, b"{}"), (200, b'{"ok":true}\n')])
def test_a_mere_acknowledgement_is_no_garbage(hooked, stream, status, body):
    with Classifier(lambda message: (status, {}, body)) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        roar.posted(stream, "hello")
        eventually("it is delivered", lambda: after(roar, "delivered") == 1)
        assert (after(roar, "garbage"), after(roar, "failed"), after(roar, "acts")) == (0, 0, 0)


def test_an_act_on_what_is_no_comment_is_garbage(hooked, stream):
    with Classifier(lambda message: (200, {}, b'{"do":"ban"}' if message["type"] == "retract.published" else b"")) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        mod = Moderator(roar, stream)
        mod.act("delete", seq=roar.posted(stream, "hello")["seq"])
        eventually("it was taken", lambda: after(roar, "garbage") == 1)
        assert after(roar, "acts") == 0
        assert [entry["do"] for entry in mod.entries()] == ["delete"]


def test_a_restart_goes_on_where_it_was(hooked, stream):
    with Classifier(lambda message: (200, {}, b"")) as hook:
        roar = hooked({"hooks.after_url": hook.url})
        eventually("the feed began", lambda: (roar.data / "hooks.place").exists())
        first = roar.posted(stream, "one")
        hook.wait_for(lambda asked: len(asked) == 1)
        assert roar.stop() == 0
        roar.settings["hooks.after_url"] = ""
        roar.start()
        second = roar.posted(stream, "while nobody is told")
        roar.kill()
        roar.settings["hooks.after_url"] = hook.url
        roar.start()
        third = roar.posted(stream, "three")
        hook.wait_for(lambda asked: len(asked) >= 3)
        told = sorted(m["data"]["seq"] for _, m in hook.asked)  # two may be under way at a time
        assert told == [first["seq"], second["seq"], third["seq"]]


# ---- the example ----

def test_the_example_classifier_holds_and_deletes(hooked, stream):
    script = ROOT / "deploy/classifier/classifier.py"
    with subprocess.Popen([sys.executable, script, "--port", "0"], stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "ROAR_HOOK_SECRET": SECRET}) as example:
        try:
            url = "http://" + example.stdout.readline().split()[-1]
            roar = hooked({"hooks.before_url": url + "/before", "hooks.before_ms": 5000, "hooks.after_url": url + "/after"})
            assert roar.posted(stream, "what a lovely morning")["state"] == "visible"
            assert roar.posted(stream, "STOP SHOUTING AT ME")["state"] == "held"
            mine = roar.posted(stream, "BUT I MAY SHOUT", as_token=token("mod", roles=["moderator"]))
            eventually("deleted after", lambda: mine["seq"] not in [c["seq"] for c in roar.history(stream)])
        finally:
            example.kill()
