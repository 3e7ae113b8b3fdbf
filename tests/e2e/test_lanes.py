# SPDX-License-Identifier: Apache-2.0
"""Section 5, lanes: functions of the log alone. What is sent in one is the same for who was there, who comes back and
who polls, on every reactor; what is not is told in numbers that add up."""
import pytest

from lanes import LANES, SPARSE, account, carried, of_log, script
from readers import Refused, Ws, open_reader
from roar import eventually
from tokens import token

PUSH = ["sse", "ws"]
TRANSPORTS = ["sse", "ws", "poll"]
BURST = 40


def say(server, stream, count, user="ann", **more):
    with Ws(server, stream, token=token(user, **more)) as poster:
        replies = [poster.ask(do="post", stream=stream, text=f"t{number}") for number in range(count)]
    return [reply["data"]["comment"] for reply in replies]


def act(server, stream, state):
    answer = server.ask("PUT", f"/v1/streams/{stream}", token=token("host", roles=["host"]), body={"state": state})
    assert answer.status in (200, 201), answer.body


def busy(server, stream):
    """Bursts over more than a window of digest, hosts and acts among them; an act is last. The log it made."""
    act(server, stream, "paused")
    say(server, stream, BURST)
    say(server, stream, 2, "host", roles=["host"])
    act(server, stream, "live")
    first = server.log(stream)[0]["at"]
    while server.log(stream)[-1]["at"] // 3000 < first // 3000 + 1:
        server.get(f"/v1/streams/{stream}-quiet/poll?wait=1")  # a second passes, and few enough are posted to resume
        say(server, stream, BURST)
    act(server, stream, "paused")
    return server.log(stream)


def read_to(reader, seq):
    return of_log(reader.until(lambda message: reader.seq >= seq and (message["type"] != "hello")))


@pytest.fixture(scope="module")
def told(server):
    """A stream that was read live in every lane on both push transports, by several readers of each: its log, and what
    they were told."""
    stream = "lanes-told"
    readers = [open_reader(kind, server, stream, tail=0, query={"lane": lane})
               for lane in LANES for kind in PUSH for _ in range(2)]
    log = busy(server, stream)
    transcripts = {lane: [] for lane in LANES}
    for reader in readers:
        transcripts[reader.hello["lane"]].append(read_to(reader, log[-1]["seq"]))
        reader.close()
    return stream, log, transcripts


@pytest.mark.parametrize("lane", LANES)
def test_a_lane_is_a_function_of_the_log(told, lane):
    stream, log, transcripts = told
    expected = script(stream, log, lane)
    assert len(transcripts[lane]) == 4
    for transcript in transcripts[lane]:
        assert transcript == expected
    assert account(expected, log, 0) == log[-1]["seq"]
    if lane in ("readable", "digest"):
        assert 0 < len(carried(log, lane)) < len(log)


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("lane", LANES)
def test_who_comes_later_is_told_the_same(server, told, lane, kind):
    stream, log, _ = told
    expected = script(stream, log, lane)
    with open_reader(kind, server, stream, after="0", query={"lane": lane}) as reader:
        assert read_to(reader, log[-1]["seq"]) == expected


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("lane", SPARSE)
def test_who_comes_back_goes_on_where_it_was(server, told, lane, kind):
    stream, log, _ = told
    expected = script(stream, log, lane)
    for cut in {1, len(expected) // 2, len(expected) - 1}:
        last = account(expected[:cut], log, 0)
        if expected[cut]["type"] == "mark":
            continue  # that is the same place
        with open_reader(kind, server, stream, after=str(last), query={"lane": lane}) as reader:
            assert read_to(reader, log[-1]["seq"]) == expected[cut:]


@pytest.mark.parametrize("kind", TRANSPORTS)
@pytest.mark.parametrize("lane", SPARSE)
def test_a_cursor_of_another_lane_adds_up(server, told, lane, kind):
    stream, log, _ = told
    sent = carried(log, lane)
    for event in (log[7], log[len(log) // 2], log[-2]):
        with open_reader(kind, server, stream, after=str(event["seq"]), query={"lane": lane}) as reader:
            messages = read_to(reader, log[-1]["seq"])
        assert account(messages, log, event["seq"]) == log[-1]["seq"]
        got = {inner["seq"] for message in messages for inner in message.get("events", [message])
               if "prev" in inner}
        assert got == {seq for seq in sent if seq > event["seq"]}


@pytest.mark.parametrize("kind", PUSH)
def test_the_backfill_counts_what_the_lane_carries(server, told, kind):
    stream, log, _ = told
    sent = carried(log, "readable")
    comments = [event for event in log if event["seq"] in sent and event["type"] == "comment"]
    with open_reader(kind, server, stream, tail=12, query={"lane": "readable"}) as reader:
        assert reader.hello["lane"] == "readable" and reader.hello["seq"] == comments[-12]["prev"]
        assert [message for message in read_to(reader, log[-1]["seq"]) if message["type"] == "comment"] == comments[-12:]
    with open_reader(kind, server, stream, tail=12, query={"lane": "control"}) as reader:
        assert reader.hello["seq"] == log[-1]["seq"]


@pytest.mark.parametrize("kind", PUSH)
def test_acts_come_at_once_in_a_digest_lane(server, stream, kind):
    with open_reader(kind, server, stream, query={"lane": "digest"}) as reader:
        say(server, stream, 1)
        act(server, stream, "paused")
        early = reader.find("stream")
        assert early["early"] is True and early["state"] == "paused"
        assert reader.seq == 0  # it moves no cursor
        messages = [*reader.until(lambda message: reader.seq >= early["seq"])]
        events = [event for message in of_log(messages) for event in message["events"]]
        assert {**early, "early": None} == {**events[-1], "early": None} and "early" not in events[-1]


@pytest.mark.slow
@pytest.mark.parametrize("lane", ["readable", "control"])
def test_in_silence_the_rest_is_told_by_a_mark(server, stream, lane):
    with open_reader("sse", server, stream, query={"lane": lane}) as sse, \
            open_reader("poll", server, stream, after="0", wait=20, query={"lane": lane}) as poll:
        log = [{"seq": 0}]
        while log[-1]["seq"] in {0, *carried(log[1:], lane)}:
            say(server, stream, 30)
            log = [{"seq": 0}, *server.log(stream)]
        expected = script(stream, log[1:], lane)
        for reader in (sse, poll):
            messages = reader.until(lambda message: message["type"] == "mark" and message["seq"] == log[-1]["seq"])
            assert of_log(messages) == expected


@pytest.mark.parametrize("kind", TRANSPORTS)
def test_an_unknown_lane_is_named(server, stream, kind):
    with pytest.raises(Refused) as refused:
        reader = open_reader(kind, server, stream, query={"lane": "best"})
        reader.poll()
    problem = refused.value.response.json()
    assert refused.value.response.status == 422 and problem["code"] == "bad_field" and problem["field"] == "lane"


def test_a_lane_is_changed_without_a_new_connection(server, stream):
    with Ws(server, stream, query={"lane": "full"}) as ws:
        hello = ws.find("hello")
        story, seq = [], hello["seq"]
        for lane in ("readable", "digest", "control", "full"):
            say(server, stream, 25)
            act(server, stream, "paused" if lane in ("readable", "control") else "live")
            newest = server.log(stream)[-1]["seq"]
            story += ws.until(lambda message: ws.seq >= newest)
            before = ws.seq
            assert ws.ask(do="lane", stream=stream, lane=lane)["data"] == {"stream": stream}
            story += ws.until(lambda message: message["type"] == "hello" and message["lane"] == lane)
            assert story[-1]["resumed"] is True and story[-1]["seq"] == before
        log = server.log(stream)
        assert account(story, log, seq) == log[-1]["seq"]


def test_who_changes_amid_a_hole_is_told_it_in_the_other_lane(server, stream):
    with Ws(server, stream, query={"lane": "control"}) as ws:
        ws.find("hello")
        comments = say(server, stream, 20)
        with open_reader("sse", server, stream, after="0") as full:
            full.comments(20)  # the reactors have them
        assert ws.ask(do="lane", stream=stream, lane="full")["ok"]
        hello = ws.find("hello")
        assert hello["lane"] == "full" and hello["seq"] == 0
        assert ws.comments(20) == comments


def test_lane_of_a_stream_not_joined_and_of_no_name(server, stream):
    with Ws(server) as ws:
        problem = ws.ask(do="lane", stream=stream, lane="control")["problem"]
        assert problem["code"] == "not_found" and problem["field"] == "stream"
        assert ws.ask(do="join", stream=stream, lane="digest")["ok"]
        assert ws.find("hello")["lane"] == "digest"
        for lane in ("best", 7, None):
            problem = ws.ask(do="lane", stream=stream, lane=lane)["problem"]
            assert problem["code"] == "bad_field" and problem["field"] == "lane"


@pytest.mark.parametrize("per_s", [0, 3])
def test_how_many_are_readable_is_a_setting(start, stream, per_s):
    server = start({"delivery.readable_per_s": per_s})
    with open_reader("sse", server, stream, query={"lane": "readable"}) as sse:
        say(server, stream, 20)
        act(server, stream, "paused")
        log = server.log(stream)
        assert read_to(sse, log[-1]["seq"]) == script(stream, log, "readable", per_s)


def test_behind_by_too_much(start, stream):
    server = start({"delivery.resume_max": 30})
    say(server, stream, 40)
    act(server, stream, "paused")
    say(server, stream, 40)
    act(server, stream, "live")
    log = server.log(stream)
    for lane in SPARSE:
        with open_reader("sse", server, stream, after="0", tail=5, query={"lane": lane}) as sse:
            messages = sse.until(lambda message: sse.seq >= log[-1]["seq"])
            gap = next(message for message in messages if message["type"] == "gap")
            assert gap["why"] == "behind" and gap["from"] == 1 and "history" in gap
            assert gap["carried"] + gap["shed"] == sum(event["seq"] <= gap["to"] for event in log)


def test_what_lanes_spare_is_counted(server, stream):
    name = 'roar_gaps_total{why="lane"}'
    with open_reader("sse", server, stream, query={"lane": "control"}) as sse:
        before = server.metrics()[name]
        say(server, stream, 3)
        act(server, stream, "paused")
        sse.find("gap")
        eventually("a gap is counted", lambda: server.metrics()[name] > before)
