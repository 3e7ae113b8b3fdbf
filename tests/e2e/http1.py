# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 over a plain socket: what is sent and what came back are bytes, so that both may be wrong."""
import json
import os
import socket
from dataclasses import dataclass

DEADLINE_S = float(os.environ.get("ROAR_DEADLINE_S", "20"))  # ten times what anything here should take
BUSY_S = DEADLINE_S / 4  # what a machine that others use may add to a time that is measured


class Closed(Exception):
    """The server ended the connection."""


@dataclass
class Response:
    status: int
    headers: list  # of (lower-case name, value)
    body: bytes
    version: str = "HTTP/1.1"

    def header(self, name):
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) < 2, f"{name} was sent {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)

    def problem(self):
        """The code of a problem, after checking that it is one as RFC 9457 has it."""
        assert self.header("content-type") == "application/problem+json", (self.status, self.headers, self.body)
        problem = self.json()
        assert problem["status"] == self.status
        assert {"type", "title", "status", "code"} <= problem.keys()
        if self.status in (429, 503):
            assert int(self.header("retry-after")) >= 1
            assert problem["retry_after"] == int(self.header("retry-after"))
        if self.status == 401:
            assert self.header("www-authenticate").startswith("Bearer")
        return problem["code"]


class Conn:
    """One connection. `source` is the address it comes from: any 127.x.y.z is another client."""

    def __init__(self, address, source=None, deadline_s=DEADLINE_S):
        self.address = address
        self.socket = socket.create_connection(address, timeout=deadline_s, source_address=source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.decode = None  # of what comes from now on, where a body is encoded

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def end_of_sending(self):
        self.socket.shutdown(socket.SHUT_WR)

    def fill(self):
        """More bytes into the buffer; Closed at the end."""
        try:
            data = self.socket.recv(65536)
        except ConnectionError as error:
            raise Closed("reset") from error
        if not data:
            raise Closed("end of file")
        self.buffer += self.decode(data) if self.decode else data

    def decode_with(self, decode):
        """The body that follows is encoded."""
        self.decode, self.buffer = decode, decode(self.buffer)

    def until(self, mark):
        while mark not in self.buffer:
            self.fill()
        data, _, self.buffer = self.buffer.partition(mark)
        return data

    def exactly(self, count):
        while len(self.buffer) < count:
            self.fill()
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def rest(self):
        try:
            while True:
                self.fill()
        except Closed:
            data, self.buffer = self.buffer, b""
            return data

    def is_ended(self):
        """Waits until the server has closed, with nothing more said."""
        return self.rest() == b""

    def request(self, method, target, *, headers=(), body=None, token=None):
        self.send(encode(method, target, headers=headers, body=body, token=token, host=self.host()))

    def host(self):
        return f"{self.address[0]}:{self.address[1]}"

    def read_head(self):
        lines = self.until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        version, status, *_ = lines[0].split(" ", 2)
        pairs = [line.split(":", 1) for line in lines[1:]]
        return Response(int(status), [(name.lower(), value.strip()) for name, value in pairs], b"", version)

    def response(self, *, to="GET"):
        """The next final answer; to HEAD it has no body, whatever its length says."""
        answer = self.read_head()
        while answer.status == 100:
            answer = self.read_head()
        length = answer.header("content-length")
        if to == "HEAD" or answer.status in (101, 204, 304):
            return answer
        answer.body = self.rest() if length is None else self.exactly(int(length))
        return answer

    def ask(self, method, target, **more):
        self.request(method, target, **more)
        return self.response(to=method)


def encode(method, target, *, headers=(), body=None, token=None, host="localhost"):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None and not isinstance(body, bytes):
        lines.append("Content-Type: application/json")
        body = json.dumps(body).encode()
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")
