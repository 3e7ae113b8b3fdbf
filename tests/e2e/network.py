# SPDX-License-Identifier: Apache-2.0
"""A network of the test's own, in which a peer can vanish without a FIN or RST and come back.

Everything started by work(network) lives in it: the server, its clients, their threads.
"""
import concurrent.futures
import ctypes
import os
import subprocess

import pytest

CLONE_NEWNET = 0x40000000


class Network:
    """Loopback only. A client with a source in `far()` is cut off by cut() and back by mend()."""

    def __init__(self):
        self.ip("link", "set", "lo", "up")
        self.count = 0

    @staticmethod
    def ip(*args):
        subprocess.run(["ip", *args], check=True)

    def far(self):
        """A new address to come from."""
        self.count += 1
        address = f"10.{self.count >> 16}.{self.count >> 8 & 255}.{self.count & 255}"
        self.mend(address)
        return address

    def cut(self, address):
        """Packets to it are sent and never arrive; what its process does (close, exit) is never heard of."""
        self.ip("address", "delete", f"{address}/32", "dev", "lo")
        self.ip("route", "add", f"{address}/32", "dev", "lo")

    def mend(self, address):
        subprocess.run(["ip", "route", "delete", f"{address}/32", "dev", "lo"], check=False, capture_output=True)
        self.ip("address", "add", f"{address}/32", "dev", "lo")


def in_own_network(work):
    """work(network) on a thread of its own; what it returns or raises."""
    def begin():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET) != 0:
            return None, f"unshare: {os.strerror(ctypes.get_errno())}"
        return work(Network()), None

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        result, why_not = pool.submit(begin).result()
    if why_not:
        pytest.skip(f"no network of our own here ({why_not}): needs root")
    return result
