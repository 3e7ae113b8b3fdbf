# SPDX-License-Identifier: Apache-2.0
"""Moderators among posters and viewers, restarts and kill -9, at random under a seed; the checker judges every transcript."""
import os
import random
import time

import pytest

from checker import Deed, View, check_deeds, check_ends, check_moderation, hidden_by
from crowd import Crowd
from http1 import Closed
from moderator import Moderator
from readers import READERS, Refused
from roar import eventually
from tokens import token

SECONDS = 120 if os.environ.get("ROAR_LONG") else 9
SEED = int(os.environ.get("ROAR_SEED", "1"))
LANES = (None, "readable", "digest", "control")
POSTERS = 5  # nothing is for the last: somebody posts on
SHADOWED = ("p2", "p3")  # whom shadows are for: their screens are others than what everybody's log says
REFUSED = {"ban": ("p0",), "timeout": ("p1",), "warn": ("p0", "p1", "p2")}  # so that none stands in front of all others
TIMEOUT_S = 2
SLACK_S = 1.0  # of a clock that is not ours
END_S = 60


class Moderated(Crowd):
    """A crowd whose posters take no for an answer, with moderators."""

    def __init__(self, roar, stream, seed):
        super().__init__(roar, stream, pause_s=0.01)
        self.seed = seed
        self.deeds = []
        self.timeouts = []  # (user, asked, at the latest over), answered or not
        self.refusals = []  # (user, code, begun, ended) of posts
        self.acknowledged = {}  # act: when its reader began to say so

    def take(self, answer, cid, text, begun):
        user = cid.partition("-")[0]
        if answer.status in (200, 201) and answer.json()["state"] == "visible":
            self.note(answer.json(), cid, text, begun)
        elif answer.status >= 400:
            self.refusals.append((user, answer.problem(), begun, time.monotonic()))
            if answer.problem() == "must_acknowledge" and len(self.refusals) % 5 == 0:  # they are refused for a while
                self.acknowledge(user, answer.json()["act"])

    def acknowledge(self, user, act):
        self.acknowledged.setdefault(act, time.monotonic())
        try:
            self.roar.ask("POST", f"/v1/streams/{self.stream}/acknowledge", token=token(user), body={"act": act})
        except (OSError, Closed):
            pass  # they are asked again

    # ---- viewers ----

    def watch(self, kind, *, lane=None, slow=False, user=""):
        view = View(f"{kind} {lane} {user}{' slow' if slow else ''}", user=user)
        self.views.append(view)
        self.begin(self.watcher, kind, view, lane, slow)

    def watcher(self, kind, view, lane, slow):
        rng = random.Random(f"{self.seed} {view.name}")
        cursor = "0"
        more = {"wait": 1} if kind == "poll" else {}
        if lane is not None:
            more["query"] = {"lane": lane}
        while not self.over.is_set():
            begun = time.monotonic()
            try:
                with READERS[kind](self.roar, self.stream, after=cursor,
                                   token=token(view.user) if view.user else None, **more) as reader:
                    until = begun + rng.uniform(0.5, 6)
                    while not self.over.is_set() and (self.ending.is_set() or time.monotonic() < until):
                        message = reader.message()
                        view.messages.append(message)
                        view.begun.append(begun)
                        cursor = reader.cursor
                        if slow and rng.random() < 0.01:
                            self.ending.wait(rng.uniform(0, 2))
            except (OSError, Closed, Refused, ValueError):
                self.up.wait(0.5)

    def has_come_to(self, seq):
        return all(any(message.get("seq", 0) >= seq or message.get("to", 0) >= seq
                       for message in view.messages[-200:]) for view in self.views)

    # ---- moderators ----

    def moderate_by(self, name):
        self.posters.append(self.begin(self.moderator, name))

    def moderator(self, name):
        rng = random.Random(f"{self.seed} {name}")
        moderator = Moderator(self.roar, self.stream, user=name)
        while not self.ending.is_set():
            try:
                self.act(rng, moderator)
            except (OSError, Closed, ValueError):
                self.up.wait(0.5)
            self.ending.wait(rng.uniform(0, 0.05))

    def act(self, rng, moderator):
        if len(self.answers) == 0:
            return
        do = rng.choices(("delete", "purge", "clear", "ban", "undo", "pin", "hold", "restore", "shadow", "unshadow", "timeout",
                          "warn", "mode"), (30, 4, 1, 4, 25, 4, 8, 8, 3, 2, 4, 4, 2))[0]
        seq = rng.choice(self.answers[-200:]).seq
        if do in ("shadow", "unshadow", "mode") and moderator.user != "m0":
            do = "delete"  # what another lifts by its kind is one moderator's, who knows when
        if do == "undo":
            self.undo(rng, moderator)
        elif do == "mode":
            self.have_mode(rng, moderator)
        elif do in ("shadow", "unshadow"):
            self.shadow(do, rng.choice(SHADOWED), moderator)
        elif do in ("ban", "timeout", "warn"):
            self.sanction(do, rng.choice(REFUSED[do]), moderator)
        else:
            target = {"user": f"p{rng.randrange(POSTERS)}"} if do == "purge" else {} if do == "clear" else {"seq": seq}
            self.do(moderator, do, **target)

    def do(self, moderator, do, **fields):
        """The deed, if it was one."""
        begun = time.monotonic()
        answer = moderator.ask(do, **fields)
        if answer.status != 200 or answer.json().get("duplicate"):
            return
        found = answer.json()
        deed = Deed(found["act"], do, found.get("seq") or 0, time.monotonic(), user=fields.get("user", ""))
        if do == "timeout":
            deed.lifted = begun + fields["seconds"]
        self.deeds.append(deed)

    def sanction(self, do, user, moderator):
        asked = time.monotonic()
        try:
            self.do(moderator, do, user=user, **({"seconds": TIMEOUT_S} if do == "timeout" else {}))
        finally:
            if do == "timeout":
                self.timeouts.append((user, asked, time.monotonic() + TIMEOUT_S + SLACK_S))

    def shadow(self, do, user, moderator):
        if do == "shadow":
            self.do(moderator, do, user=user)
        else:
            self.lift_by(lambda: moderator.ask(do, user=user), "shadow", user)

    def have_mode(self, rng, moderator):
        """A short time in which no words are taken."""
        self.do(moderator, "mode", value=["emote_only"])
        self.ending.wait(rng.uniform(0.1, 0.3))
        self.lift_by(lambda: moderator.ask("mode", value=[]), "mode")

    def lift_by(self, ask, do, user=""):
        """From now on what was done before may be in force no more."""
        begun = time.monotonic()
        for deed in self.deeds:
            if deed.do == do and deed.user == user:
                deed.lifted = min(deed.lifted, begun)
        ask()

    def calm(self, moderator):
        """Nobody posts or acts any more, and words are taken."""
        self.ending.set()
        eventually("all to end", lambda: not any(thread.is_alive() for thread in self.posters), END_S)
        moderator.act("mode", value=["unique"])  # whatever it was
        moderator.act("mode", value=[])

    def undo(self, rng, moderator):
        open_deeds = [deed for deed in self.deeds
                      if deed.lifted == float("inf") and (deed.do != "shadow" or rng.random() < 0.2)]
        if open_deeds:
            deed = rng.choice(open_deeds[-20:])
            deed.lifted, deed.shows = time.monotonic(), True
            self.roar.ask("POST", f"{moderator.path}/undo", token=moderator.token, body={"act": deed.act})


def shown_to(roar, stream, user):
    """What is on the pages that somebody may ask for: history, log, poll and snapshot."""
    path, more = f"/v1/streams/{stream}", {"token": token(user)} if user else {}
    found = []
    for what, member in (("/comments?limit=500", "comments"), ("/log?after=0&limit=500", "events"),
                         ("/poll?tail=500&wait=0", "events"), ("/snapshot", "comments")):
        found += [event for event in roar.get(path + what, **more).json()[member] if event["type"] == "comment"]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED])
def test_removed_stays_removed_whatever_befalls(start, stream, seed):
    """P6, P7, P9 and P16 on every transcript, over restarts and kill -9; nothing visible is lost."""
    roar = start()
    crowd = Moderated(roar, stream, seed)
    rng = random.Random(seed)
    crowd.up.set()
    for number in range(POSTERS):
        crowd.post_by(f"p{number}")
    for kind in ("sse", "ws", "poll", "gzip"):
        crowd.watch(kind)
    for lane in LANES[1:]:
        crowd.watch("sse", lane=lane)
    crowd.watch("ws", slow=True)
    crowd.watch("sse", slow=True)
    for user in ("p1", *SHADOWED):
        crowd.watch("ws", user=user)
    for number in range(2):
        crowd.moderate_by(f"m{number}")
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        crowd.ending.wait(rng.uniform(1, 3))
        crowd.up.clear()
        roar.kill() if rng.random() < 0.5 else roar.stop()
        roar.start()
        crowd.up.set()
    moderator = Moderator(roar, stream, user="m9")
    crowd.calm(moderator)
    last = crowd.last_word(roar)
    last = moderator.act("pin", seq=last)["seq"]
    eventually("everybody to have come to the end", lambda: crowd.has_come_to(last), END_S)
    log = roar.log(stream)
    crowd.end()
    assert crowd.faults == [], "\n".join(crowd.faults)
    assert len(crowd.deeds) > SECONDS
    history = roar.history(stream)
    hidden = hidden_by(crowd.deeds, crowd.answers)
    for deed in crowd.deeds:
        deed.lifted = min(deed.lifted, crowd.acknowledged.get(deed.act, deed.lifted))
    common = [view for view in crowd.views if view.user not in SHADOWED]
    pages = [View(f"page of {user}", shown_to(roar, stream, user), user) for user in ("", "p1", *SHADOWED)]
    assert len(hidden) > 0
    assert {"banned", "muted", "must_acknowledge", "emote_only"} <= {code for _, code, _, _ in crowd.refusals}
    found = [*check_moderation(log, crowd.views, hidden), *check_moderation([], pages, hidden),
             *check_ends(crowd.timeouts, crowd.refusals),
             *check_deeds(log, common, crowd.deeds, crowd.answers, moderator.entries(), history)]
    assert found == [], "\n".join(found[:20])
