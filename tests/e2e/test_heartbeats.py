# SPDX-License-Identifier: Apache-2.0
"""Heartbeats of a crowd: paced, and none to who was written to a moment ago.

The intervals are ten minutes, which pass when the test says so (faults.c): however slow the machine is, nothing comes due by itself.
"""
import pytest

from readers import open_reader
from roar import eventually
from tokens import token

MOST = 15  # in a slice: the top of a bucket
INTERVAL_S = 600
SETTLE_S = 30
SLOW = {"workers": 1, "delivery.line_s": INTERVAL_S, "delivery.ping_s": INTERVAL_S, "delivery.stall_s": 3600,
        "presence.ttl_s": 3600, "delivery.visits_slice": MOST, "limits.conns_address": 0}


def visits(roar):
    """(slices in which anybody was looked at, those with no more than MOST, readers looked at)"""
    metrics = roar.metrics()
    return metrics["roar_visits_count"], metrics[f'roar_visits_bucket{{le="{MOST}"}}'], metrics["roar_visits_sum"]


def beats(roar, kind):
    return roar.metrics()[f'roar_heartbeats_total{{kind="{kind}"}}']


@pytest.fixture
def crowd():
    """Opens readers: crowd(roar, stream, "sse", count)."""
    opened = []

    def come(roar, stream, kind, count):
        readers = [open_reader(kind, roar, stream) for _ in range(count)]
        opened.extend(readers)
        return readers

    yield come
    for reader in opened:
        reader.close()


def hear_who_is_there(roar, *crowds):
    """Who comes is told to all a moment later; with that, nobody is written to but for us."""
    roar.faults.let_pass(SETTLE_S)
    roar.metrics()  # it wakes
    for readers in crowds:
        for reader in readers:
            reader.until(lambda said, count=len(readers): said.get("type") == "presence" and said["viewers"] == count)


def hears_a_line(reader):
    """The next line; what is said of presence meanwhile is passed over."""
    while not any(line.startswith(":") for line in reader.block()):
        pass


def test_a_crowd_that_is_due_at_once_is_sent_its_heartbeats_in_slices(faulty, crowd, stream):
    roar = faulty(SLOW)
    readers = crowd(roar, stream, "sse", 90)
    sockets = crowd(roar, stream, "ws", 45)
    hear_who_is_there(roar, readers + sockets)
    assert (beats(roar, "line"), beats(roar, "ping")) == (0, 0)
    roar.faults.let_pass(SETTLE_S + INTERVAL_S + 1)
    eventually("all to be told that we are there",
               lambda: (beats(roar, "line"), beats(roar, "ping")) == (len(readers), len(sockets)))
    for reader in readers:
        hears_a_line(reader)
    slices, small, looked_at = visits(roar)
    assert small == slices, "more in one slice than it may hold"
    assert looked_at >= len(readers) + len(sockets) and slices >= looked_at / MOST
    assert (beats(roar, "line"), beats(roar, "ping")) == (len(readers), len(sockets)), "each is sent one"


def test_no_line_goes_to_who_was_written_to_in_the_last_interval(faulty, crowd, stream):
    roar = faulty(SLOW)
    bearer = token(ttl_s=10 * INTERVAL_S)
    told, quiet = crowd(roar, stream, "sse", 30), crowd(roar, stream + "-quiet", "sse", 30)
    hear_who_is_there(roar, told, quiet)
    roar.faults.let_pass(INTERVAL_S * 2 // 3)
    assert roar.post(stream, "first", as_token=bearer).status == 201
    for reader in told:
        assert reader.find("comment")["text"] == "first"
    assert beats(roar, "line") == 0
    before = visits(roar)[2]
    roar.faults.let_pass(SETTLE_S + INTERVAL_S + 1)
    eventually("each of both to be looked at", lambda: visits(roar)[2] >= before + len(told) + len(quiet))
    eventually("those who heard nothing to be sent a line", lambda: beats(roar, "line") >= len(quiet))
    for reader in quiet:
        hears_a_line(reader)
    assert roar.post(stream, "second", as_token=bearer).status == 201
    for reader in told:
        assert reader.find("comment")["text"] == "second"
        assert reader.beats == 0, "a line though there was a comment"
    assert beats(roar, "line") == len(quiet)
