# SPDX-License-Identifier: Apache-2.0
"""SIGSTOP under load: 5 s here, 30 s with ROAR_LONG=1. Nobody is lost, nothing is doubled, limits and presence go on."""
import os
import signal
import threading
import time

import pytest

from checker import check
from crowd import Crowd
from http1 import DEADLINE_S
from roar import eventually

STOP_S = 30 if os.environ.get("ROAR_LONG") else 5


def nobody_is_missed(roar, stream, count):
    """Who could not be asked while we slept is not away."""
    end = time.monotonic() + 3

    def is_over():
        assert roar.get(f"/v1/streams/{stream}/presence").json()["viewers"] >= count
        return time.monotonic() > end

    eventually("the time to pass", is_over)


@pytest.mark.slow
def test_a_stopped_server_goes_on_where_it_was(start, stream):
    roar = start({"presence.ttl_s": 4, "presence.beat_s": 3})
    crowd = Crowd(roar, stream, pause_s=0.005)
    crowd.up.set()
    for number in range(3):
        crowd.post_by(f"p{number}")
    for kind in ("sse", "ws", "poll"):
        for number in range(3):
            crowd.view_by(kind, number)
    crowd.wait_answers(100, 60)
    roar.signal(signal.SIGSTOP)
    threading.Event().wait(STOP_S)  # the fault itself
    before = len(crowd.answers)
    roar.signal(signal.SIGCONT)
    if STOP_S < DEADLINE_S:
        nobody_is_missed(roar, stream, 6)
    crowd.wait_answers(before + 100, 60)
    crowd.end_posting()
    eventually("posters to end", lambda: not any(thread.is_alive() for thread in crowd.threads[:3]))
    last = roar.posted(stream, "the end", cid="the-end")["seq"]
    eventually("everybody to have seen the end", lambda: crowd.has_seen(last), 60)
    log = roar.log(stream)
    reconnects = {view.name: sum(message["type"] == "hello" for message in view.messages) - 1 for view in crowd.views}
    crowd.end()
    assert crowd.faults == []
    assert check(log, crowd.answers, crowd.views) == []
    if STOP_S < DEADLINE_S:  # else they gave up waiting, as clients do, and came back
        assert not any(reconnects[view.name] > 0 for view in crowd.views if "poll" not in view.name), reconnects
