#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How much sooner the last of a stream's viewers is sent a comment when two reactors share them.

  last_send.py [--binary build/release/roar] [--viewers 15000] [--pairs 9] [--comments 5]

Starts one server with one reactor and one with two, in turn, and holds viewers that sleep: the kernel stamps when each
socket last got data (tcpi_last_data_recv, milliseconds), which on loopback is when it was sent, so nothing that reads
takes part. A comment's figure is the time from the first of these stamps to the last. Prints the ratio of each pair.
"""
import argparse
import json
import os
import socket
import statistics
import struct
import subprocess
import tempfile
import time

LAST_DATA_RECV_AT = 8 + 4 * 11  # of struct tcp_info: 8 bytes of small fields, then u32s
PORTS_EACH = 4000               # from one address


def server(binary, folder, workers):
    limits = {f"ROAR_LIMITS_{name}": "0" for name in ("CONNS_ADDRESS", "POST_USER", "POST_ADDRESS", "POST_STREAM")}
    process = subprocess.Popen(
        [binary, "serve", "--dev", "--listen", "127.0.0.1:0", "--data", folder, "--workers", str(workers)],
        env=os.environ | limits, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    for text in process.stderr:
        line = json.loads(text)
        if line["msg"] == "listening":
            host, port = line["addr"].rsplit(":", 1)
            return process, (host, int(port))
    raise SystemExit("the server did not start")


def request(at, text):
    with socket.create_connection(at) as link:
        link.sendall(text.encode())
        answer = b""
        while chunk := link.recv(65536):
            answer += chunk
    return answer.partition(b"\r\n\r\n")[2]


def post(at, path, body, token=""):
    sign = f"Authorization: Bearer {token}\r\n" if token else ""
    return json.loads(request(at, f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{sign}"
                                  f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"))


def viewers(at, count):
    links = []
    for number in range(count):
        link = socket.socket()
        link.bind((f"127.1.0.{1 + number // PORTS_EACH}", 0))
        link.connect(at)
        link.sendall(b"GET /v1/streams/s/events HTTP/1.1\r\nHost: x\r\n\r\n")
        links.append(link)
    return links


def drain(links):
    for link in links:
        link.setblocking(False)
        try:
            while link.recv(65536):
                pass
        except BlockingIOError:
            pass


def spread_ms(links):
    """From when the first of them got its data to when the last did."""
    stamps = []
    for link in links:
        info = link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, LAST_DATA_RECV_AT + 4)
        ago, = struct.unpack_from("I", info, LAST_DATA_RECV_AT)
        stamps.append(time.monotonic() * 1000 - ago)
    return max(stamps) - min(stamps)


def run(binary, workers, count, comments):
    with tempfile.TemporaryDirectory() as folder:
        process, at = server(binary, folder, workers)
        links = viewers(at, count)
        time.sleep(3)  # presence has settled
        token = post(at, "/v1/guests", '{"name":"Ann"}')["token"]
        took = []
        for number in range(comments):
            drain(links)
            post(at, "/v1/streams/s/comments", json.dumps({"text": "x" * 200, "cid": f"c{number}"}), token)
            time.sleep(0.8)  # the meter sleeps
            took.append(spread_ms(links))
            time.sleep(1.5)
        for link in links:
            link.close()
        process.terminate()
        process.stderr.close()
        process.wait()
    return statistics.median(took)


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--binary", default="build/release/roar")
    args.add_argument("--viewers", type=int, default=15000)
    args.add_argument("--pairs", type=int, default=9)
    args.add_argument("--comments", type=int, default=5)
    args = args.parse_args()
    ratios = []
    for pair in range(args.pairs):
        one, two = (run(args.binary, workers, args.viewers, args.comments) for workers in (1, 2))
        ratios.append(one / two)
        print(f"pair {pair + 1}: one reactor {one:.0f} ms, two {two:.0f} ms, {one / two:.2f} x sooner", flush=True)
    print(f"median of {args.pairs}: {statistics.median(ratios):.2f} x sooner, {args.viewers} viewers")


if __name__ == "__main__":
    main()
