# SPDX-License-Identifier: Apache-2.0
"""RFC 6455, broken in every way: each gets its close code, and nobody else notices."""
import struct

import pytest

from http1 import Closed
from readers import BINARY, CLOSE, PING, PONG, TEXT, Ended, Refused, Ws, frame, open_reader
from tokens import token

GOOD = frame(TEXT, b'{"do":"beat","ref":1}')


def close_frame(code, reason=b""):
    return frame(CLOSE, struct.pack(">H", code) + reason)


ABUSES = {
    "unmasked": (frame(TEXT, b"{}", masked=False), 1002),
    "reserved bit 1": (frame(TEXT, b"{}", reserved=4), 1002),
    "reserved bit 2": (frame(TEXT, b"{}", reserved=2), 1002),
    "reserved bit 3": (frame(TEXT, b"{}", reserved=1), 1002),
    "opcode 3": (frame(3, b"x"), 1002),
    "opcode 7": (frame(7, b"x"), 1002),
    "opcode 11": (frame(11, b"x"), 1002),
    "opcode 15": (frame(15, b"x"), 1002),
    "ping in fragments": (frame(PING, b"x", final=False), 1002),
    "close in fragments": (frame(CLOSE, b"", final=False), 1002),
    "ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "length not the shortest": (b"\x81\xfe\x00\x05\x00\x00\x00\x00hello", 1002),
    "length of 64 bits, first set": (b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", 1002),
    "continuation of nothing": (frame(0, b"x"), 1002),
    "text within a text": (frame(TEXT, b"{", final=False) + frame(TEXT, b"}"), 1002),
    "binary": (frame(BINARY, b"x"), 1003),
    "bad UTF-8": (frame(TEXT, b"\xff"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "an overlong form": (frame(TEXT, b"\xc0\xaf"), 1007),
    "UTF-8 cut at the end": (frame(TEXT, b"\xe2\x82"), 1007),
    "UTF-8 bad over fragments": (frame(TEXT, b"\xe2", final=False) + frame(0, b"("), 1007),
    "UTF-8 bad before the message ends": (frame(TEXT, b"\xff" + b"x" * 60, final=False), 1007),
    "close of one byte": (frame(CLOSE, b"\x03"), 1002),
    "close with bad UTF-8": (close_frame(1000, b"\xff"), 1007),
    "too big by its head": (frame(TEXT, b"", length=16385), 1009),
    "too big by far": (frame(TEXT, b"", length=2**40), 1009),
    "too big over fragments": (frame(TEXT, b"x" * 16384, final=False) + frame(0, b"x"), 1009),
    "endless fragments": (frame(TEXT, b"", final=False) + frame(0, b"", final=False) * 300, 1008),
    **{f"close code {code}": (close_frame(code), 1002)
       for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)},
}


@pytest.mark.parametrize("kind", ABUSES)
def test_an_abuse_gets_its_close_code(server, stream, kind):
    data, code = ABUSES[kind]
    with open_reader("sse", server, stream) as witness:
        with Ws(server, stream, token=token()) as ws:
            ws.message()
            ws.conn.send(data)
            assert ws.closed() == code
            assert ws.conn.is_ended()
        live = server.posted(stream)["comment"]
        assert witness.find("comment") == live


def test_ten_bad_messages_are_a_policy(server, stream):
    with Ws(server, stream) as ws:
        ws.message()
        for _ in range(20):
            ws.send_frame(TEXT, b"no json")
        replies = 0
        with pytest.raises(Ended) as ended:
            while True:
                replies += ws.message()["type"] == "reply"
        assert ended.value.code == 1008
        assert replies <= 10


def test_a_flood_of_pings_is_a_policy(server, stream):
    with Ws(server, stream) as ws:
        ws.message()
        ws.conn.send(frame(PING, b"x") * 500)
        try:
            assert ws.closed() == 1008
        except Closed:
            pass  # what we still had to say made it a reset


def test_a_ping_is_answered_with_its_own_bytes(server, stream):
    with Ws(server, stream) as ws:
        ws.message()
        for payload in (b"", b"hello", bytes(range(125))):
            ws.send_frame(PING, payload)
            first, echoed = ws.read_frame()
            while first == 0x80 | TEXT:  # who is there is told in between
                first, echoed = ws.read_frame()
            assert first == 0x80 | PONG and echoed == payload


def test_an_unasked_pong_is_ignored(server, stream):
    with Ws(server, stream, token=token()) as ws:
        ws.send_frame(PONG, b"unasked")
        assert ws.ask(do="post", stream=stream, text="x")["ok"]


@pytest.mark.parametrize("code", [None, 1000, 1001, 1011, 3000, 4999])
def test_a_close_is_answered_by_a_close(server, stream, code):
    with Ws(server, stream) as ws:
        ws.conn.send(frame(CLOSE) if code is None else close_frame(code, "bye ☺".encode()))
        assert ws.closed() in (code or 1000, 1000, 1005)
        assert ws.conn.is_ended()


def test_a_message_may_come_in_pieces_of_any_size(server, stream):
    with Ws(server, stream, token=token()) as ws:
        message = '{"do":"post","ref":"r","text":"ü€😀"}'.encode()
        pieces = frame(TEXT, message[:20], final=False) + frame(PING, b"p")
        pieces += b"".join(frame(0, message[at:at + 1], final=False) for at in range(20, len(message) - 1))
        pieces += frame(0, message[-1:])
        for at in range(len(pieces)):
            ws.conn.send(pieces[at:at + 1])
        reply = ws.find("reply")
        assert reply["ref"] == "r" and reply["data"]["comment"]["text"] == "ü€😀"


def test_messages_may_come_together(server, stream):
    with Ws(server, stream, token=token()) as ws:
        ws.conn.send(b"".join(frame(TEXT, b'{"do":"post","ref":%d,"text":"t%d"}' % (n, n)) for n in range(30)))
        refs = [ws.find("reply")["ref"] for _ in range(30)]
        assert sorted(refs) == list(range(30))
    assert [comment["text"] for comment in server.history(stream)] == [f"t{n}" for n in range(30)]


@pytest.mark.parametrize("size", [16384, 16383, 126, 125])
def test_a_message_of_the_largest_size_is_read(server, stream, size):
    with Ws(server, stream) as ws:
        text = b'{"do":"beat","ref":1,"pad":"' + b"x" * (size - 30) + b'"}'
        ws.send_frame(TEXT, text)
        assert len(text) == size and ws.find("reply")["ref"] == 1


def test_a_socket_that_just_goes_hurts_nobody(server, stream):
    with open_reader("ws", server, stream) as witness:
        for data in (b"", b"\x81", b"\x81\xfe", GOOD[:7], frame(TEXT, b"{", final=False)):
            with Ws(server, stream) as ws:
                ws.conn.send(data)
        live = server.posted(stream)["comment"]
        assert witness.find("comment") == live


HANDSHAKE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}


@pytest.mark.parametrize("change", [
    {"Sec-WebSocket-Key": None}, {"Sec-WebSocket-Key": ""}, {"Sec-WebSocket-Key": "short"},
    {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZXMh"}, {"Sec-WebSocket-Key": "!!!!IHNhbXBsZSBub25jZQ=="},
    {"Sec-WebSocket-Version": None}, {"Sec-WebSocket-Version": "12"}, {"Upgrade": "h2c"}, {"Upgrade": None},
    {"Connection": "keep-alive"}])
def test_a_broken_handshake_is_refused(server, stream, change):
    headers = {name: value for name, value in {**HANDSHAKE, **change}.items() if value is not None}
    answer = server.get(f"/v1/streams/{stream}/ws", headers=headers.items())
    assert answer.status in (400, 426)
    answer.problem()


def test_the_handshake_of_the_rfc(server, stream):
    with server.conn() as conn:
        conn.request("GET", f"/v1/streams/{stream}/ws", headers=[
            *HANDSHAKE.items(), ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")])
        head = conn.read_head()
        assert head.status == 101
        assert head.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        assert head.header("upgrade").lower() == "websocket" and head.header("connection").lower() == "upgrade"
        assert head.header("sec-websocket-extensions").startswith("permessage-deflate")


def test_frames_right_behind_the_handshake_are_read(server, stream):
    with server.conn() as conn:
        lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
        conn.send(f"GET /v1/streams/{stream}/ws HTTP/1.1\r\nHost: x\r\n{lines}\r\n".encode() + GOOD)
        assert conn.read_head().status == 101
        while b'"reply"' not in conn.buffer:
            conn.fill()


def test_debug_echo_is_for_conformance_suites(server):
    with Ws(server, target="/debug/ws") as ws:
        for payload in ("", "ü", "x" * 70000):
            ws.send_frame(TEXT, payload.encode())
            assert ws.read_frame() == (0x80 | TEXT, payload.encode())
        ws.send_frame(BINARY, bytes(range(256)))
        assert ws.read_frame() == (0x80 | BINARY, bytes(range(256)))


def test_debug_is_for_no_foreign_page(server):
    foreign = [("Origin", "https://evil.test")]
    with pytest.raises(Refused) as refused:
        Ws(server, target="/debug/ws", headers=foreign)
    assert refused.value.response.problem() == "bad_origin"
    assert server.ask("POST", "/debug/echo", body=b"x", headers=foreign).problem() == "bad_origin"
    with Ws(server, target="/debug/ws", headers=[("Origin", server.url)]) as ws:
        ws.send_frame(TEXT, b"x")
        assert ws.read_frame() == (0x80 | TEXT, b"x")


def test_debug_is_only_for_dev(start):
    roar = start(flags=())
    with pytest.raises(Refused) as refused:
        Ws(roar, target="/debug/ws")
    assert refused.value.response.problem() == "not_found"
    assert roar.ask("POST", "/debug/echo", body=b"x").problem() == "not_found"


def test_debug_echo_gives_the_body_back(server):
    body = bytes(range(256)) * 10
    answer = server.ask("POST", "/debug/echo", body=body)
    assert answer.status == 200 and answer.body == body
