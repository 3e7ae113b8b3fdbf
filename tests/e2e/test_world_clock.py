# SPDX-License-Identifier: Apache-2.0
"""The wall clock steps under load. `at` never decreases; whatever waits for a time to pass waits by the monotonic one.

Only the server's CLOCK_REALTIME is off (faults.c); its monotonic clock is the machine's.
"""
import random
import time

import pytest

from crowd import Crowd
from http1 import BUSY_S
from readers import open_reader
from roar import eventually
from tokens import token

HOUR_S, DAY_S = 3600, 86400
LONG_S = 400 * DAY_S


def long_token(sub="ann"):
    return token(sub, ttl_s=LONG_S)


def presence(roar, stream):
    return roar.get(f"/v1/streams/{stream}/presence").json()["viewers"]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_clock_that_steps_under_load_disorders_nothing(faulty, stream, seed):
    """Forty steps of up to an hour either way, with posters, viewers of all transports and a restart in between."""
    roar = faulty()
    rng = random.Random(seed)
    crowd = Crowd(roar, stream, pause_s=0.002, ttl_s=LONG_S).fill(posters=3, viewers=1)
    for step in range(40):
        crowd.wait_more(10)
        roar.faults.set_clock(rng.choice((HOUR_S, -HOUR_S, 0, rng.randrange(-HOUR_S, HOUR_S))))
        if step == 20:
            crowd.up.clear()
            roar.kill()
            roar.start()
            crowd.up.set()
    crowd.finish(roar)  # `at` too: check_log()


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_presence_ends_by_its_ttl_whatever_the_clock_says(faulty, stream, jump_s):
    roar = faulty({"presence.ttl_s": 3, "presence.beat_s": 1})
    beat = {"session": "s-1", "state": "watching"}
    for jump in (jump_s, 0):
        begun = time.monotonic()
        assert roar.ask("POST", f"/v1/streams/{stream}/heartbeat", body=beat).status == 200
        roar.faults.set_clock(jump)
        assert presence(roar, stream) == 1, "the jump ended nothing"
        eventually("nobody to be left", lambda: presence(roar, stream) == 0)
        assert 3 <= time.monotonic() - begun < 3 + 1 + BUSY_S, "TTL + 1 s, and what is ours"


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_window_ends_when_its_time_has_passed(faulty, stream, jump_s):
    """No sooner (test_clock.py) and no later: Retry-After is the time that is really left."""
    roar = faulty({"limits.post_user": "1/3s"})
    begun = time.monotonic()
    assert roar.post(stream, as_token=long_token()).status == 201
    roar.faults.set_clock(jump_s)
    refused = roar.post(stream, as_token=long_token())
    assert refused.problem() == "rate_user" and int(refused.header("retry-after")) <= 3
    eventually("the window to be over", lambda: roar.post(stream, as_token=long_token()).status == 201)
    assert 3 <= time.monotonic() - begun < 3 + BUSY_S


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, 2 * DAY_S, -2 * DAY_S])
def test_a_jump_forgets_no_retry(faulty, stream, jump_s):
    """Retries are remembered for 24 hours of service: a clock that jumps over them, and a restart, forget none."""
    roar = faulty()
    first = roar.posted(stream, "once", cid="c-1", as_token=long_token())
    for jump in (jump_s, 0, jump_s):
        roar.faults.set_clock(jump)
        again = roar.post(stream, "once", cid="c-1", as_token=long_token())
        assert again.status == 200 and again.json()["duplicate"] and again.json()["seq"] == first["seq"]
        roar.kill()
        roar.start()
    assert roar.post(stream, "once", cid="c-1", as_token=long_token()).json()["seq"] == first["seq"]
    assert len(roar.log(stream)) == 1


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_ticket_lives_by_the_monotonic_clock(faulty, stream, jump_s):
    """An hour's jump ends no ticket of 30 s and makes none live longer."""
    roar = faulty()
    taken = [roar.ask("POST", "/v1/tickets", token=long_token(), body={}).json()["ticket"] for _ in range(2)]
    roar.faults.set_clock(jump_s)
    with open_reader("sse", roar, stream, ticket=taken[0]) as reader:
        assert reader.hello["stream"] == stream
    roar.faults.set_clock(0)
    roar.faults.let_pass(31)
    assert roar.get(f"/v1/streams/{stream}/comments?ticket={taken[1]}").problem() == "bad_token"


def test_a_token_is_judged_by_the_wall_clock(faulty, stream):
    """On requests at once, and on the connections it opened."""
    roar = faulty()
    bearer = token(ttl_s=600)
    readers = [open_reader(kind, roar, stream, token=bearer) for kind in ("sse", "ws")]
    assert roar.post(stream, as_token=bearer).status == 201
    roar.faults.set_clock(HOUR_S)
    assert roar.post(stream, as_token=bearer).problem() == "expired_token"
    for reader in readers:
        assert reader.find("goaway")["reason"] == "token_expired"
        reader.close()
    roar.faults.set_clock(0)
    assert roar.post(stream, as_token=bearer).status == 201
    early = token(ttl_s=2 * HOUR_S, nbf=int(time.time()) + HOUR_S)
    assert roar.post(stream, as_token=early).problem() == "bad_token"
    roar.faults.set_clock(HOUR_S + 60)
    assert roar.post(stream, as_token=early).status == 201
