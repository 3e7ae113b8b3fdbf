# SPDX-License-Identifier: Apache-2.0
"""P12: viewers that read a byte a second, or nothing, beside healthy ones: nobody else sees a difference but time."""
import statistics

from checker import check
from crowd import Crowd
from roar import eventually
from trickle import Trickle

SLOW, RUN_S = 40, 5


def run(roar, stream):
    """Posters and healthy viewers for a while: (findings of the checker, p99 from post to answer in ms)."""
    crowd = Crowd(roar, stream, pause_s=0.002)
    crowd.up.set()
    for number in range(3):
        crowd.post_by(f"p{number}")
    for kind in ("sse", "ws", "poll"):
        for number in range(2):
            crowd.view_by(kind, number)
    crowd.ending.wait(RUN_S)  # under load
    crowd.end_posting()
    eventually("posters to end", lambda: not any(thread.is_alive() for thread in crowd.threads[:3]))
    last = roar.posted(stream, "the end", cid="the-end")["seq"]
    eventually("everybody to have seen the end", lambda: crowd.has_seen(last), 60)
    log = roar.log(stream)
    crowd.end()
    assert crowd.faults == []
    waits = [(answer.ended - answer.begun) * 1000 for answer in crowd.answers]
    gaps = [message for view in crowd.views for message in view.messages if message["type"] == "gap"]
    return check(log, crowd.answers, crowd.views), gaps, statistics.quantiles(waits, n=100)[98], len(log)


def memory_of(roar):
    """What is a viewer's own; rings and the log's tail belong to the stream."""
    metrics = roar.metrics()
    return sum(metrics[f'roar_memory_bytes{{kind="{kind}"}}'] for kind in ("conn", "viewer"))


def test_a_byte_a_second_disturbs_nobody(start, stream):
    roar = start()
    findings, gaps, alone_ms, _ = run(roar, stream + "-alone")
    assert findings == [] and gaps == []
    before = memory_of(roar)
    with Trickle(roar, stream, SLOW) as slow:
        eventually("the slow to be in", lambda: roar.get(f"/v1/streams/{stream}/presence").json()["viewers"] == SLOW)
        findings, gaps, beside_ms, events = run(roar, stream)
        assert findings == [] and gaps == []
        assert slow.taken > 0
        cost = (memory_of(roar) - before) / SLOW
        print(f"p99 of a post {alone_ms:.1f} ms alone, {beside_ms:.1f} ms beside {SLOW} slow ones; {events} events; "
              f"{cost:.0f} B of memory for each slow one")
        assert cost < 16 * 1024
        assert roar.get("/readyz").status == 200
