# SPDX-License-Identifier: Apache-2.0
"""A process that follows a running server as src/app/succession.h says, and stops or breaks off wherever a test wants."""
import fcntl
import os
import signal
import socket
import struct

HELLO, REFUSED, LISTENER, OFFERED, READY, YOURS, SERVING = range(1, 8)
MAGIC, VERSION, TEXT = b"roarsucc", 1, 240
SHAPE = f"<8sII{TEXT}sI"


class Successor:
    """In this process; `with` closes it, which is how a process that died looks from the other side."""

    def __init__(self, roar, version=VERSION, magic=MAGIC):
        self.roar, self.version, self.magic = roar, version, magic
        self.sockets = []
        self.conn = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.conn.settimeout(20)
        folder = os.open(roar.data, os.O_PATH)
        self.conn.connect(f"/proc/self/fd/{folder}/roar.sock")
        os.close(folder)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.conn.close()
        for fd in self.sockets:
            os.close(fd)
        self.sockets = []

    def say(self, kind, text=b""):
        self.conn.send(struct.pack(SHAPE, self.magic, self.version, kind, text, 0))

    def hear(self):
        """(kind, text); (None, "") when the other is gone."""
        data, fds, _, _ = socket.recv_fds(self.conn, 4096, 4)
        self.sockets += fds
        if not data:
            return None, ""
        magic, _, kind, text, _ = struct.unpack(SHAPE, data)
        assert magic == MAGIC
        return kind, text.rstrip(b"\0").decode()

    def until(self, kind):
        while True:
            heard, text = self.hear()
            if heard == kind:
                return text
            assert heard == LISTENER, (heard, text)

    def ask(self):
        self.say(HELLO, b"a test")
        self.until(OFFERED)

    def borrow(self):
        """Until the folder is ours."""
        self.ask()
        self.say(READY)
        self.until(YOURS)

    def lock(self):
        """data/lock, as its owner holds it; close the descriptor to give it free."""
        fd = os.open(self.roar.data / "lock", os.O_RDWR)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return fd


def fork_borrower(roar):
    """A child that borrows the folder, locks it and stands still; its pid, once it has it."""
    ready, said = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            successor = Successor(roar)
            successor.borrow()
            successor.lock()
            os.write(said, b"!")
            while True:
                signal.pause()
        finally:
            os._exit(1)
    os.close(said)
    assert os.read(ready, 1) == b"!"
    os.close(ready)
    return pid
