# SPDX-License-Identifier: Apache-2.0
"""`own_files`: each reactor has a table of files of its own, so a process holds more than its limit of files."""
import resource
import signal

import pytest

from readers import Refused, open_reader
from roar import Throng, eventually

FILES, EACH = 300, 170  # of a table; viewers it is for beside 128 files and what wakes two reactors
OWN = {"own_files": "true", "workers": 2, "drain_s": 10}


def few():
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


@pytest.fixture
def held():
    """Readers that stay to the end."""
    readers = []
    yield readers
    for reader in readers:
        reader.close()


def try_to_join(roar, stream, held, kind):
    """Whether there was room in the table of the reactor that the kernel chose."""
    try:
        held.append(open_reader(kind, roar, stream))
    except Refused as refused:
        assert refused.response.status == 503 and refused.response.problem() == "full"
        return False
    return True


def fill(roar, stream, held):
    for number in range(40 * EACH):
        if len(held) == 2 * EACH:
            return
        try_to_join(roar, stream, held, ("sse", "ws")[number % 2])
    raise AssertionError(f"{len(held)} viewers, and no room for more")


def test_a_process_holds_more_viewers_than_files(start, stream, held):
    """The first more than all tables are for is told so, nobody is reset, and a place that is free is taken again."""
    roar = start(OWN, preexec_fn=few)
    assert roar.wait_log("listening")["viewers_max"] == 2 * EACH > FILES
    fill(roar, stream, held)
    assert not any(try_to_join(roar, stream, held, "sse") for _ in range(20))
    live = roar.posted(stream)["comment"]
    for reader in held:
        assert reader.find("comment") == live
    assert roar.metrics()["roar_accepts_refused_total"] == 0
    held.pop().close()
    eventually("room again", lambda: try_to_join(roar, stream, held, "sse"))


def test_one_table_is_for_fewer(start):
    roar = start({**OWN, "own_files": "false"}, preexec_fn=few)
    assert roar.wait_log("listening")["viewers_max"] == FILES - 128


def test_a_table_of_one_reactor_runs_out_and_the_other_s_viewers_go_on(start, stream, held):
    """Connections that are no viewers take files, too: those beyond are told, counted, and there is room again."""
    roar = start(OWN, preexec_fn=few)
    inside = [open_reader(kind, roar, stream) for kind in ("sse", "ws") * 4]
    held += inside
    throng = Throng(roar, 3 * FILES)
    assert FILES < 3 * FILES - throng.turned_away < 2 * FILES
    assert throng.told > 0
    throng.leave()  # not all are gone at once
    live = eventually("room again", lambda: throng.let_in(lambda: roar.post(stream, cid="once"))).json()["comment"]
    for reader in inside:
        assert reader.find("comment") == live
    assert roar.metrics()["roar_accepts_refused_total"] == throng.turned_away


def test_a_drain_closes_all_and_the_port_is_free_at_once(start, stream, held):
    roar = start({**OWN, "workers": 3, "metrics.listen": "127.0.0.1:0"}, preexec_fn=few)
    held += [open_reader(kind, roar, stream) for kind in ("sse", "ws") * 30]
    seq = roar.posted(stream)["seq"]
    roar.signal(signal.SIGTERM)
    for reader in held:
        assert reader.find("goaway")["reason"] == "drain"
        reader.close()
    assert roar.wait() == 0
    with pytest.raises(ConnectionRefusedError):
        roar.conn()
    roar.start(preexec_fn=few)
    assert roar.posted(stream)["seq"] == seq + 1


def listening(roar):
    """How many sockets listen at its port, whoever holds them open."""
    with open("/proc/net/tcp", encoding="ascii") as table:
        rows = [row.split() for row in table]
    return sum(row[1].endswith(f":{roar.address[1]:04X}") and row[3] == "0A" for row in rows[1:])


def test_a_listener_closes_with_its_reactor_while_another_still_drains(start, stream):
    """Nobody may be dealt to one that accepts no more: main's copy of it has to be closed, too."""
    roar = start(OWN, preexec_fn=few)
    assert listening(roar) == 2
    with open_reader("sse", roar, stream) as stays:  # it does not leave when it is told to
        roar.signal(signal.SIGTERM)
        eventually("the other reactor's listener to close", lambda: listening(roar) == 1 or not roar.is_alive())
        assert roar.is_alive()
        assert stays.find("goaway")["reason"] == "drain"
    assert roar.wait() == 0


def test_a_crash_leaves_what_was_answered(start, stream, held):
    roar = start(OWN, preexec_fn=few)
    held += [open_reader(kind, roar, stream) for kind in ("sse", "ws") * 30]
    kept = roar.posted(stream)["comment"]
    roar.kill()
    roar.start(preexec_fn=few)
    assert roar.log(stream) == [kept]
    with open_reader("sse", roar, stream, after="0") as reader:
        assert reader.find("comment") == kept
