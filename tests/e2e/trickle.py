# SPDX-License-Identifier: Apache-2.0
"""Viewers that read a byte a second."""
import contextlib
import socket
import threading

from http1 import encode


class Trickle:
    """Viewers with the smallest of buffers that take one byte a second."""

    def __init__(self, roar, stream, count):
        self.sockets = []
        self.taken = 0
        for number in range(count):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.connect(roar.address)
            sock.sendall(encode("GET", f"/v1/streams/{stream}/events?after=0&session=slow-{number}"))
            sock.setblocking(False)
            self.sockets.append(sock)
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)

    def read(self):
        while not self.ending.wait(1):
            for sock in self.sockets:
                with contextlib.suppress(OSError):  # it went, or has nothing
                    self.taken += len(sock.recv(1))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ending.set()
        self.thread.join()
        for sock in self.sockets:
            sock.close()
