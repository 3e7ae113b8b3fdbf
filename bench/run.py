#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make bench-figures: the figures Roar is held to, measured with `roar bench` against servers of its own.

  run.py [--binary build/release/roar] [--quick] [--only NAME]... [--out FILE]

Prints a table beside the targets, writes everything measured as JSON, and exits 1 when a viewer was wronged.
A figure that is missed is marked and is no failure: machines differ; docs/bench.md says what each number means.
"""
import argparse
import base64
import hashlib
import hmac
import http.client
import json
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UNLIMITED = {f"ROAR_LIMITS_{name}": "0" for name in
             ("POST_USER", "POST_ADDRESS", "POST_STREAM", "CONNS_USER", "CONNS_ADDRESS", "BEATS_ADDRESS")}
SECRET = "a secret for benches, of more than thirty-two bytes"
METRICS_TOKEN = "for the one who measures"


class Bench:
    def __init__(self, binary, quick):
        self.binary = str(binary)
        self.quick = quick
        self.rows = []
        self.runs = []
        self.clean = True

    def run(self, name, *args, settings=None):
        """One `roar bench`, whose server has these settings; its report."""
        say(f"{name}: roar bench {' '.join(map(str, args))}")
        load = os.getloadavg()[0]
        done = subprocess.run([self.binary, "bench", *map(str, args), "--json"], env=environment() | (settings or {}),
                              stdout=subprocess.PIPE, text=True, check=False)
        if not done.stdout.startswith("{"):
            sys.exit(f"{name}: roar bench ended with {done.returncode}")
        report = json.loads(done.stdout)
        self.runs.append({"figure": name, "args": [str(arg) for arg in args], "load_before": load, "report": report})
        if not report["clean"]:
            self.clean = False
            say(f"  NOT clean: {report['violations']} {report['words']}")
        return report

    def row(self, figure, unit, target, values, *, at_most=True, interval=None):
        """`values` are one figure measured several times; the median counts."""
        middle = statistics.median(values)
        low, high = interval or (min(values), max(values))
        self.rows.append({"figure": figure, "unit": unit, "target": target, "at_most": at_most, "median": middle,
                          "low": low, "high": high, "times": len(values),
                          "reached": middle <= target if at_most else middle >= target})


# ---- the figures ----

def fan_out(bench):
    viewers, pairs = (2000, 2) if bench.quick else (15000, 9)
    for transport in ("sse", "ws"):
        report = bench.run("fan-out", "--spawn", "--server-workers", 1, "--viewers", viewers, "--transport", transport,
                           "--rate", 2, "--bytes", 100, "--pairs", pairs, "--seconds", 3 * pairs)
        ratio = report["ratio"]
        bench.row(f"CPU per write, {viewers} {transport.upper()} viewers, one reactor", "F", 1.15,
                  [ours / floor for floor, ours in report["pairs"]], interval=(ratio["low"], ratio["high"]))
        bench.row(f"user memory a viewer, {viewers} {transport.upper()} viewers", "B", 512, [report["viewer_bytes"]])


def durable_posts(bench):
    seconds, times = (3, 1) if bench.quick else (10, 5)
    reports = [bench.run("durable posts", "--spawn", "--viewers", 0, "--posters", 64, "--rate", "max",
                         "--seconds", seconds) for _ in range(times)]
    bench.row("durable posts, 64 connections", "/s", 20000,
              [report["counts"]["answered"] / report["posting_s"] for report in reports], at_most=False)
    bench.row("durable posts, 64 connections, p99", "ms", 20, [report["posted"]["p99_ms"] for report in reports])


def visible(bench):
    seconds, times = (5, 1) if bench.quick else (10, 5)
    reports = [bench.run("submit to visible", "--spawn", "--viewers", 1000, "--rate", 20, "--bytes", 100,
                         "--seconds", seconds) for _ in range(times)]
    bench.row("submit to visible p99, 1,000 viewers, 20/s", "ms", 50, [report["visible"]["p99_ms"] for report in reports])


def reconnects(bench):
    viewers, storms = (2000, 1) if bench.quick else (10000, 5)
    report = bench.run("reconnects", "--spawn", "--viewers", viewers, "--rate", 20, "--seconds", 4 * (storms + 1),
                       "--storm", storms)
    bench.row(f"{viewers} reconnects caught up", "s", 5, [ms / 1000 for ms in report["storms_ms"]])


def storm(bench):
    """All but one viewer in ten leave at once and come back by cursor, to one reactor; the others go on reading. At two
    comments a second what is spent is spent on returns; at twenty most of it goes to who is inside (docs/why/028)."""
    viewers, storms = (2000, 1) if bench.quick else (16600, 5)
    back = viewers - viewers * 10 // 100
    for rate in 2, 20:
        report = bench.run("storm", "--spawn", "--server-workers", 1, "--viewers", viewers, "--rate", rate, "--stay", 10,
                           "--seconds", 4 * (storms + 1), "--storm", storms)
        bench.row(f"{back} returns with catch-up, {rate}/s, one reactor", "/s", 8000,
                  [back * 1e9 / ns for ns in report["storms_cpu_ns"]], at_most=False)
        bench.row(f"{back} returns, {rate}/s: p99 of who stayed", "ms", 500, [report["stayed"]["p99_ms"]])


def start_to_ready(bench):
    say("start to ready")
    values = []
    for _ in range(3 if bench.quick else 9):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(bench.binary, Path(folder))
            values.append(server.start() * 1000)
            server.stop()
    bench.row("start to ready, empty folder", "ms", 50, values)


def million(bench):
    """A stream's year in the store: posted for real, then killed and started again."""
    wanted = 50_000 if bench.quick else 1_000_000
    values = []
    with tempfile.TemporaryDirectory() as folder:
        server = Server(bench.binary, Path(folder))
        server.start()
        stored = 0
        while stored < wanted:
            report = bench.run("stored comments", "--url", server.url, "--secret-file", server.secret, "--viewers", 0,
                               "--posters", 256, "--rate", "max", "--seconds", 3 if bench.quick else 20)
            stored += report["counts"]["answered"]
        for _ in range(3 if bench.quick else 9):
            server.kill()
            values.append(server.start())
            with urllib.request.urlopen(f"{server.url}/v1/streams/any/comments", timeout=10) as answer:
                answer.read()
        server.stop()
    bench.row(f"{stored} stored comments to serving, after kill -9", "s", 1, values)


def beside_bare(bench):
    """The same comments by the same clock through Roar and through the bare loop, in turn. A ratio a run: one window that
    others disturbed is the p99 of all windows together."""
    viewers, times = (2000, 1) if bench.quick else (10000, 5)
    steps = [bench.run("p99 beside F", "--spawn", "--server-workers", 1, "--viewers", viewers, "--rate", 10, "--bytes", 62,
                       "--pairs", 1, "--seconds", 4)["steps"][0] for _ in range(times)]
    bench.row(f"p99 of the bare loop's, {viewers} viewers, 10/s, one core", "x", 1.2,
              [step["visible"]["p99_ms"] / step["floor_visible"]["p99_ms"] for step in steps])


def many_comments(bench):
    viewers, seconds, times = (2000, 3, 1) if bench.quick else (10000, 5, 5)
    for workers, rate, target in (1, 50, 500), (2, 200, 1000):
        reports = [bench.run("many comments", "--spawn", "--server-workers", workers, "--viewers", viewers, "--rate", rate,
                             "--bytes", 62, "--seconds", seconds) for _ in range(times)]
        cores = "one core" if workers == 1 else f"{workers} cores"
        bench.row(f"p99, {viewers} viewers, {rate}/s, {cores}", "ms", target,
                  [report["visible"]["p99_ms"] for report in reports])
        bench.row(f"not delivered, {viewers} viewers, {rate}/s, {cores}", "events", 0,
                  [report["violations"]["lost"] + report["counts"]["spared"] for report in reports])


def idle(bench):
    """Heartbeats beside as many sends of the same bytes by the bare loop."""
    viewers, pairs = (2000, 1) if bench.quick else (15000, 5)
    for transport, every_s in ("sse", 16), ("ws", 21):
        report = bench.run("idle", "--spawn", "--server-workers", 1, "--viewers", viewers, "--transport", transport, "--idle",
                           "--pairs", pairs, "--seconds", every_s * pairs)
        ratio = report["ratio"]
        bench.row(f"CPU per heartbeat, {viewers} idle {transport.upper()} viewers", "F", 1.2,
                  [ours / floor for floor, ours in report["pairs"]], interval=(ratio["low"], ratio["high"]))


def compressed(bench):
    """The same comments to viewers who all inflate and to viewers who do not, in turn: bytes and CPU a delivery."""
    viewers, seconds, pairs = (500, 3, 1) if bench.quick else (2000, 4, 5)
    for transport in "sse", "ws":
        for a_flush, rate, target in ("one", 10, 0.45), ("three", 60, 0.35):
            size, work = [], []
            for _ in range(pairs):
                plain, packed = (bench.run("compressed", "--spawn", "--server-workers", 1, "--viewers", viewers, "--transport",
                                           transport, "--rate", rate, "--bytes", 62, "--seconds", seconds,
                                           "--compress", percent) for percent in (0, 100))
                size.append(ratio(packed, plain, lambda report: report["counts"]["bytes"]))
                work.append(ratio(packed, plain, lambda report: report["server_cpu_ns"]))
            what = f"{transport.upper()}, {a_flush} comment{'s' * (a_flush != 'one')} a flush"
            bench.row(f"bytes compressed of plain, {what}", "x", target, size)
            bench.row(f"CPU a delivery compressed of plain, {what}", "x", 1.1, work, interval=quartiles(work))


def ratio(one, other, figure):
    """Of `figure` a delivery."""
    return figure(one) / one["counts"]["deliveries"] / (figure(other) / other["counts"]["deliveries"])


def quartiles(values):
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else (values[0], 0, values[0])
    return low, high


def last_send(bench):
    """From a comment's first send() to its last: one reactor beside two, in turn."""
    say("last send()")
    viewers, pairs = (1000, 3) if bench.quick else (9000, 25)
    done = subprocess.run([sys.executable, ROOT / "bench/last_send.py", "--binary", bench.binary, "--viewers", str(viewers),
                           "--pairs", str(pairs), "--json"], env=environment(), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench/last_send.py ended with {done.returncode}")
    report = json.loads(done.stdout)
    bench.runs.append({"figure": "last send()", "args": [], "load_before": os.getloadavg()[0], "report": report})
    bench.row(f"last send() with two reactors, {viewers} viewers", "x", 1.8, [pair["ratio"] for pair in report["pairs"]],
              at_most=False, interval=report["quartiles"])


def small_streams(bench):
    """A viewer a stream: what both cost, and a comment that is for one: the first of its stream, and later ones."""
    count, seconds, times = (1000, 1, 1) if bench.quick else (15000, 10, 3)
    args = ("--spawn", "--server-workers", 1, "--viewers", count, "--streams", count, "--posters", 24)
    reports = [bench.run("small streams", *args, "--rate", 1000, "--seconds", seconds) for _ in range(times)]
    bench.row(f"user memory a viewer and its stream, {count} of each", "B", 5120,
              [report["viewer_bytes"] for report in reports])
    bench.row(f"CPU of a stream's first comment, {count} streams, 1,000/s", "us", 200,
              [report["server_cpu_ns"] / 1000 / report["counts"]["deliveries"] for report in reports])
    report = bench.run("small streams, later comments", *args, "--rate", "1000,3000", "--seconds", seconds)
    for step in report["steps"]:
        bench.row(f"CPU of a later comment, {count} streams, {step['rate']:,.0f}/s", "us", 200,
                  [step["cpu_ns"] / 1000 / step["deliveries"]])


def known_streams(bench):
    """A folder that knows so many streams, of which none is read: its start, and what they cost in memory."""
    count = 10_000 if bench.quick else 1_000_000
    say("known streams")
    starts, memory = [], []
    with tempfile.TemporaryDirectory() as folder:
        folders = [Path(folder) / name for name in ("few", "many")]
        for one, streams in zip(folders, (1, count)):
            one.mkdir()
            subprocess.run([Path(bench.binary).parent / "bench/store_bench", one / "data", "1", str(streams)],
                           stdout=subprocess.DEVNULL, check=True)
        for _ in range(1 if bench.quick else 5):
            used = []
            for one in folders:
                server = Server(bench.binary, one)
                starts.append(server.start() * 1000)
                with urllib.request.urlopen(f"{server.url}/v1/streams/s0/comments", timeout=10) as answer:
                    answer.read()
                used.append(server.own_bytes())
                server.stop()
            memory.append(max(0, used[1] - used[0]) / count)
    bench.row(f"start to ready, {count} known streams", "ms", 50, starts[1::2])
    bench.row(f"user memory a stream of {count} known and idle", "B", 200, memory)


def recent_streams(bench):
    """Streams with one comment each that nobody reads: what is kept of them, and what a reader who has just left leaves behind."""
    count = 200 if bench.quick else 3000
    say("recent streams")
    heads, events, left = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1 if bench.quick else 3):
            one = Path(folder) / str(number)
            one.mkdir()
            server = Server(bench.binary, one, {"ROAR_METRICS_TOKEN": METRICS_TOKEN})
            server.start()
            client = Client(server, server.token("ann", "moderator"))
            before = server.counted_bytes()
            for i in range(count):
                client.ask("POST", f"/v1/streams/show-{i}/comments", {"text": "x" * 60})
            posted = server.counted_bytes()
            for i in range(count):
                client.ask("GET", f"/v1/streams/show-{i}/poll?wait=0", None)
            read = server.counted_bytes()
            server.stop()
            heads.append((posted["engine"] - before["engine"]) / count)
            events.append((posted["event"] - before["event"]) / count)
            left.append(sum(read[kind] - posted[kind] for kind in ("engine", "event", "stream")) / count)
    bench.row(f"user memory a stream posted to lately, of {count}", "B", 512, heads)
    bench.row(f"more for its one comment, of 60 bytes, in {count}", "B", 512, events)
    bench.row(f"more for ten seconds after its last reader, of {count}", "B", 2560, left)


def most(bench):
    """As many viewers as one process is for, each reactor with a file table of its own."""
    viewers = 2000 if bench.quick else 60000
    report = bench.run("most viewers", "--spawn", "--server-workers", 4, "--viewers", viewers, "--rate", 1,
                       "--seconds", 5 if bench.quick else 20, settings={"ROAR_OWN_FILES": "true"})
    counts = report["counts"]
    bench.row("viewers one process held, four file tables", "", viewers, [counts["deliveries"] / counts["answered"]], at_most=False)
    bench.row(f"user memory a viewer, {viewers} of one process", "B", 512, [report["viewer_bytes"]])
    bench.row(f"not delivered, {viewers} of one process", "events", 0, [report["violations"]["lost"] + report["counts"]["spared"]])
    bench.row(f"p99, {viewers} of one process, 1/s", "ms", 1000, [report["visible"]["p99_ms"]])


def stalled(bench):
    """The others' p99 with one viewer in ten that reads nothing, and without, in turn."""
    viewers, seconds, times = (300, 3, 1) if bench.quick else (1500, 6, 5)
    ratios, costs = [], []
    for _ in range(times):
        without, beside = (bench.run("stalled readers", "--spawn", "--server-workers", 1, "--viewers", viewers,
                                     "--rate", 40, "--bytes", 480, "--seconds", seconds, "--stalled", percent)
                           for percent in (0, 10))
        ratios.append(beside["visible"]["p99_ms"] / without["visible"]["p99_ms"])
        grown = [report["anon_loaded"] - report["anon_after"] for report in (without, beside)]
        costs.append(max(0, grown[1] - grown[0]) / (viewers / 10))
    bench.row("the others' p99 with 10 % stalled, by without", "x", 1.1, ratios)
    bench.row("user memory a stalled viewer", "B", 16384, costs)


def acts(bench):
    """A moderator deletes the newest comment once a second of a stream that is as fast as it can be; in turn with it, how
    long the bare loop takes once over as many viewers."""
    seconds, pairs = (3, 1) if bench.quick else (8, 3)
    for viewers, workers in ((1000, 2), (500, 1)) if bench.quick else ((15000, 2), (5000, 1)):
        report = bench.run("acts", "--spawn", "--server-workers", workers, "--viewers", viewers, "--rate", 200, "--bytes", 62,
                           "--stalled", 10, "--acts", 1, "--pairs", pairs, "--seconds", seconds * pairs)
        told = [act for act in report["acts"] if "p50_ms" in act]
        by = "" if told else ", as viewers read it"
        told = told or [report["acts_told"]]
        where = f"{viewers} viewers, 200/s, {workers} reactor{'s' * (workers > 1)}"
        for part, target in ("p50", 0.7), ("p95", 1.2):
            bench.row(f"act to written {part}, {where}{by}", "F_N", target, [act[f"{part}_ms"] / report["loop_ms"] for act in told])
        if workers == 1:
            bench.row(f"act to written p95, {where}{by}", "ms", 100, [act["p95_ms"] for act in told])
        bench.row(f"texts begun after their delete, {where}", "events", 0, [report["violations"]["removed"]])


def rules(bench):
    """What a reactor does with each comment before it is handed over, beside a server's 5,000 terms."""
    program = Path(bench.binary).parent / "bench/rooms_bench"
    say(f"rules: {program.name} rules")
    kinds = {}
    for _ in range(1 if bench.quick else 3):
        done = subprocess.run([program, "rules: 200 B"], stdout=subprocess.PIPE, text=True, check=True)
        for name, ns in re.findall(r"rules: 200 B, (\w+).*?(\d+) +\d+$", done.stdout, re.MULTILINE):
            kinds.setdefault(name, []).append(int(ns) / 1000)
    for name, values in kinds.items():
        bench.row(f"rules: 200 B of {name}, 5,000 terms", "us", 5, values)


def raid(bench):
    """4,000 comments of as many users, removed by one request to the server as it is; brought back by one undo."""
    count = 400 if bench.quick else 4000
    removed, restored = [], []
    with tempfile.TemporaryDirectory() as folder:
        server = Server(bench.binary, Path(folder))
        server.start()
        moderator = Client(server, server.token("mod", "admin"))
        for turn in range(1 if bench.quick else 3):
            say(f"raid {turn + 1}")
            posts = Client(server, server.token(f"raider-{turn}", "bot"))
            seqs = [posts.ask("POST", "/v1/streams/raided/comments", {"text": "come to my stream instead, it is better"})["seq"]
                    for _ in range(count)]
            start = time.monotonic()
            act = moderator.ask("POST", "/v1/streams/raided/moderation", {"do": "delete", "seqs": seqs})
            removed.append(time.monotonic() - start)
            start = time.monotonic()
            moderator.ask("POST", "/v1/streams/raided/moderation/undo", {"act": act["act"]})
            restored.append(time.monotonic() - start)
        server.stop()
    bench.row(f"raid of {count} comments removed in one act", "s", 1, removed)
    bench.row(f"raid of {count} comments brought back by one undo", "s", 1, restored)


def purge(bench):
    """5,000 users who wrote one comment each, purged by one request on one core, before viewers who read nothing; and how long
    somebody else's post waits meanwhile."""
    count, viewers = (500, 40) if bench.quick else (5000, 400)
    took, waited = [], []
    for turn in range(1 if bench.quick else 3):
        say(f"purge {turn + 1}")
        with tempfile.TemporaryDirectory() as folder:
            server = Server(bench.binary, Path(folder), {"ROAR_WORKERS": "1"})
            server.start()
            idlers = [idler(server, "raided") for _ in range(viewers)]
            raider = Client(server, None)
            for n in range(count):
                raider.token = server.signed(f"raider-{n}", "bot")
                raider.ask("POST", "/v1/streams/raided/comments", {"text": "come to my stream instead, it is better" + 80 * "!"})
            moderator, bystander = Client(server, server.signed("mod", "admin")), Client(server, server.signed("bob", "bot"))
            users = [f"raider-{n}" for n in range(count)]
            with ThreadPoolExecutor() as threads:
                act = threads.submit(timed, moderator, "/v1/streams/raided/moderation", {"do": "purge", "users": users})
                posts = []
                while not act.done():
                    posts.append(timed(bystander, "/v1/streams/raided/comments", {"text": "amid it"}))
                took.append(act.result())
                waited.append(1000 * max(posts))
            for one in idlers:
                one.close()
            server.stop()
    where = f"{count} users before {viewers} viewers who read nothing, one core"
    bench.row(f"purge of {where}", "s", 1, took)
    bench.row("worst post beside that purge", "ms", 100, waited)


def timed(client, path, body):
    start = time.monotonic()
    client.ask("POST", path, body)
    return time.monotonic() - start


def idler(server, stream):
    """A viewer who reads nothing, and has little room for what comes."""
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect((host, int(port)))
    link.sendall(f"GET /v1/streams/{stream}/events HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
    return link


def simulation(bench):
    """Histories of the whole server under a seed: how much sooner than by the clock they are through."""
    say("simulated seconds")
    program, seeds, times = Path(bench.binary).parent / "sim/roar-sim", 40 if bench.quick else 200, 1 if bench.quick else 5
    values = []
    for _ in range(times):
        done = subprocess.run([program, "seeds", str(seeds)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False)
        found = re.search(r"([0-9.]+) simulated s/s", done.stdout)
        if done.returncode != 0 or not found:
            sys.exit(f"{program} ended with {done.returncode}: {done.stdout}")
        values.append(float(found[1]))
    bench.row(f"simulated seconds a second, {seeds} seeds", "s/s", 10000, values, at_most=False)


FIGURES = {"start": start_to_ready, "posts": durable_posts, "visible": visible, "reconnects": reconnects, "storm": storm,
           "fan-out": fan_out, "beside-bare": beside_bare, "many": many_comments, "stored": million, "idle": idle,
           "compressed": compressed, "last-send": last_send, "small-streams": small_streams,
           "known-streams": known_streams, "recent-streams": recent_streams, "most": most, "stalled": stalled,
           "acts": acts, "rules": rules, "raid": raid, "purge": purge, "simulation": simulation}


# ---- a server of ours ----

class Server:
    def __init__(self, binary, folder, settings=()):
        self.binary = binary
        self.settings = UNLIMITED | dict(settings)
        self.data = folder / "data"
        self.secret = folder / "secret"
        self.secret.write_text(SECRET + "\n", encoding="utf-8")
        self.process = None
        self.url = None

    def start(self):
        """Seconds until it said that it listens."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [self.binary, "serve", "--listen", "127.0.0.1:0", "--data", self.data, "--secret-file", self.secret],
            env=environment() | self.settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for text in self.process.stderr:
            line = json.loads(text)
            if line["msg"] == "listening":
                self.url = "http://" + line["addr"]
                return time.monotonic() - began
        sys.exit(f"the server ended with {self.process.wait()}")

    def own_bytes(self):
        """Of memory that no file stands behind."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii")
        return int(re.search(r"^Anonymous: +(\d+) kB", rollup, re.MULTILINE)[1]) * 1024

    def counted_bytes(self):
        """Of its heap, by what they are for. It counts once a second."""
        time.sleep(2)
        ask = urllib.request.Request(self.url + "/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        with urllib.request.urlopen(ask, timeout=30) as answer:
            found = re.findall(r'^roar_memory_bytes\{kind="(\w+)"\} (\d+)$', answer.read().decode(), re.MULTILINE)
        return {kind: int(value) for kind, value in found}

    def token(self, user, role):
        done = subprocess.run([self.binary, "token", "--sub", user, "--role", role, "--secret-file", self.secret],
                              env=environment(), stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    def signed(self, user, role):
        """The same, made here: for thousands."""
        now = int(time.time())
        parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": user, "iat": now, "exp": now + 3600, "roles": [role]}]
        text = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
        mark = hmac.new(SECRET.encode(), text, hashlib.sha256).digest()
        return (text + b"." + base64.urlsafe_b64encode(mark).rstrip(b"=")).decode()

    def kill(self):
        self.end(signal.SIGKILL)

    def stop(self):
        if self.end(signal.SIGTERM) != 0:
            sys.exit("the server did not end well")

    def end(self, number):
        self.process.send_signal(number)
        self.process.stderr.close()
        return self.process.wait()


class Client:
    """One connection, one who asks."""

    def __init__(self, server, token):
        self.link = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
        self.token = token

    def ask(self, method, path, body):
        self.link.request(method, path, None if body is None else json.dumps(body),
                          {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"})
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            sys.exit(f"{method} {path} was answered {answer.status}: {text[:200]}")
        return json.loads(text)


# ---- what is told ----

def say(text):
    print(text, file=sys.stderr, flush=True)


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("ROAR_")}


def machine():
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.machine())
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")}


def versions(binary):
    def ask(*command):
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    return {"roar": ask(binary, "version"), "commit": ask("git", "rev-parse", "--short=12", "HEAD"),
            "compiler": ask("cc", "--version").partition("\n")[0]}


METHOD = ("Server, viewers and bare loop share one machine and its loopback; CPU is user and kernel time of the process "
          "measured. F and the server are measured in turn, window by window; their ratio is what counts. load_before is "
          "the one-minute load average before each run: what else the machine was doing.")


def table(rows):
    lines = [f"{'figure':<66} {'target':>12} {'measured':>12}  {'interval':<20}"]
    for row in rows:
        sign = "<=" if row["at_most"] else ">="
        lines.append(f"{row['figure']:<66} {sign + ' ' + number(row['target']) + ' ' + row['unit']:>12} "
                     f"{number(row['median']) + ' ' + row['unit']:>12}  "
                     f"{number(row['low']) + ' .. ' + number(row['high']):<20} {'' if row['reached'] else 'missed'}")
    return "\n".join(lines)


def number(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/roar")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", action="append", choices=FIGURES)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    began = datetime.now(timezone.utc)
    bench = Bench(args.binary.resolve(), args.quick)
    for name, figure in FIGURES.items():
        if not args.only or name in args.only:
            figure(bench)
    print(table(bench.rows))
    out = args.out or ROOT / "bench/results" / f"{began:%Y-%m-%dT%H%M%SZ}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"at": began.isoformat(timespec="seconds"), "quick": args.quick, "machine": machine(),
                               "versions": versions(bench.binary), "method": METHOD, "figures": bench.rows,
                               "runs": bench.runs}, indent=1) + "\n", encoding="utf-8")
    say(f"all that was measured: {out}")
    return 0 if bench.clean else 1


if __name__ == "__main__":
    sys.exit(main())
