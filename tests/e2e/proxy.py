# SPDX-License-Identifier: Apache-2.0
"""A way to the server that cuts what passes into pieces, resets connections, or stands still.

Whatever takes a Roar for its `address` (readers, Crowd, Conn) takes a Proxy as well. One thread goes round all
connections and moves one piece of each at a time, so that pieces of one connection do not meet again on the way.
"""
import random
import selectors
import socket
import struct
import threading

WAITING_BYTES_MAX = 1 << 16


def reset(sock):
    """Closes with RST: nothing more is sent or read."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Half:
    """What flows from one socket to the other."""

    def __init__(self, source, target):
        self.source, self.target = source, target
        self.waiting = bytearray()
        self.ended = False  # the source has shut its side
        self.told = False  # and the target knows

    def take(self):
        if len(self.waiting) < WAITING_BYTES_MAX and not self.ended:
            try:
                data = self.source.recv(16384)
            except BlockingIOError:
                return
            self.ended = not data
            self.waiting += data

    def give(self, piece):
        """One piece; how many bytes that were."""
        if self.waiting:
            try:
                sent = self.target.send(self.waiting[:piece])
            except BlockingIOError:
                return 0
            del self.waiting[:sent]
            return sent
        if self.ended and not self.told:
            self.told = True
            self.target.shutdown(socket.SHUT_WR)
        return 0


class Pair:
    def __init__(self, client, server, life):
        self.client, self.server = client, server
        self.halves = [Half(client, server), Half(server, client)]
        self.life = life  # bytes until it is reset; None: never

    def move(self, piece):
        """False: it is over."""
        for half in self.halves:
            half.take()
            sent = half.give(piece if self.life is None else min(piece, self.life))
            if self.life is not None:
                self.life -= sent
                if self.life <= 0:
                    return False
        return not all(half.told for half in self.halves)

    def is_busy(self):
        return any(half.waiting or (half.ended and not half.told) for half in self.halves)

    def close(self, how=socket.socket.close):
        how(self.client)
        how(self.server)


class Proxy:
    """`piece`: the most bytes that pass at once. `life(rng)`: bytes of a new connection's whole life, or None."""

    def __init__(self, server_address, *, piece=16384, life=lambda rng: None, seed=1):
        self.server_address = server_address
        self.piece, self.life = piece, life
        self.rng = random.Random(seed)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.listener.setblocking(False)
        self.address = self.listener.getsockname()
        self.pairs = set()
        self.pieces = 0
        self.resets = 0
        self.ending = False
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ending = True
        self.thread.join()
        for pair in list(self.pairs):
            self.drop(pair, socket.socket.close)
        self.listener.close()
        self.selector.close()

    def work(self):
        while not self.ending:
            is_busy = any(pair.is_busy() for pair in self.pairs)
            if any(key.fileobj is self.listener for key, _ in self.selector.select(0 if is_busy else 0.02)):
                self.accept()
            for pair in list(self.pairs):
                self.turn(pair)

    def accept(self):
        client, _ = self.listener.accept()
        try:
            server = socket.create_connection(self.server_address, timeout=5)
        except OSError:
            reset(client)
            return
        pair = Pair(client, server, self.life(self.rng))
        for sock in (client, server):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(sock, selectors.EVENT_READ)
        self.pairs.add(pair)

    def turn(self, pair):
        try:
            goes_on = pair.move(self.piece)
            self.pieces += 1
            how = None if goes_on else (reset if pair.life is not None else socket.socket.close)
        except OSError:
            how = reset
        if how is not None:
            self.resets += how is reset
            self.drop(pair, how)

    def drop(self, pair, how):
        for sock in (pair.client, pair.server):
            self.selector.unregister(sock)
        pair.close(how)
        self.pairs.discard(pair)
