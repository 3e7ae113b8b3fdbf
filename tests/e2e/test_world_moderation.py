# SPDX-License-Identifier: Apache-2.0
"""Moderators among posters and viewers, restarts and kill -9, at random under a seed; the checker judges every transcript."""
import os
import random
import time

import pytest

from checker import Deed, View, check_deeds, check_moderation
from crowd import Crowd
from http1 import Closed
from moderator import Moderator
from readers import READERS, Refused
from roar import eventually
from tokens import token

SECONDS = 120 if os.environ.get("ROAR_LONG") else 12
SEED = int(os.environ.get("ROAR_SEED", "1"))
LANES = (None, "readable", "digest", "control")
POSTERS = 4
END_S = 60


class Moderated(Crowd):
    """A crowd whose posters take no for an answer, with moderators."""

    def __init__(self, roar, stream, seed):
        super().__init__(roar, stream, pause_s=0.01)
        self.seed = seed
        self.deeds = []
        self.retracted = 0

    def take(self, answer, cid, text, begun):
        if answer.status in (200, 201) and answer.json()["state"] == "visible":
            self.note(answer.json(), cid, text, begun)

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
        do = rng.choices(("delete", "purge", "clear", "ban", "undo", "pin", "hold", "restore"),
                         (30, 4, 1, 4, 25, 4, 8, 8))[0]
        user = f"p{rng.randrange(2 if do == 'ban' else POSTERS)}"  # somebody posts on
        seq = rng.choice(self.answers[-200:]).seq
        if do == "undo":
            self.undo(rng, moderator)
            return
        target = {"user": user} if do in ("purge", "ban") else {} if do == "clear" else {"seq": seq}
        answer = moderator.ask(do, **target)
        if answer.status == 200 and not answer.json().get("duplicate"):
            found = answer.json()
            self.deeds.append(Deed(found["act"], do, found.get("seq") or 0, time.monotonic(),
                                   user=target.get("user", "")))

    def undo(self, rng, moderator):
        open_deeds = [deed for deed in self.deeds if deed.lifted == float("inf")]
        if open_deeds:
            deed = rng.choice(open_deeds[-20:])
            deed.lifted = time.monotonic()
            self.roar.ask("POST", f"{moderator.path}/undo", token=moderator.token, body={"act": deed.act})


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
    crowd.watch("ws", user="p1")
    for number in range(2):
        crowd.moderate_by(f"m{number}")
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        crowd.ending.wait(rng.uniform(1, 3))
        crowd.up.clear()
        roar.kill() if rng.random() < 0.5 else roar.stop()
        roar.start()
        crowd.up.set()
    last = crowd.last_word(roar)
    moderator = Moderator(roar, stream, user="m9")
    last = moderator.act("pin", seq=last)["seq"]
    eventually("everybody to have come to the end", lambda: crowd.has_come_to(last), END_S)
    log = roar.log(stream)
    crowd.end()
    assert crowd.faults == [], "\n".join(crowd.faults)
    assert len(crowd.deeds) > SECONDS
    history = roar.history(stream)
    found = [*check_moderation(log, crowd.views),
             *check_deeds(log, crowd.views, crowd.deeds, crowd.answers, moderator.entries(), history)]
    assert found == [], "\n".join(found[:20])
