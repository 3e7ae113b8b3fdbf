#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much sooner the last of a stream's viewers is sent a comment when two reactors share them.

  last_send.py [--binary build/release/roar] [--viewers 9000] [--pairs 15] [--bytes 200] [--json]

A server of one reactor and one of two stand side by side, each with as many viewers, who sleep: the kernel stamps what
comes for them, to the nanosecond, while the sender's send() still runs (SO_TIMESTAMPNS: on loopback a packet is received
by whoever sends it). So nothing that reads takes part; the stamps are read afterwards. Comments go to one server and
the other in turn. A comment's figure is the time from the first stamp to the last; a pair's, the ratio of two.

Beside each figure stands what its reactors waited for a core meanwhile (/proc/PID/task/*/schedstat): two reactors are
as quick as the cores they get. `stolen` is the part of the time that they wanted to run and others did. Where it may, all
of it runs at real-time priority, so that nothing is stolen; without, read the pairs where little was.
"""
import argparse
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SO_TIMESTAMPNS = 35
PORTS_EACH = 4000  # from one address
SLEEP_S = 0.6      # more than a comment takes


class Server:
    def __init__(self, binary, folder, workers, viewers):
        limits = {f"ROAR_LIMITS_{name}": "0" for name in ("CONNS_ADDRESS", "POST_USER", "POST_ADDRESS", "POST_STREAM")}
        self.process = subprocess.Popen(
            [binary, "serve", "--dev", "--listen", "127.0.0.1:0", "--data", folder, "--workers", str(workers)],
            env=os.environ | limits, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.at = self.address()
        self.token = self.post("/v1/guests", {"name": "Ann"})["token"]
        self.links = [self.viewer(number) for number in range(viewers)]
        self.posted = 0

    def address(self):
        for text in self.process.stderr:
            line = json.loads(text)
            if line["msg"] == "listening":
                host, port = line["addr"].rsplit(":", 1)
                return host, int(port)
        raise SystemExit("the server did not start")

    def post(self, path, body, token=""):
        text = json.dumps(body)
        sign = f"Authorization: Bearer {token}\r\n" if token else ""
        with socket.create_connection(self.at) as link:
            link.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{sign}"
                         f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            answer = b""
            while chunk := link.recv(65536):
                answer += chunk
        return json.loads(answer.partition(b"\r\n\r\n")[2])

    def viewer(self, number):
        link = socket.socket()
        link.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        link.bind((f"127.1.0.{1 + number // PORTS_EACH}", 0))
        link.connect(self.at)
        link.sendall(b"GET /v1/streams/s/events HTTP/1.1\r\nHost: x\r\n\r\n")
        link.setblocking(False)
        return link

    def drain(self):
        """When each viewer's newest bytes came, in ns; how many had any."""
        stamps = []
        for link in self.links:
            stamp = None
            try:
                while True:
                    data, notes, _, _ = link.recvmsg(65536, 64)
                    if not data:
                        raise SystemExit("a viewer was closed")
                    for level, kind, value in notes:
                        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                            seconds, ns = struct.unpack("qq", value)
                            stamp = seconds * 1_000_000_000 + ns
            except BlockingIOError:
                if stamp:
                    stamps.append(stamp)
        return stamps

    def waited_ms(self):
        """What the reactors have run and have waited for a core."""
        ran, waited = 0, 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            if (task / "comm").read_text().startswith("roar-loop"):
                numbers = (task / "schedstat").read_text().split()
                ran, waited = ran + int(numbers[0]), waited + int(numbers[1])
        return ran / 1e6, waited / 1e6

    def comment(self, size):
        """One comment: ms from first to last stamp, ms the reactors waited for a core."""
        self.posted += 1
        ran, waited = self.waited_ms()
        self.post("/v1/streams/s/comments", {"text": "x" * size, "cid": f"c{self.posted}"}, self.token)
        time.sleep(SLEEP_S)
        ran, waited = (after - before for after, before in zip(self.waited_ms(), (ran, waited)))
        stamps = self.drain()
        if len(stamps) != len(self.links):
            raise SystemExit(f"{len(self.links) - len(stamps)} viewers were sent nothing within {SLEEP_S} s")
        return (max(stamps) - min(stamps)) / 1e6, ran, waited

    def stop(self):
        for link in self.links:
            link.close()
        self.process.terminate()
        self.process.stderr.close()
        self.process.wait()


def take_priority():
    """Of this process and its servers; it sleeps while they send."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    except PermissionError:
        print("no real-time priority: other programs' time is in the figures", file=sys.stderr)


def measure(servers, pairs, size):
    for server in servers:  # once, so that rings, caches and clocks have what they need
        server.drain()
        server.comment(size)
    rows = []
    for pair in range(pairs):
        one, two = (servers[0].comment(size), servers[1].comment(size))
        rows.append({"one_ms": one[0], "two_ms": two[0], "ratio": one[0] / two[0],
                     "one_stolen": one[2] / (one[1] + one[2]), "two_stolen": two[2] / (two[1] + two[2])})
        print(f"pair {pair + 1}: one reactor {one[0]:.1f} ms (stolen {rows[-1]['one_stolen']:.0%}), "
              f"two {two[0]:.1f} ms (stolen {rows[-1]['two_stolen']:.0%}): {rows[-1]['ratio']:.2f} x sooner",
              file=sys.stderr, flush=True)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="build/release/roar")
    parser.add_argument("--viewers", type=int, default=9000, help="of each server; together fewer than the open files")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--bytes", type=int, default=200, help="of a comment's text")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    take_priority()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        servers = [Server(args.binary, folder, workers, args.viewers) for folder, workers in ((first, 1), (second, 2))]
        time.sleep(3)  # presence has settled
        rows = measure(servers, args.pairs, args.bytes)
        for server in servers:
            server.stop()
    ratio = statistics.median(row["ratio"] for row in rows)
    low, _, high = statistics.quantiles([row["ratio"] for row in rows], n=4)
    report = {"viewers": args.viewers, "pairs": rows, "ratio": ratio, "quartiles": [low, high],
              "one_ms": statistics.median(row["one_ms"] for row in rows),
              "two_ms": statistics.median(row["two_ms"] for row in rows)}
    if args.json:
        print(json.dumps(report))
    print(f"median of {args.pairs}: {ratio:.2f} x sooner (quartiles {low:.2f} .. {high:.2f}): one reactor "
          f"{report['one_ms']:.1f} ms, two {report['two_ms']:.1f} ms, {args.viewers} viewers",
          file=sys.stderr if args.json else sys.stdout)


if __name__ == "__main__":
    main()
