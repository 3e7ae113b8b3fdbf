# SPDX-License-Identifier: Apache-2.0
"""SIGSTOP under load: 5 s here, 30 s with ROAR_LONG=1. Nobody is lost, nothing is doubled, limits and presence go on."""
import os
import signal
import threading
import time

import pytest

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
    crowd = Crowd(roar, stream, pause_s=0.005).fill(posters=3, viewers=3)
    crowd.wait_answers(100, 60)
    roar.signal(signal.SIGSTOP)
    threading.Event().wait(STOP_S)  # the fault itself
    before = len(crowd.answers)
    roar.signal(signal.SIGCONT)
    if STOP_S < DEADLINE_S:
        nobody_is_missed(roar, stream, 6)
    crowd.wait_answers(before + 100, 60)
    crowd.finish(roar)
    reconnects = {view.name: sum(message["type"] == "hello" for message in view.messages) - 1 for view in crowd.views}
    if STOP_S < DEADLINE_S:  # else they gave up waiting, as clients do, and came back
        assert not any(reconnects[view.name] > 0 for view in crowd.views if "poll" not in view.name), reconnects
