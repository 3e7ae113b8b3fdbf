# SPDX-License-Identifier: Apache-2.0
"""P12: viewers that read a byte a second, or nothing, beside healthy ones: nobody else sees a difference but time."""
import statistics

import pytest

from crowd import Crowd
from roar import eventually
from trickle import Trickle

SLOW, RUN_S = 40, 5


def run(roar, stream):
    """Posters and healthy viewers for a while: (p99 from post to answer in ms, events)."""
    crowd = Crowd(roar, stream, pause_s=0.002).fill(posters=3, viewers=2)
    crowd.ending.wait(RUN_S)  # under load
    log = crowd.finish(roar)
    waits = [(answer.ended - answer.begun) * 1000 for answer in crowd.answers]
    gaps = [message for view in crowd.views for message in view.messages if message["type"] == "gap"]
    assert gaps == []
    return statistics.quantiles(waits, n=100)[98], len(log)


def memory_of(roar):
    """What is a viewer's own; rings and the log's tail belong to the stream."""
    metrics = roar.metrics()
    return sum(metrics[f'roar_memory_bytes{{kind="{kind}"}}'] for kind in ("conn", "viewer"))


@pytest.mark.slow
def test_a_byte_a_second_disturbs_nobody(start, stream):
    roar = start()
    alone_ms, _ = run(roar, stream + "-alone")
    before = memory_of(roar)
    with Trickle(roar, stream, SLOW) as slow:
        eventually("the slow to be in", lambda: roar.get(f"/v1/streams/{stream}/presence").json()["viewers"] == SLOW)
        beside_ms, events = run(roar, stream)
        assert slow.taken > 0
        cost = (memory_of(roar) - before) / SLOW
        print(f"p99 of a post {alone_ms:.1f} ms alone, {beside_ms:.1f} ms beside {SLOW} slow ones; {events} events; "
              f"{cost:.0f} B of memory for each slow one")
        assert cost < 16 * 1024
        assert roar.get("/readyz").status == 200
