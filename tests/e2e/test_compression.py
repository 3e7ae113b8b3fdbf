# SPDX-License-Identifier: Apache-2.0
"""What is compressed once for all readers is read by each, whenever it came and whatever it alone was sent."""
import asyncio
import json
import random
import signal
import subprocess
import zlib
from urllib.parse import urlencode

import pytest
import requests
import websockets

from http1 import DEADLINE_S, Conn
from readers import TEXT, Refused, Sse, Ws, open_reader
from roar import eventually
from tokens import token

KINDS = ["gzip", "deflate"]
WORDS = """so what is this song called again hello from here wow that was great play the next one please why did he
do that lol no way first time watching love it can someone tell me the score how long until the break same""".split()


def chatter(number, words=random.Random(1)):
    return f"{' '.join(words.choices(WORDS, k=words.randint(3, 16)))} {number}"


def counted(roar, name):
    return roar.metrics().get(name, 0)


def posted(roar, stream, count):
    return [roar.posted(stream, chatter(number))["comment"] for number in range(count)]


@pytest.mark.parametrize("kind", KINDS)
def test_readers_who_came_at_different_times_read_the_same(server, stream, kind):
    plain, sent = "roar_compress_plain_bytes_total", "roar_compress_sent_bytes_total"
    before = counted(server, plain), counted(server, sent)
    readers, comments = [], []
    for _ in range(12):
        readers.append((len(comments), open_reader(kind, server, stream, tail=0)))
        comments += posted(server, stream, 5)
    for first, reader in readers:
        assert reader.comments(len(comments) - first) == comments[first:]
        reader.close()
    was_plain, was_sent = counted(server, plain) - before[0], counted(server, sent) - before[1]
    assert was_plain > 15_000
    assert was_sent < 0.5 * was_plain
    figures = server.get(f"/v1/streams/{stream}/metrics", token=token(roles=["admin"])).json()
    assert figures["compress_sent_bytes"] < 0.5 * figures["compress_plain_bytes"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_that_comes_back_goes_on(server, stream, kind):
    comments = posted(server, stream, 30)
    with open_reader(kind, server, stream, after="0") as reader:
        assert reader.comments(10) == comments[:10]
        cursor = reader.cursor
    with open_reader(kind, server, stream, after=cursor) as reader:
        comments += posted(server, stream, 30)
        assert reader.comments(50) == comments[10:]


def test_replies_between_compressed_messages(server, stream):
    with Ws(server, stream, token=token(), inflates=True) as ws:
        comments = []
        for number in range(40):
            reply = ws.ask(do="post", text=chatter(number))
            assert reply["status"] == 201
            comments.append(reply["data"]["comment"])
        assert ws.comments(40) == comments
        assert ws.inflated >= 20


def test_lines_of_its_own_between_compressed_ones(start, stream):
    roar = start({"delivery.line_s": 1})
    with Sse(roar, stream, inflates=True) as reader:
        for number in range(3):
            comments = posted(roar, stream, 3)
            assert reader.comments(3) == comments
            beats = reader.beats
            while reader.beats == beats:
                reader.beats += all(line.startswith(":") for line in reader.block())
        assert reader.comments(0) == []
    assert counted(roar, "roar_compress_sent_bytes_total") > 0


def test_one_stream_of_a_socket_is_compressed(server, stream):
    with Ws(server, stream, token=token(), inflates=True) as ws:
        other = stream + "-other"
        assert ws.ask(do="join", stream=other)["ok"]
        for number in range(10):
            server.posted(stream, chatter(number))
            server.posted(other, chatter(number))
        found = ws.comments(20)
        assert [c["stream"] for c in found].count(other) == 10
        assert 3 <= ws.inflated <= 10


def messages_of(process):
    """What curl printed, as it comes."""
    for line in iter(process.stdout.readline, b""):
        if line.startswith(b"data:"):
            yield json.loads(line[5:])


def test_goodbye_is_readable_and_an_end_is_no_error(start, stream):
    roar = start()
    process = subprocess.Popen(["curl", "-sSN", "--compressed", f"{roar.url}/v1/streams/{stream}/events?after=0"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    by_curl = messages_of(process)
    assert next(by_curl)["type"] == "hello"
    with open_reader("gzip", roar, stream) as reader, open_reader("deflate", roar, stream) as ws:
        comments = posted(roar, stream, 20)
        assert reader.comments(20) == comments
        assert ws.comments(20) == comments
        roar.signal(signal.SIGTERM)
        read = list(by_curl)
        assert [message for message in read if message["type"] == "comment"] == comments
        assert read[-1]["type"] == "goaway"
        assert reader.find("goaway")["reason"] == "drain"
        assert ws.closed() == 1001
    assert (process.wait(DEADLINE_S), process.stderr.read()) == (0, b"")
    assert roar.wait() == 0


def test_python_requests_inflates(server, stream):
    comments = posted(server, stream, 10)
    url = f"{server.url}/v1/streams/{stream}/events"
    with requests.get(url, params={"after": 0}, stream=True, timeout=DEADLINE_S) as events:
        assert events.headers["Content-Encoding"] == "gzip"
        comments += posted(server, stream, 20)
        found = []
        for line in events.iter_lines(chunk_size=1):
            if line.startswith(b"data:") and b'"comment"' in line:
                found.append(json.loads(line[5:]))
            if len(found) == 30:
                break
    assert found == comments


class ByWebsockets:
    """Python's websockets. Its loop runs while something is asked of it: what is not asked for waits in the socket."""

    def __init__(self, roar, stream, **query):
        self.runner = asyncio.Runner()
        url = f"ws://{roar.address[0]}:{roar.address[1]}/v1/streams/{stream}/ws?{urlencode(query)}"
        self.ws = self.run(websockets.connect, url)
        assert [extension.name for extension in self.ws.extensions] == ["permessage-deflate"]

    def run(self, what, *args):
        async def in_time():
            return await asyncio.wait_for(what(*args), DEADLINE_S)

        return self.runner.run(in_time())

    def message(self):
        return json.loads(self.run(self.ws.recv))

    def hear_own(self):
        self.run(self.ws.send, json.dumps({"do": "beat", "ref": 1}))
        while self.message()["type"] != "reply":
            pass

    def close(self):
        self.ws.transport.abort()
        self.runner.close()


class ByCurl:
    """curl --compressed, which waits when nobody reads its pipe."""

    def __init__(self, roar, stream, **query):
        self.process = subprocess.Popen(
            ["curl", "-sSN", "--compressed", f"{roar.url}/v1/streams/{stream}/events?{urlencode(query)}"],
            stdout=subprocess.PIPE)

    def message(self):
        return next(messages_of(self.process))

    def hear_own(self):
        while self.process.stdout.readline() != b":\n":
            pass

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture(params=[ByWebsockets, ByCurl])
def client(request):
    """Opens one and reads its hello; all are closed in the end."""
    opened = []

    def begin(*args, **query):
        opened.append(request.param(*args, **query))
        assert opened[-1].message()["type"] == "hello"
        return opened[-1]

    yield begin
    for one in opened:
        one.close()


def read_upto(client, last):
    """(comments, gaps) as they come, to that comment."""
    comments, gaps, message = [], [], None
    while message != last:
        message = client.message()
        comments += [message] if message["type"] == "comment" else []
        gaps += [message] if message["type"] == "gap" else []
    return comments, gaps


def noise(points=random.Random(2)):
    """As large as a comment may be, and hardly smaller when it is compressed."""
    return "".join(chr(points.randrange(0x20000, 0x2A000)) for _ in range(500))


def test_unmodified_clients_read_all_of_it(start, stream, client):
    """Python's websockets and curl --compressed: come at different times, back, from far behind, spoken to alone, slow."""
    roar = start({"workers": 1, "delivery.resume_max": 20, "delivery.ring_kib": 64, "delivery.line_s": 1})
    first = client(roar, stream, tail=0)
    comments = posted(roar, stream, 30)
    amid = client(roar, stream, tail=0)
    back = client(roar, stream, after=comments[19]["seq"])
    far = client(roar, stream, after=0, tail=5)
    comments += posted(roar, stream, 30)
    for reader, had in (first, 0), (amid, 30), (back, 20):
        assert read_upto(reader, comments[-1]) == (comments[had:], [])
    newest, [gap] = read_upto(far, comments[-1])
    assert newest == comments[25:] and (gap["why"], gap["shed"]) == ("behind", 25)

    first.hear_own()
    comments = posted(roar, stream, 30)
    assert read_upto(first, comments[-1]) == (comments, [])

    for one in amid, back, far:
        one.close()
    flood = [roar.posted(stream, noise())["comment"] for _ in range(600)]
    told = {}  # what came, and what a gap told of instead
    while len(told) < len(flood):
        message = first.message()
        if message["type"] == "gap":
            hole = [comment["seq"] for comment in flood if message["from"] <= comment["seq"] <= message["to"]]
            assert (message["why"], message["shed"]) == ("slow reader", len(hole))
            told |= dict.fromkeys(hole)
        elif message["type"] == "comment":
            told[message["seq"]] = message
    assert [told[comment["seq"]] or comment for comment in flood] == flood and None in told.values()
    figures = "roar_compress_plain_bytes_total", "roar_compress_sent_bytes_total"
    before = [counted(roar, name) for name in figures]
    plain = sent = 0
    for _ in range(50):  # all of ten may leave in one round, before anything rides
        comments = posted(roar, stream, 10)
        assert read_upto(first, comments[-1]) == (comments, [])
        plain, sent = (counted(roar, name) - was for name, was in zip(figures, before))
        if sent > 1_000:
            break
    assert 1_000 < sent < 0.6 * plain, "it rides again"


@pytest.mark.parametrize("value, coding", [
    ("gzip", "gzip"), ("br, gzip;q=0.5", "gzip"), ("*", "gzip"), ("gzip;q=0", None), ("identity", None),
    ("*;q=0", None), ("gzip;q=0, *", None)])
def test_accept_encoding(server, stream, value, coding):
    with Conn(server.address) as conn:
        conn.request("GET", f"/v1/streams/{stream}/events", headers=[("Accept-Encoding", value)])
        head = conn.read_head()
        assert head.status == 200 and head.header("content-encoding") == coding
        assert ("vary", "Accept-Encoding") in head.headers


def test_turned_off_nothing_is_offered(start, stream):
    roar = start({"delivery.compress": "false"})
    offer = [("Sec-WebSocket-Extensions", "permessage-deflate")]
    with Sse(roar, stream, headers=[("Accept-Encoding", "gzip")]) as sse:
        assert sse.message()["type"] == "hello"
    with Ws(roar, stream, headers=offer) as ws:
        assert ws.head.header("sec-websocket-extensions") is None


def test_small_crowds_cost_no_compressor(start, stream):
    roar = start({"delivery.compress_viewers": 3, "workers": 1})
    readers = [open_reader("gzip", roar, stream) for _ in range(2)]
    posted(roar, stream, 3)
    assert counted(roar, "roar_compress_channels") == 0
    readers.append(open_reader("gzip", roar, stream, tail=0))
    assert posted(roar, stream, 5) == readers[2].comments(5)
    eventually("a compressor comes with a crowd", lambda: counted(roar, "roar_compress_channels") == 1)
    assert counted(roar, "roar_compress_memory_bytes") > 20_000
    assert posted(roar, stream, 5) == readers[2].comments(5)
    for reader in readers:
        reader.close()
    eventually("the compressor goes with its crowd", lambda: counted(roar, "roar_compress_memory_bytes") == 0)


# ---- what clients send ----


def offered(*values):
    return [("Sec-WebSocket-Extensions", value) for value in values]


@pytest.mark.parametrize("values, accepted", [
    (["permessage-deflate"], True), (["permessage-deflate; server_max_window_bits=14"], True),
    (["permessage-deflate; server_max_window_bits=13"], False),
    (["permessage-deflate; server_no_context_takeover"], False),
    (["permessage-deflate; server_no_context_takeover, permessage-deflate"], True),
    (["foo", "permessage-deflate"], True), (["permessage-deflate; foo"], False)])
def test_offers(server, stream, values, accepted):
    with Ws(server, stream, headers=offered(*values)) as ws:
        assert (ws.head.header("sec-websocket-extensions") is not None) == accepted


@pytest.mark.parametrize("value", ["", ";", "permessage-deflate; a=", 'permessage-deflate; a="'])
def test_what_is_no_list_of_extensions_is_refused(server, stream, value):
    with pytest.raises(Refused) as refused:
        Ws(server, stream, headers=offered(value))
    assert refused.value.response.status == 400


def deflated(text, tail=True):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH)
    return data[:-4] if tail else data


def test_compressed_messages_are_understood_each_for_itself(server, stream):
    with Ws(server, stream, token=token(), inflates=True) as ws:
        for number in range(3):
            payload = json.dumps({"do": "post", "ref": number, "text": "the same words again"}).encode()
            data = deflated(payload)
            if number == 2:  # in fragments
                ws.send_frame(TEXT, data[:7], final=False, reserved=4)
                ws.send_frame(0, data[7:])
            else:
                ws.send_frame(TEXT, data, reserved=4)
            assert ws.find("reply")["ref"] == number


ABUSES = {
    "a bomb": (deflated(b" " * 1_000_000), 1009),
    "a byte too many": (deflated(b" " * 16_385), 1009),
    "no deflate": (b"\xff\xff\xff", 1007),
    "not UTF-8": (deflated(b"\xff\xfe"), 1007),
}


@pytest.mark.parametrize("kind", ABUSES)
def test_an_abuse_gets_its_close_code(server, stream, kind):
    data, code = ABUSES[kind]
    with Ws(server, stream, token=token(), inflates=True) as ws:
        ws.send_frame(TEXT, data, reserved=4)
        assert ws.closed() == code


def test_compressed_without_having_agreed_is_an_error(server, stream):
    with Ws(server, stream, token=token()) as ws:
        ws.send_frame(TEXT, deflated(b"{}"), reserved=4)
        assert ws.closed() == 1002
