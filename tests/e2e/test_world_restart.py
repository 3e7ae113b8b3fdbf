# SPDX-License-Identifier: Apache-2.0
"""SIGTERM under load and the herd that comes back: told when, nothing lost, everybody caught up."""
import signal
import statistics
import time

from checker import check
from crowd import Crowd
from herd import Herd
from http1 import DEADLINE_S
from roar import eventually

VIEWERS, HERD = 200, 2000
RETRY_MS = (1000, 15000)


def is_well_spread(waits):
    """As if each were drawn from 1..15 s alike: no second of them holds a third of all, and both ends are used."""
    seconds = [wait // 1000 for wait in waits]
    return (all(RETRY_MS[0] <= wait <= RETRY_MS[1] for wait in waits) and min(waits) < 3500 and max(waits) > 12500
            and max(seconds.count(second) for second in seconds) <= len(waits) / 3
            and 6000 < statistics.mean(waits) < 10000)


def told(member):
    """When it may be back: by goaway, by its last page, or by the 503 of a poll begun too late."""
    assert {status for status, _ in member.refusals} <= {503}
    return member.back_ms + [int(retry_after) * 1000 for _, retry_after in member.refusals]


def test_sigterm_under_load_spreads_and_loses_nothing(start, stream):
    roar = start({"drain_s": 10})
    crowd = Crowd(roar, stream, pause_s=0.02).fill(posters=3, viewers=0)
    crowd.wait_answers(50, DEADLINE_S)
    with Herd(roar, stream, VIEWERS) as herd:
        herd.run("all to see comments", lambda: herd.have_all_seen(60))
        crowd.up.clear()
        begun = time.monotonic()
        roar.signal(signal.SIGTERM)
        herd.run("all to be told and closed", lambda: all(member.is_ended for member in herd.members),
                 comes_back=False)
        assert roar.wait(DEADLINE_S) == 0
        took_s = time.monotonic() - begun
        print(f"drained in {took_s:.2f} s")
        assert took_s < 10 + 2, "within drain_s"
        for kind in Herd.KINDS:
            waits = [wait for member in herd.members if member.kind == kind for wait in told(member)]
            print(f"retry_ms of {kind}: {min(waits)}..{max(waits)}, mean {statistics.mean(waits):.0f}")
            assert len(waits) == sum(member.kind == kind for member in herd.members), "each was told, once"
            assert is_well_spread(waits), (kind, sorted(waits))
        closes = [message["code"] for view in herd.views() for message in view.messages if message["type"] == "close"]
        assert set(closes) == {1001}
        roar.start()
        crowd.up.set()
        herd.run("all to be back", lambda: not any(member.is_ended for member in herd.members), at_once=True)
        last = crowd.last_word(roar)
        assert crowd.faults == []
        herd.run("all to see the end", lambda: herd.have_all_seen(last))
        assert check(roar.log(stream), crowd.answers, herd.views()) == []


def test_a_herd_right_after_a_restart_is_caught_up(start, stream):
    """All at once with their cursors, while posters go on and others watch live."""
    roar = start()
    crowd = Crowd(roar, stream, pause_s=0.5).fill(posters=3, viewers=0)
    with Herd(roar, stream, HERD, kinds=("sse", "ws", "sse", "ws", "poll")) as herd:
        crowd.wait_answers(10, DEADLINE_S)
        herd.run("all to be in", lambda: herd.have_all_seen(5), 120)
        crowd.up.clear()
        roar.kill()
        herd.run("all to know", lambda: all(member.is_ended for member in herd.members), comes_back=False)
        roar.start()
        crowd.fill(posters=0, viewers=1)
        crowd.wait_more(10)
        newest = crowd.answers[-1].seq
        assert all(member.seq < newest for member in herd.members)
        begun = time.monotonic()
        herd.run("all to be caught up", lambda: herd.have_all_seen(newest), 120, at_once=True)
        took_s = time.monotonic() - begun
        print(f"{HERD} viewers caught up in {took_s:.2f} s, {len(herd.refusals())} refused at first")
        last = crowd.last_word(roar)
        herd.run("all to see the end", lambda: herd.have_all_seen(last), 120)
        eventually("the live ones to see the end", lambda: crowd.has_seen(last), 60)
        crowd.end()
        for status, retry_after in herd.refusals():
            assert status in (429, 503) and int(retry_after) >= 1
        assert crowd.faults == []
        assert check(roar.log(stream), crowd.answers, [*herd.views(), *crowd.views]) == []
