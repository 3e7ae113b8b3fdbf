# SPDX-License-Identifier: Apache-2.0
"""RFC 9112, broken in every way: each is answered and closed, and nothing of it is taken for a second request."""
import time

import pytest

from http1 import DEADLINE_S, Closed, encode
from readers import open_reader
from tokens import token

HOST = b"Host: x\r\n"


def post(head, body=b'{"text":"smuggled"}'):
    return (b"POST /v1/streams/smuggling/comments HTTP/1.1\r\n" + HOST + b"Authorization: Bearer " + token().encode() +
            b"\r\nContent-Type: application/json\r\n" + head + b"\r\n\r\n" + body)


def get(head=b"", line=b"GET /healthz HTTP/1.1"):
    return line + b"\r\n" + HOST + head + b"\r\n"


SMUGGLED = b"POST /v1/streams/smuggling/comments HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"

# what is sent, the statuses it may get
ABUSES = {
    "no Host": (b"GET /healthz HTTP/1.1\r\n\r\n", {400}),
    "two Hosts": (get(b"Host: y\r\n"), {400}),
    "two Hosts alike": (get(HOST), {400}),
    "a Host that is none": (b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", {400}),
    "an empty Host": (b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", {400}),
    "a Host with a path": (b"GET /healthz HTTP/1.1\r\nHost: x/y\r\n\r\n", {400}),
    "TE with CL": (post(b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"0\r\n\r\n" + SMUGGLED), {400}),
    "CL with TE": (post(b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n" + SMUGGLED), {400}),
    "two CLs": (post(b"Content-Length: 19\r\nContent-Length: 2"), {400}),
    "two CLs alike": (post(b"Content-Length: 19\r\nContent-Length: 19"), {400}),
    "a list of CLs": (post(b"Content-Length: 19, 19"), {400}),
    "CL +19": (post(b"Content-Length: +19"), {400}),
    "CL -1": (post(b"Content-Length: -1"), {400}),
    "CL 0x13": (post(b"Content-Length: 0x13"), {400}),
    "CL 1 9": (post(b"Content-Length: 1 9"), {400}),
    "CL empty": (post(b"Content-Length:"), {400}),
    "CL beyond 64 bits": (post(b"Content-Length: 99999999999999999999999"), {400, 413}),
    "CL too large": (post(b"Content-Length: 16385"), {413}),
    "TE identity": (post(b"Transfer-Encoding: identity"), {400, 501}),
    "TE gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked"), {400, 501}),
    "TE chunked, chunked": (post(b"Transfer-Encoding: chunked, chunked"), {400}),
    "TE xchunked": (post(b"Transfer-Encoding: xchunked", b"0\r\n\r\n"), {400, 501}),
    "TE twice": (post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n"), {400}),
    "TE with a vertical tab": (post(b"Transfer-Encoding: \x0bchunked", b"0\r\n\r\n"), {400, 501}),
    "TE in HTTP/1.0": (post(b"Transfer-Encoding: chunked", b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0", 1), {400}),
    "space before the colon": (get(b"X-A : b\r\n"), {400}),
    "TE with space before the colon": (post(b"Transfer-Encoding : chunked", b"0\r\n\r\n"), {400}),
    "space in a name": (get(b"X A: b\r\n"), {400}),
    "no name": (get(b": b\r\n"), {400}),
    "no colon": (get(b"nonsense\r\n"), {400}),
    "a name not ASCII": (get("Ü: b\r\n".encode()), {400}),
    "obs-fold": (get(b"X-A: b\r\n c\r\n"), {400}),
    "obs-fold by tab": (get(b"X-A: b\r\n\tc\r\n"), {400}),
    "the first line folded": (b"GET /healthz HTTP/1.1\r\n X: y\r\nHost: x\r\n\r\n", {400}),
    "bare LF": (b"GET /healthz HTTP/1.1\nHost: x\n\n", {400}),
    "bare LF in a header": (get(b"X-A: b\nX-B: c\r\n"), {400}),
    "bare CR in a header": (get(b"X-A: b\rX-B: c\r\n"), {400}),
    "bare CR in the line": (b"GET /healthz\r HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "NUL in a header": (get(b"X-A: b\0c\r\n"), {400}),
    "NUL in the line": (b"GET /heal\0thz HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "DEL in a header": (get(b"X-A: b\x7fc\r\n"), {400}),
    "a control in a header": (get(b"X-A: b\x01c\r\n"), {400}),
    "101 headers": (get(b"".join(b"X-%d: y\r\n" % n for n in range(100))), {431}),
    "a flood of headers": (get(b"X: y\r\n" * 5000), {431}),
    "a name of 257": (get(b"N" * 257 + b": y\r\n"), {431}),
    "a head of 17 KiB": (get(b"X-A: " + b"y" * 17000 + b"\r\n"), {431}),
    "a URL of 5 KiB": (get(line=b"GET /" + b"u" * 5000 + b" HTTP/1.1"), {414}),
    "a URL of 20 KiB": (get(line=b"GET /" + b"u" * 20000 + b" HTTP/1.1"), {414, 431}),
    "no length": (post(b"X: y", b""), {411}),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", {400, 505}),
    "HTTP/2.0": (get(line=b"GET /healthz HTTP/2.0"), {400, 505}),
    "HTTP/1.2": (get(line=b"GET /healthz HTTP/1.2"), {400, 505}),
    "HTTP/1.10": (get(line=b"GET /healthz HTTP/1.10"), {400, 505}),
    "http/1.1": (get(line=b"GET /healthz http/1.1"), {400, 505}),
    "two spaces": (get(line=b"GET  /healthz HTTP/1.1"), {400}),
    "a tab for a space": (get(line=b"GET\t/healthz HTTP/1.1"), {400}),
    "a space at the end": (get(line=b"GET /healthz HTTP/1.1 "), {400}),
    "a space in the path": (get(line=b"GET /heal thz HTTP/1.1"), {400}),
    "a fragment": (get(line=b"GET /healthz#x HTTP/1.1"), {400}),
    "a target of nothing": (get(line=b"GET  HTTP/1.1"), {400}),
    "a target without slash": (get(line=b"GET healthz HTTP/1.1"), {400}),
    "a foreign scheme": (get(line=b"GET ftp://x/healthz HTTP/1.1"), {400}),
    "CONNECT": (get(line=b"CONNECT x:443 HTTP/1.1"), {400, 405, 501}),
    "a method in brackets": (get(line=b"G(T /healthz HTTP/1.1"), {400, 501}),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x55" * 100, {400}),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", {400}),
    "noise": (bytes(range(256)), {400}),
    "an unknown expectation": (post(b"Content-Length: 19\r\nExpect: 200-ok"), {417}),
    "a chunk size of none": (post(b"Transfer-Encoding: chunked", b"\r\n\r\n"), {400}),
    "a chunk size with minus": (post(b"Transfer-Encoding: chunked", b"-1\r\nx\r\n0\r\n\r\n"), {400}),
    "a chunk size with 0x": (post(b"Transfer-Encoding: chunked", b"0x5\r\nhello\r\n0\r\n\r\n"), {400}),
    "a chunk size that overflows": (post(b"Transfer-Encoding: chunked", b"f" * 17 + b"\r\nhello\r\n0\r\n\r\n"), {400, 413}),
    "a chunk size of a terabyte": (post(b"Transfer-Encoding: chunked", b"ffffffffff\r\nhello"), {400, 413}),
    "a chunk longer than it says": (post(b"Transfer-Encoding: chunked", b"2\r\nhello\r\n0\r\n\r\n"), {400}),
    "a chunk ended by LF": (post(b"Transfer-Encoding: chunked", b"5\nhello\r\n0\r\n\r\n"), {400}),
    "chunk data ended by LF": (post(b"Transfer-Encoding: chunked", b"5\r\nhello\n0\r\n\r\n"), {400}),
    "chunks beyond 16 KiB": (post(b"Transfer-Encoding: chunked", (b"400\r\n" + b"x" * 1024 + b"\r\n") * 17), {413}),
    "chunks of one byte beyond 16 KiB": (post(b"Transfer-Encoding: chunked", b"1\r\nx\r\n" * 17000), {413}),
    "a flood of chunk extensions": (post(b"Transfer-Encoding: chunked", b"1;" + b"e" * 300000), {400, 413, 431}),
    "a flood of trailers": (post(b"Transfer-Encoding: chunked", b"0\r\n" + b"T: y\r\n" * 50000), {400, 413, 431}),
}


@pytest.mark.parametrize("kind", ABUSES)
def test_an_abuse_is_answered_and_closed(server, kind):
    data, statuses = ABUSES[kind]
    with server.conn() as conn:
        try:
            conn.send(data)
        except ConnectionError:
            pass  # it had seen enough
        answer = conn.response()
        assert answer.status in statuses, (answer.status, answer.body)
        code = answer.problem()
        assert answer.status != 400 or code in ("bad_request",), code
        assert answer.header("connection") == "close"
        assert answer.header("cache-control") == "no-store"  # a cache may keep a 414 or a 501 otherwise
        try:
            assert conn.is_ended(), "it went on after the error"
        except Closed:
            pass
    assert server.history("smuggling") == []
    assert server.get("/healthz").status == 200


def test_pipelined_requests_are_answered_in_order(server, stream):
    with server.conn() as conn:
        conn.send(b"".join(encode("POST", f"/v1/streams/{stream}/comments", token=token(), body={"text": f"t{n}"})
                           for n in range(20)) + encode("GET", "/healthz"))
        answers = [conn.response() for _ in range(21)]
    assert [answer.status for answer in answers] == [201] * 20 + [200]
    assert [answer.json()["comment"]["text"] for answer in answers[:20]] == [f"t{n}" for n in range(20)]


def test_nothing_is_read_behind_an_error(server, stream):
    """A framing error closes: what was pipelined behind it is never taken for a request."""
    behind = encode("POST", f"/v1/streams/{stream}/comments", token=token(), body={"text": "behind"})
    with server.conn() as conn:
        conn.send(encode("GET", "/healthz") + b"GET /healthz HTTP/1.1\r\n\r\n" + behind)
        assert conn.response().status == 200
        assert conn.response().status == 400
        assert conn.is_ended()
    assert server.history(stream) == []


def test_a_refused_request_keeps_the_connection(server, stream):
    """What is well framed and wrong is answered, and the next is read."""
    with server.conn() as conn:
        target = f"/v1/streams/{stream}/comments"
        assert conn.ask("POST", target, body={"text": ""}, token=token()).status == 422
        assert conn.ask("GET", "/nothing").status == 404
        assert conn.ask("POST", target, body={"text": "x"}, token="bad").status == 401
        assert conn.ask("POST", target, body={"text": "x"}, token=token()).status == 201


def test_requests_come_in_pieces_of_any_size(server, stream):
    data = encode("POST", f"/v1/streams/{stream}/comments", token=token(), body={"text": "in pieces"})
    for size in (1, 2, 7, 100):
        with server.conn() as conn:
            for at in range(0, len(data), size):
                conn.send(data[at:at + size])
            assert conn.response().status == 201


def test_chunked_bodies_are_read(server, stream):
    head = (f"POST /v1/streams/{stream}/comments HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token()}\r\n"
            "Content-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n").encode()
    with server.conn() as conn:
        conn.send(head + b'6;ext="a"\r\n{"text\r\nA\r\n":"chunked\r\n2\r\n"}\r\n0\r\nX-Trailer: y\r\n\r\n')
        assert conn.response().json()["comment"]["text"] == "chunked"
        conn.send(encode("GET", "/healthz"))
        assert conn.response().status == 200


def test_a_half_closed_socket_still_gets_its_answers(server, stream):
    with server.conn() as conn:
        conn.request("POST", f"/v1/streams/{stream}/comments", token=token(), body={"text": "half"})
        conn.request("GET", "/healthz")
        conn.end_of_sending()
        assert conn.response().status == 201
        assert conn.response().status == 200
        assert conn.is_ended()


def test_a_half_request_and_then_nothing(server):
    for data in (b"", b"G", b"GET /healthz HTTP/1.1\r\nHo", b"POST /v1/guests HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"):
        with server.conn() as conn:
            conn.send(data)
            conn.end_of_sending()
            rest = conn.rest()
            assert rest == b"" or b" 400 " in rest.split(b"\r\n")[0]


def test_http_1_0_closes_unless_asked(server):
    with server.conn() as conn:
        conn.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert conn.response().status == 200
        assert conn.is_ended()


def test_connection_close_is_honoured(server):
    with server.conn() as conn:
        answer = conn.ask("GET", "/healthz", headers=[("Connection", "close")])
        assert answer.status == 200 and answer.header("connection") == "close"
        assert conn.is_ended()


def test_head_is_get_without_a_body(server, stream):
    server.posted(stream)
    for target in ("/healthz", f"/v1/streams/{stream}/comments", "/"):
        with server.conn() as conn:
            got, head = conn.ask("GET", target), conn.ask("HEAD", target)
            assert head.status == got.status == 200
            assert head.header("content-length") == got.header("content-length")
            assert conn.ask("GET", "/healthz").status == 200, "no body came behind it"


def test_options_tells_the_methods(server, stream):
    answer = server.ask("OPTIONS", f"/v1/streams/{stream}/comments")
    assert answer.status in (200, 204)
    assert {"GET", "POST", "HEAD", "OPTIONS"} <= set(answer.header("allow").replace(" ", "").split(","))
    with server.conn() as conn:
        assert conn.ask("OPTIONS", "*").status in (200, 204)


def test_expect_100_is_continued(server, stream):
    body = b'{"text":"patient"}'
    with server.conn() as conn:
        conn.request("POST", f"/v1/streams/{stream}/comments", token=token(), headers=[
            ("Content-Type", "application/json"), ("Content-Length", len(body)), ("Expect", "100-continue")])
        assert conn.read_head().status == 100
        conn.send(body)
        assert conn.response().status == 201


def test_expect_100_may_be_refused_outright(server, stream):
    with server.conn() as conn:
        conn.request("POST", f"/v1/streams/{stream}/comments", token=token(), headers=[
            ("Content-Type", "application/json"), ("Content-Length", 99999), ("Expect", "100-continue")])
        assert conn.read_head().status == 413


def test_absolute_form_is_taken(server, stream):
    answer = server.get(f"http://{server.address[0]}:{server.address[1]}/v1/streams/{stream}/comments")
    assert answer.status == 200 and answer.json()["comments"] == []


def test_empty_lines_before_a_request_are_forgiven(server):
    with server.conn() as conn:
        conn.send(b"\r\n\r\n" + encode("GET", "/healthz"))
        assert conn.response().status == 200


def test_a_request_of_the_largest_sizes_is_read(server):
    with server.conn() as conn:
        assert conn.ask("GET", "/healthz?" + "q" * (4096 - len("/healthz?"))).status == 200
        headers = [(f"X-{number}", "y") for number in range(99)]
        assert conn.ask("GET", "/healthz", headers=headers).status == 200
        assert conn.ask("GET", "/healthz", headers=[("N" * 256, "y")]).status == 200
        assert conn.ask("GET", "/healthz", headers=[("X", "y" * 15000)]).status == 200


def test_a_slow_head_gets_408(start):
    roar = start({"limits.head_ms": 300})
    for data in (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"G"):
        with roar.conn() as conn:
            begun = time.monotonic()
            conn.send(data)
            answer = conn.response()
            assert answer.status == 408 and answer.header("connection") == "close"
            answer.problem()
            assert 0.25 <= time.monotonic() - begun < DEADLINE_S
            assert conn.is_ended()


def test_dripping_does_not_buy_time(start):
    roar = start({"limits.head_ms": 500})
    with roar.conn() as conn:
        begun = time.monotonic()
        conn.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        conn.socket.settimeout(0.05)
        while True:
            try:
                conn.fill()
            except TimeoutError:
                assert time.monotonic() - begun < DEADLINE_S, "a drip keeps it open"
                try:
                    conn.send(b"X: y\r\n")
                except ConnectionError:
                    break
            except Closed:
                break
        assert conn.buffer == b"" or b" 408 " in conn.buffer.split(b"\r\n")[0]


def test_a_slow_body_gets_408(start, stream):
    roar = start({"limits.head_ms": 300, "limits.request_ms": 600})
    with roar.conn() as conn:
        conn.request("POST", f"/v1/streams/{stream}/comments", token=token(),
                     headers=[("Content-Type", "application/json"), ("Content-Length", 18)])
        conn.send(b'{"text":')
        answer = conn.response()
        assert answer.status == 408
        answer.problem()
        assert conn.is_ended()


@pytest.mark.slow
def test_the_default_head_time_is_ten_seconds(server):
    with server.conn() as conn:
        conn.socket.settimeout(60)
        begun = time.monotonic()
        conn.send(b"GET /healthz HTTP/1.1\r\n")
        assert conn.response().status == 408
        assert 9.5 <= time.monotonic() - begun < 30


def test_waiting_between_requests_is_no_slow_head(start):
    """The time runs from a request's first byte."""
    roar = start({"limits.head_ms": 200, "limits.request_ms": 400})
    with roar.conn() as idle:
        assert idle.ask("GET", "/healthz").status == 200
        with roar.conn() as other:  # its 408 tells that the time has passed
            other.send(b"G")
            assert other.response().status == 408
        assert idle.ask("GET", "/healthz").status == 200


def test_a_hundred_bad_peers_change_nothing_for_a_viewer(server, stream):
    with open_reader("sse", server, stream) as viewer:
        conns = [server.conn() for _ in range(100)]
        for number, conn in enumerate(conns):
            conn.send([b"G", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx", b"\0"][number % 4])
        live = server.posted(stream)["comment"]
        assert viewer.find("comment") == live
        for conn in conns:
            conn.close()
