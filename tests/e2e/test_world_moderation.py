# SPDX-License-Identifier: Apache-2.0
"""Moderators among posters and viewers, restarts and kill -9, at random under a seed; the checkers judge every transcript."""
import os
import random
import time

import pytest

from checker import (View, check_deeds, check_ends, check_first, check_moderation, check_settings_end, check_view,
                     hidden_by)
from clerk import Clerk
from moderated import END_S, POSTERS, SHADOWED, Moderated
from moderator import Moderator
from queue_checker import (check_approved, check_claims, check_decided_once, check_held, check_notices, check_puts,
                           check_waiting, placed_by)
from roar import COMPRESSED, eventually
from tokens import token

SECONDS = 120 if os.environ.get("ROAR_LONG") else 9
SEED = int(os.environ.get("ROAR_SEED", "1"))
LANES = (None, "readable", "digest", "control")


def shown_to(roar, stream, user):
    """What is on the pages that somebody may ask for: history, log, poll and snapshot."""
    path, more = f"/v1/streams/{stream}", {"token": token(user)} if user else {}
    found = []
    for what, member in (("/comments?limit=500", "comments"), ("/log?after=0&limit=500", "events"),
                         ("/poll?tail=500&wait=0", "events"), ("/snapshot", "comments")):
        found += [event for event in roar.get(path + what, **more).json()[member] if event["type"] == "comment"]
    return found


def fill(crowd):
    """Posters, viewers on each transport and lane, some slow, some who write, and moderators."""
    for number in range(POSTERS):
        crowd.post_by(f"p{number}")
    crowd.post_by("newcomer")
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
        crowd.decide_by(f"q{number}")
    crowd.set_by("h0")


def trouble(crowd, rng):
    """A disk that stalls, then a stop or a crash."""
    crowd.ending.wait(rng.uniform(1, 3))
    crowd.jam()
    down = time.monotonic()
    crowd.up.clear()
    crowd.roar.kill() if rng.random() < 0.5 else crowd.roar.stop()
    crowd.roar.start()
    crowd.up.set()
    crowd.downs.append((down, time.monotonic()))


def judge(crowd, log, moderator):
    """Every sentence that the checkers have about the run."""
    roar, deeds, decisions, answers = crowd.roar, crowd.deeds, crowd.decisions, crowd.answers
    for deed in deeds:
        deed.lifted = min(deed.lifted, crowd.acknowledged.get(deed.act, deed.lifted))
    hidden = hidden_by(deeds, [*answers, *placed_by(decisions)])
    common = [view for view in crowd.views if view.user not in SHADOWED]
    full = [view for view in crowd.views if not any(f" {lane} " in view.name for lane in LANES[1:])]
    pages = [View(f"page of {user}", shown_to(roar, crowd.stream, user), user) for user in ("", "p1", *SHADOWED)]
    history = roar.history(crowd.stream)
    pages.append(View("history", history))
    entries, waiting = moderator.entries(), moderator.waiting()
    return [*check_moderation(log, crowd.views, hidden), *check_moderation([], pages, hidden),
            *check_ends(crowd.timeouts, crowd.refusals), *check_settings_end(crowd.periods, crowd.refusals),
            *check_first(log, crowd.views, crowd.jams),
            *check_deeds(log, common, deeds, answers, entries, history),
            *(fault for view in common if view in full for fault in check_view(log, view)),
            *check_decided_once(entries, {answer.id: answer.seq for answer in answers}),
            *check_claims(crowd.claims, decisions, crowd.downs), *check_waiting(entries, crowd.held, waiting),
            *check_puts(entries, crowd.puts),
            *check_held([*crowd.views, *pages], crowd.held, entries, decisions),
            *check_approved(log, full, decisions, hidden, SHADOWED), *check_notices(crowd.views, decisions, answers)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [SEED])
def test_removed_stays_removed_whatever_befalls(faulty, stream, seed):
    """P6 to P10 and P16 on every transcript, over restarts, kill -9 and a disk that stalls; nothing visible is lost, and
    what is held is decided once and shown to whom it is for."""
    roar = faulty(COMPRESSED)
    crowd = Moderated(roar, stream, seed)
    rng = random.Random(seed)
    crowd.up.set()
    fill(crowd)
    begun = time.monotonic()
    while time.monotonic() < begun + SECONDS or not crowd.jams or crowd.undriven():
        assert time.monotonic() < begun + SECONDS + END_S, f"never befell: {crowd.undriven()}; {crowd.faults}"
        trouble(crowd, rng)
    crowd.calm(Moderator(roar, stream, user="h9", role="host"))
    moderator = Clerk(crowd, "m9")
    last = crowd.last_word(roar)
    last = moderator.act("pin", seq=last)["seq"]
    eventually("everybody to have come to the end", lambda: crowd.has_come_to(last), END_S)
    log = roar.log(stream)
    crowd.end()
    assert crowd.faults == [], "\n".join(crowd.faults)
    assert len(crowd.deeds) > SECONDS
    found = judge(crowd, log, moderator)
    assert found == [], "\n".join(found[:20])
