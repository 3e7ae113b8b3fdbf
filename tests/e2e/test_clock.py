# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps: order, windows and presence do not; what is old expires."""
import itertools

import pytest

from readers import open_reader
from roar import eventually
from tokens import token

HOUR_S, DAY_S = 3600, 86400


def hourly(**more):
    return token(ttl_s=400 * DAY_S, **more)


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_jump_disorders_nothing(faulty, stream, jump_s):
    roar = faulty()
    bearer = hourly()
    with open_reader("sse", roar, stream) as viewer:
        seen = [roar.posted(stream, "before", as_token=bearer)["comment"]]
        roar.faults.set_clock(jump_s)
        seen += [roar.posted(stream, f"after {number}", as_token=bearer)["comment"] for number in range(3)]
        roar.faults.set_clock(0)
        seen.append(roar.posted(stream, "back", as_token=bearer)["comment"])
        assert viewer.comments(5) == seen
    times = [comment["at"] for comment in seen]
    assert times == sorted(times), "`at` never decreases"
    if jump_s > 0:
        assert times[1] - times[0] >= jump_s * 1000 - 60000, "the jump was seen at all"
    roar.kill()
    roar.start()
    last = roar.posted(stream, "after a restart", as_token=bearer)["comment"]
    assert last["at"] >= times[-1]


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S])
def test_a_jump_opens_no_window(faulty, stream, jump_s):
    """Limits run on the monotonic clock: an hour that did not pass gives nobody a comment."""
    roar = faulty({"limits.post_user": "2/1h"})
    bearer = hourly()
    for _ in range(2):
        assert roar.post(stream, as_token=bearer).status == 201
    roar.faults.set_clock(2 * jump_s)
    refused = roar.post(stream, as_token=bearer)
    assert refused.problem() == "rate_user"
    assert int(refused.header("retry-after")) <= HOUR_S


def test_a_jump_ends_no_viewer(faulty, stream):
    roar = faulty({"presence.ttl_s": 2, "presence.beat_s": 1})
    with open_reader("ws", roar, stream) as viewer:
        eventually("one viewer", lambda: roar.get(f"/v1/streams/{stream}/presence").json()["viewers"] == 1)
        for jump_s in (DAY_S, -DAY_S, 0):
            roar.faults.set_clock(jump_s)
            assert roar.get(f"/v1/streams/{stream}/presence").json()["viewers"] == 1
        live = roar.posted(stream, as_token=hourly())["comment"]
        assert viewer.find("comment") == live


def let_days_pass_until(roar, what, condition):
    """An hour at a time, by every clock: what is kept for retries must have been served for its 24 hours, too."""
    hours = itertools.count(1)

    def passed():
        roar.faults.let_pass(next(hours) * HOUR_S)
        return condition()

    eventually(what, passed)


def test_what_is_older_than_its_days_expires(faulty, stream):
    """retention.days: gone from pages, and a cursor below the oldest kept is told "expired"."""
    roar = faulty({"retention.days": 2})
    old = [roar.posted(stream, f"old {number}", as_token=hourly())["comment"] for number in range(5)]
    let_days_pass_until(roar, "the old to be gone", lambda: roar.history(stream) == [])
    new = [roar.posted(stream, f"new {number}", as_token=hourly())["comment"] for number in range(3)]
    assert new[0]["seq"] > old[-1]["seq"]
    assert roar.history(stream) == new
    for kind in ("sse", "ws"):
        with open_reader(kind, roar, stream, after=str(old[1]["seq"])) as reader:
            told = reader.until(lambda message: message["type"] == "comment")
            gap = next(message for message in told if message["type"] == "gap")
            assert gap["why"] == "expired" and not {"carried", "shed", "removed"} & gap.keys()
            assert gap["to"] >= old[-1]["seq"]
            assert told[-1] == new[0]


def test_a_stream_may_keep_longer_than_the_rest(faulty, stream):
    roar = faulty({"retention.days": 1})
    keeper = stream + "-kept"
    host = token("host", roles=["host"])
    assert roar.ask("PUT", f"/v1/streams/{keeper}", token=host, body={"retention_days": 0}).status == 201
    kept = roar.posted(keeper)["comment"]
    roar.posted(stream)
    let_days_pass_until(roar, "the one to be gone", lambda: roar.history(stream) == [])
    assert roar.history(keeper) == [kept]


def test_no_seq_is_used_again_after_everything_expired(faulty, stream):
    roar = faulty({"retention.days": 1})
    old = [roar.posted(stream, f"old {number}", as_token=hourly())["seq"] for number in range(5)]
    let_days_pass_until(roar, "all to be gone", lambda: roar.history(stream) == [])
    roar.kill()
    roar.start()
    assert roar.posted(stream, "new", as_token=hourly())["seq"] > old[-1]


def test_a_token_expires_by_the_wall_clock(faulty, stream):
    roar = faulty()
    bearer = token(ttl_s=60)
    assert roar.post(stream, as_token=bearer).status == 201
    roar.faults.set_clock(HOUR_S)
    assert roar.post(stream, as_token=bearer).problem() == "expired_token"
