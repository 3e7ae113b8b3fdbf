# SPDX-License-Identifier: Apache-2.0
"""P8 by twins: of two servers that are asked the same, one shadows its user x. Nothing that x is told differs."""
import copy
import os
import random

import pytest

from roar import eventually
from twins import PAGES, SCREENS, SETTLING, Twin, differences

SEED = int(os.environ.get("ROAR_SEED", "1"))
STEPS = int(os.environ.get("ROAR_STEPS", "120"))
SHADOWED, UNSEEN = "x", "z"  # who is shadowed by one, and by the other, where nobody knows them
OTHERS = ("u0", "u1", "u2")
LIMIT = 100  # of x, in an hour: it ends within the run
WORDS = ("hello", "same", "WHAT A SHOT", "see https://example.org/a", "darn it", "fudge", "\N{GRINNING FACE}", "x" * 600, "")
MODES = ([], ["hold_all"], ["hold_first"], ["unique"], ["links_off"], ["emote_only"], ["links_off", "unique"])
LIFTED = ("warn", "timeout", "ban", "slow", "mode", "terms", "shield", "hold", "delete")  # what removes one comment at most
TERMS = [{"text": "darn", "match": "word", "action": "refuse"}, {"text": "fudge", "match": "word", "action": "shadow"}]


class Twins:
    """The pair, and what is asked of both."""

    def __init__(self, one, other, seed):
        self.pair, self.rng = (one, other), random.Random(seed)
        self.cids, self.done, self.shadowed = 0, [], None
        self.deleted = []  # places among the answers
        self.open = []  # (act, do) as both have it, not undone

    def both(self, what, ask, soon=False):
        """Asks both; what they say must be the same (soon: shortly)."""
        def found():
            return [*differences(*(ask(twin) for twin in self.pair))]

        self.done.append(what)
        if soon:
            eventually(f"twins say the same of {what}: {found()}", lambda: not found())
        else:
            differing = found()
            assert differing == [], "\n".join([*differing, "after", *map(str, self.done[-12:])])

    def pick(self, user=None):
        """Which of the comments that were taken, if any of this user's."""
        found = [at for at, answer in enumerate(self.pair[0].answers)
                 if user in (None, answer["comment"]["user"]["id"])]
        return self.rng.choice(found[-12:]) if found else None

    def body(self):
        self.cids += 1
        return {"text": self.rng.choice(WORDS[:6] * 3 + (f"number {self.cids}",) * 30 + WORDS), "cid": f"c{self.cids}"}

    # ---- what x does ----

    def post(self):
        body, at = self.body(), self.pick()
        replies = at is not None and self.rng.random() < 0.3
        self.both(("post", body, at), lambda twin: twin.post(
            SHADOWED, **body, **({"reply_to": twin.answers[at]["id"]} if replies else {})))

    def burst(self):
        bodies = [self.body() for _ in range(self.rng.randint(2, 8))]
        self.both(("burst", bodies), lambda twin: twin.burst(bodies))

    def retry(self):
        cid = f"c{self.rng.randint(1, self.cids + 1)}"
        self.both(("retry", cid), lambda twin: twin.post(SHADOWED, text="again", cid=cid))
        self.both(("retry by ws", cid), lambda twin: twin.burst([{"text": "again", "cid": cid}]))

    def spoil(self):
        body = self.rng.choice(({"text": 7}, {"text": "a", "cid": "no good"}, {"text": "a", "reply_to": "nobody"},
                                {"text": "a\0"}, {"text": "a", "media_ms": -1}))
        self.both(("spoil", body), lambda twin: twin.post(SHADOWED, **body))

    def acknowledge(self):
        if self.open:
            act = self.rng.choice(self.open[-6:])[0]
            self.both(("acknowledge", act), lambda twin: twin.ask("POST", "/acknowledge", body={"act": act}))

    def appeal(self):
        if self.open:
            act = self.rng.choice(self.open[-6:])[0]
            self.both(("appeal", act), lambda twin: twin.ask("POST", "/appeals", body={"act": act, "text": "a joke"}))

    def beat(self):
        self.both("beat", lambda twin: twin.ask("POST", "/heartbeat", body={"state": "watching"}))

    # ---- what others do ----

    def other(self):
        self.cids += 1
        user, cid = self.rng.choice(OTHERS), f"c{self.cids}"
        self.both(("other", user, cid), lambda twin: place_of(twin.post(user, text=f"of {cid}", cid=cid)))

    def shadow(self):
        """Theirs by one, by the other of whom nobody knows: as many acts."""
        self.shadowed = not self.shadowed
        do = "shadow" if self.shadowed else "unshadow"
        users = dict(zip(self.pair, (SHADOWED, UNSEEN)))
        self.both((do, SHADOWED), lambda twin: twin.act(do, user=users[twin]))

    def act(self):
        do = self.rng.choice(("delete", "delete", "restore", "restore", "purge", "clear", "warn", "warn", "timeout", "ban",
                              "unban", "slow", "mode", "mode", "terms", "approve", "approve", "reject", "hold user",
                              "hold", "shield", "pin", "pin", "unpin"))
        at, fields = self.pick(self.rng.choice((SHADOWED, None))), {}
        if do == "restore":
            at = self.rng.choice(self.deleted or [None])
        if do in ("pin", "unpin"):
            at = self.pick(self.rng.choice(OTHERS))  # what nobody else sees is not pinned
        if do in ("delete", "hold", "restore", "pin", "unpin", "approve", "reject"):
            if at is not None:
                self.deleted += [at] * (do in ("delete", "hold"))
                self.judge(do, lambda twin: {"id": twin.answers[at]["id"]})
            return
        if do in ("purge", "warn", "timeout", "ban", "unban", "hold user"):
            fields["user"] = SHADOWED
        if do in ("slow", "timeout"):
            fields["seconds"] = self.rng.choice((0, 0, 3600))
        if do in ("mode", "terms", "shield"):
            fields["value"] = self.rng.choice({"mode": MODES, "terms": ([], TERMS), "shield": (True, False, False)}[do])
        self.judge(do.split()[0], lambda twin: fields)

    def judge(self, do, fields):
        before = len(self.pair[0].acts)
        self.both((do, fields(self.pair[0])), lambda twin: twin.act(do, **fields(twin)))
        if do in LIFTED:
            self.open += [(act, do) for act in self.pair[0].acts[before:]]

    def undo(self):
        if self.open:
            act = self.open.pop(self.rng.randrange(len(self.open)))
            self.both(("undo", act), lambda twin: twin.undo(act[0]))

    def ease(self):
        """Nothing is in x's way any more, so that runs do not end in refusals."""
        for do, fields in (("unban", {"user": SHADOWED}), ("timeout", {"user": SHADOWED, "seconds": 0}),
                           ("mode", {"value": []}), ("slow", {"seconds": 0}), ("shield", {"value": False})):
            self.judge(do, lambda twin, fields=fields: fields)
        while self.open:
            self.undo()

    # ---- what is compared ----

    def look(self):
        self.cids += 1
        marks = [twin.roar.posted(twin.stream, "mark", cid=f"c{self.cids}", as_token=twin.moderator.token)["seq"]
                 for twin in self.pair]
        assert marks[0] == marks[1]
        for kind in SCREENS:
            self.both(("told", kind), lambda twin, kind=kind: twin.told(kind, marks[0]))
        for what in PAGES:
            self.both(what, lambda twin, what=what: twin.ask("GET", what))
        for what in SETTLING:
            self.both(what, lambda twin, what=what: twin.ask("GET", what), soon=True)
        for kind in self.rng.sample(SCREENS, 2):
            for twin in self.pair:
                twin.resume(kind)
        eventually("those who left to be gone", lambda: all(twin.readers_open() == len(SCREENS) - 1 for twin in self.pair))

    def restart(self):
        way = self.rng.choice(("stop", "kill"))
        self.done.append(way)
        for twin in self.pair:
            twin.restart(way)

    def step(self):
        do = self.rng.choices((self.post, self.burst, self.retry, self.spoil, self.acknowledge, self.appeal, self.beat,
                               self.other, self.shadow, self.act, self.undo, self.ease, self.look),
                              (40, 6, 8, 4, 6, 3, 2, 20, 1, 20, 8, 6, 4))[0]
        do()


def place_of(answer):
    """What is the same to others, whose view is another: prev is not."""
    return answer["status"], answer["body"].get("seq"), answer["body"].get("code")


TOLD = {"status": 201, "headers": {"ratelimit-reset": "59", "date": "now"}, "body": {"seq": 4, "events": [{"prev": 3}], "why": "2.1"}}


@pytest.mark.parametrize("path, value", [
    (("status",), 200), (("headers", "ratelimit-reset"), "50"), (("headers",), {}), (("headers", "x-more"), "1"),
    (("body", "seq"), 5), (("body", "events"), []), (("body", "events", 0, "prev"), 2), (("body", "why"), None)])
def test_a_difference_is_found(path, value):
    same, other = copy.deepcopy(TOLD), copy.deepcopy(TOLD)
    same["headers"] |= {"ratelimit-reset": "58", "date": "then"}
    assert [*differences(TOLD, same)] == []
    at = other
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    assert [*differences(TOLD, other)] != []


def test_what_is_restored_of_theirs_comes_back(start, stream):
    pair = [Twin(start({}, flags=()), stream, SHADOWED) for _ in range(2)]
    twins = Twins(*pair, SEED)
    try:
        twins.shadow()
        for user in (SHADOWED, "u0", SHADOWED):
            twins.both(("post", user), lambda twin, user=user: place_of(twin.post(user, text=f"of {user}")))
        for do, at in (("pin", 1), ("delete", 0), ("delete", 1), ("restore", 0), ("restore", 1), ("pin", 1),
                       ("hold", 0), ("hold", 2), ("approve", 0), ("reject", 2)):
            twins.judge(do, lambda twin, at=at: {"id": twin.answers[at]["id"]})
        twins.look()
    finally:
        for twin in pair:
            twin.end()


def test_what_an_undo_brings_back_tells_nothing(start, stream):
    """A part of theirs is shadowed, and lies among that of others; few, then many."""
    limits = {"limits.post_user": "1000/10s", "limits.post_address": "1000/10s"}
    pair = [Twin(start(limits, flags=()), stream, SHADOWED) for _ in range(2)]
    twins = Twins(*pair, SEED)
    try:
        for user in (SHADOWED, "u0", SHADOWED):
            twins.both(("post", user), lambda twin, user=user: place_of(twin.post(user, text=f"of {user}")))
        twins.shadow()
        for user in (SHADOWED, "u0", SHADOWED, SHADOWED, "u1", SHADOWED, "u0"):
            twins.both(("post", user), lambda twin, user=user: place_of(twin.post(user, text=f"of {user}")))
        for more, do, fields in ((0, "purge", {"user": SHADOWED}), (0, "clear", {}), (90, "clear", {})):
            for user in ("u0", SHADOWED) * (more // 2):
                twins.both(("post", user), lambda twin, user=user: place_of(twin.post(user, text=f"of {user}")))
            before = len(pair[0].acts)
            twins.judge(do, lambda twin, fields=fields: fields)
            for act in pair[0].acts[before:]:
                twins.both(("undo", act), lambda twin, act=act: twin.undo(act))
            twins.look()
    finally:
        for twin in pair:
            twin.end()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED])
def test_nothing_tells_who_is_shadowed(start, stream, seed):
    pair = [Twin(start({"limits.post_user": f"{LIMIT}/3600s"}, flags=()), stream, SHADOWED) for _ in range(2)]
    twins = Twins(*pair, seed)
    try:
        twins.both("a start", lambda twin: twin.post("u0", text="before"))
        twins.shadow()
        for part in range(3):
            for _ in range(STEPS // 3):
                twins.step()
            twins.look()
            if part < 2:
                twins.restart()
        twins.ease()
        accepted = sum(answer["comment"]["user"]["id"] == SHADOWED for answer in pair[0].answers)
        assert accepted > STEPS // 12, accepted
        for _ in range(LIMIT // 8 + 1):
            twins.burst()
        twins.look()
    finally:
        for twin in pair:
            twin.end()
