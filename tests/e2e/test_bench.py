# SPDX-License-Identifier: Apache-2.0
"""`roar bench` as a judge: a good server is found clean, one that lies is not, whatever the lie."""
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from http1 import DEADLINE_S
from roar import COMPRESSED, eventually, run


def bench(*args, settings=None):
    """`settings` are those of the server it spawns."""
    code, out, err = run("bench", *args, "--json", settings=settings,
                         deadline_s=6 * DEADLINE_S)  # a lane is told of silence after 15 s
    assert out.startswith("{"), (code, out, err)
    return code, json.loads(out)


def test_a_good_server_is_clean(start):
    roar = start(flags=(), settings={"limits.conns_address": "0"})
    code, report = bench("--url", roar.url, "--pid", roar.process.pid, "--secret-file", roar.settings["secret_file"],
                         "--viewers", 90, "--transport", "mix", "--streams", 2, "--rate", 40, "--seconds", 3,
                         "--stalled", 10, "--reconnect-every", 1, "--storm", 1)
    assert code == 0, report
    assert report["clean"] and report["has_settled"], report
    counts = report["counts"]
    assert counts["answered"] == counts["posted"] == 120
    assert counts["deliveries"] >= 120 * 45  # every comment to each viewer of its stream
    assert counts["returns"] >= 90 and counts["checked"] > 0
    assert report["events"] == 120 and len(report["storms_ms"]) == 1
    assert report["visible"]["count"] > 0 and report["server_cpu_ns"] > 0 and report["anon_after"] > 0


@pytest.mark.slow
def test_every_lane_is_clean_on_every_transport():
    code, report = bench("--spawn", "--viewers", 96, "--transport", "mix", "--lane", "mix", "--rate", 60, "--seconds", 4,
                         "--stalled", 10, "--reconnect-every", 1)
    assert code == 0, report
    assert report["clean"] and report["has_settled"], report
    assert report["counts"]["spared"] > 0 and report["counts"]["gaps"] > 0


@pytest.mark.slow
def test_everything_at_once_is_clean_over_an_upgrade():
    code, report = bench("--spawn", "--viewers", 120, "--transport", "mix", "--lane", "mix", "--compress", 50, "--rate", 60,
                         "--seconds", 4, "--stalled", 10, "--reconnect-every", 1, "--upgrade-at", 1, settings=COMPRESSED)
    assert code == 0, report
    assert report["clean"] and report["has_settled"], report
    assert report["upgrades"] == 1 and report["upgrade_ms"] > 0
    counts = report["counts"]
    assert counts["posted"] == 240 and counts["answered"] + counts["posts_refused"] == 240  # by the one who drains
    assert counts["answered"] == report["events"] > 200
    assert counts["goaways"] > 0 and counts["unreached"] == 0
    assert 0 < counts["inflated_bytes"] < counts["bytes"] and counts["gaps_unchecked"] == 0
    assert counts["text_bytes"] > 1.3 * counts["inflated_bytes"], "they rode what is compressed for all: not stored blocks"


@pytest.mark.slow
def test_deletions_are_timed_and_clean():
    code, report = bench("--spawn", "--viewers", 60, "--transport", "mix", "--lane", "mix", "--compress", 50, "--rate", 60,
                         "--seconds", 2, "--stalled", 10, "--reconnect-every", 1, "--acts", 10)
    assert code == 0, report
    assert report["clean"] and report["has_settled"], report
    assert len(report["acts"]) == report["counts"]["acts"] == report["acts_answered"]["count"] > 10
    assert report["acts_told"]["count"] > 100 and all(act["answered_ms"] > 0 for act in report["acts"])
    far = [act for act in report["acts"] if "applied" in act]
    assert len(far) > 5 and all(0 < act["applied"] <= act["viewers"] for act in far), report["acts"]


def test_a_process_that_does_not_take_over_is_a_violation(monkeypatch, tmp_path):
    """Its secret is spoilt when the first one has read it; which goes on serving."""
    def spoil():
        eventually("the first to listen", lambda: any('"listening"' in log.read_text() for log in tmp_path.glob("roar-*/log-1")))
        next(tmp_path.glob("roar-*/secret")).write_text("short\n", encoding="utf-8")

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    spoiler = threading.Thread(target=spoil)
    spoiler.start()
    code, report = bench("--spawn", "--viewers", 6, "--rate", 20, "--seconds", 3, "--upgrade-at", 2)
    spoiler.join()
    assert code == 1 and not report["clean"]
    assert {name: times for name, times in report["violations"].items() if times} == {"refused": 1}
    assert "secret" in report["words"][0], report["words"]
    assert report["counts"]["answered"] == 60 and report["counts"]["deliveries"] == 360


def test_a_server_of_its_own_beside_the_bare_loop():
    code, report = bench("--spawn", "--viewers", 50, "--rate", 20, "--seconds", 2, "--pairs", 2, "--acts", 5)
    assert code == 0, report
    assert report["loop_ms"] > 0 and report["counts"]["acts"] > 0
    assert len(report["pairs"]) == 2
    assert all(floor > 0 and ours > 0 for floor, ours in report["pairs"])


def test_nobody_there():
    code, out, err = run("bench", "--url", "http://127.0.0.1:1", "--viewers", "0", "--token", "x", "--seconds", "1")
    assert code == 1 and out == "" and "roar bench:" in err


@pytest.mark.parametrize("args", [("--viewers", "many"), ("--transport", "pigeon"), ("--lane", "best"), ("--compress", "most"),
                                  ("--upgrade-at", "10", "--seconds", "10"), ("--pairs", "2", "--rate", "max")])
def test_what_it_does_not_take(args):
    code, out, err = run("bench", "--spawn", *args)
    assert code == 2 and out == "" and "roar help bench" in err


def test_only_a_server_of_its_own_is_replaced():
    code, out, err = run("bench", "--url", "http://127.0.0.1:1", "--upgrade-at", "1")
    assert code == 2 and out == "" and "--spawn" in err


@pytest.mark.parametrize("lie, fault", [
    ("none", None), ("lost", "lost"), ("hidden", "lost"), ("doubled", "double"), ("reordered", "order"), ("prev", "prev"),
    ("gap", "gap"), ("spared", "gap"), ("alien", "alien"), ("id", "frame"), ("json", "frame"), ("answer", "lost"),
    ("acts", None), ("removed", "removed")])
def test_a_lying_server(lie, fault):
    with Liar(lie) as liar:
        code, report = bench("--url", liar.url, "--token", "x", "--viewers", 3, "--rate", 20, "--seconds", 1,
                             "--posters", 1, "--settle", 1, *(("--acts", 4) if lie in ("acts", "removed") else ()))
    if lie in ("acts", "removed"):
        assert report["counts"]["acts"] > 0, report
    faults = {name: times for name, times in report["violations"].items() if times}
    if fault is None:
        assert code == 0 and not faults, report
    else:
        assert code == 1 and fault in faults, report
        assert report["words"], report


@pytest.mark.slow
def test_crowds_and_rates_grow_step_by_step():
    code, report = bench("--spawn", "--viewers", "10,30", "--rate", "5,20", "--seconds", 1, "--pairs", 1)
    assert code == 0, report
    assert [(step["viewers"], step["rate"]) for step in report["steps"]] == [(10, 5), (30, 5), (30, 20)]
    for step in report["steps"]:
        assert step["deliveries"] == step["visible"]["count"] > 0
        assert step["floor_writes"] > 0 and step["cpu_ns"] > 0 and step["floor_cpu_ns"] > 0
    # What comes after a pause of a busy machine is the next step's.
    for count in (lambda step: step["deliveries"], lambda step: step["floor_writes"],
                  lambda step: step["floor_visible"]["count"]):
        assert sum(map(count, report["steps"])) == sum(step["viewers"] * step["rate"] for step in report["steps"])


def test_a_peer_is_read_and_what_it_lost_is_counted():
    with Peer(forgets=4) as peer:
        code, report = bench("--peer", "nchan", "--url", peer.url, "--viewers", 3, "--rate", 10, "--seconds", 1, "--bytes", 300,
                             "--settle", 1)
    assert code == 0 and report["clean"], report
    assert report["counts"]["answered"] == 10 and report["counts"]["deliveries"] == 29 and report["counts"]["missing"] == 1
    assert report["visible"]["count"] == 29


class Fake:
    """A server in memory: what is posted goes into a log, and each who follows is told of it in a Handler's own way."""

    def __init__(self):
        self.log = []
        self.news = threading.Condition()
        self.is_over = False
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.Handler)
        self.server.daemon_threads = True
        self.server.fake = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *failure):
        with self.news:
            self.is_over = True
            self.news.notify_all()
        self.server.shutdown()
        self.server.server_close()

    def follow(self):
        """All of the log, as it comes, until the server ends."""
        told = 0
        while True:
            with self.news:
                self.news.wait_for(lambda: len(self.log) > told or self.is_over)
                if self.is_over:
                    return
                fresh = self.log[told:]
            yield from fresh
            told += len(fresh)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        @property
        def fake(self):
            return self.server.fake

        def body(self):
            return self.rfile.read(int(self.headers["Content-Length"]))

        def answer(self, status, body=b""):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def begin(self):
            """An answer that ends with the connection."""
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()

        def log_message(self, *args):
            pass


class Peer(Fake):
    """As much of nchan as a bench needs; the first who reads is not sent message number `forgets`."""

    def __init__(self, forgets):
        super().__init__()
        self.forgets = forgets
        self.readers = 0

    def take(self, body):
        with self.news:
            self.log.append(body)
            self.news.notify_all()

    def comes_first(self):
        with self.news:
            self.readers += 1
            return self.readers == 1

    class Handler(Fake.Handler):
        def do_POST(self):
            self.fake.take(self.body())
            self.answer(202)

        def do_GET(self):
            is_first = self.fake.comes_first()
            self.begin()
            self.wfile.write(b": hi\n\n")
            for at, body in enumerate(self.fake.follow()):
                if not (is_first and at == self.fake.forgets):
                    self.wfile.write(b"id: 1:%d\ndata: %s\n\n" % (at, body))


LIE_AT = 5  # the comment that it lies about


class Liar(Fake):
    """As much of a server as a bench needs: posts, SSE and the log, in memory, with one lie in what it sends."""

    def __init__(self, lie):
        super().__init__()
        self.lie = lie

    class Handler(Fake.Handler):
        def do_POST(self):
            asked, stream = json.loads(self.body()), self.path.split("/")[3]
            if self.path.endswith("/moderation"):
                self.answer_json(200, self.fake.remove(stream, asked["seq"]))
            else:
                self.answer_json(201, self.fake.post(stream, asked["cid"]))

        def do_GET(self):
            if "/moderation/" in self.path:
                self.answer(404)
            elif self.path.split("?")[0].endswith("/log"):
                after = int(re.search(r"after=(?:\w+\.)?(\d+)", self.path)[1])
                events = [event for event in self.fake.kept() if event["seq"] > after]
                self.answer_json(200, {"epoch": "e1", "cursor": f"e1.{len(self.fake.log)}", "events": events, "more": False})
            else:
                self.stream()

        def answer_json(self, status, value):
            self.answer(status, json.dumps(value).encode())

        def stream(self):
            self.begin()
            self.send(None, {"type": "hello", "stream": self.path.split("/")[3], "epoch": "e1", "seq": 0})
            for event in self.fake.follow():
                for line, data in self.fake.told(event):
                    self.send(line, data)

        def send(self, line, data):
            text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
            head = f"id: e1.{line}\n" if line else ""
            try:
                self.wfile.write(f"{head}data: {text}\n\n".encode())
            except OSError:
                pass  # the viewer left; the next wait ends with the server

    def post(self, stream, cid):
        with self.news:
            seq = len(self.log) + 1
            self.log.append({"type": "comment", "stream": stream, "seq": seq, "prev": seq - 1, "id": f"i{seq}",
                             "cid": cid, "at": seq, "text": "t"})
            self.news.notify_all()
        return {"id": f"i{seq}", "seq": seq + 100 if self.lie == "answer" and seq == LIE_AT else seq}

    def remove(self, stream, target):
        with self.news:
            seq = len(self.log) + 1
            self.log.append({"type": "retract", "stream": stream, "seq": seq, "prev": seq - 1, "at": seq, "seqs": [target]})
            self.news.notify_all()
        return {"act": f"a{seq}", "seq": seq}

    def kept(self):
        """The log as it is told: of an alien event it knows nothing."""
        if self.lie != "alien":
            return list(self.log)
        events = [event for event in self.log if event["seq"] != LIE_AT]
        return [{**event, "prev": LIE_AT - 1} if event["prev"] == LIE_AT else event for event in events]

    def told(self, event):
        """What a viewer is sent for an event: pairs of SSE id and data."""
        seq = event["seq"]
        honest = [(seq, event)]
        if event["type"] == "retract" and self.lie == "removed":
            return [*honest, (event["seqs"][0], self.log[event["seqs"][0] - 1])]
        if seq == LIE_AT:
            before = self.log[seq - 3]
            gap = {"type": "gap", "stream": event["stream"], "from": seq, "to": seq, "carried": 0, "shed": 2, "removed": 0}
            spared = {**gap, "shed": 0, "removed": 1}  # it is not
            return {"lost": [], "spared": [(None, spared)], "hidden": [], "doubled": honest * 2, "reordered": [*honest, (before["seq"], before)],
                    "prev": [(seq, {**event, "prev": seq - 3})], "gap": [(None, gap)], "id": [(seq + 1, event)],
                    "json": [(seq, "{no")]}.get(self.lie, honest)
        if seq == LIE_AT + 1 and self.lie == "hidden":
            return [(seq, {**event, "prev": seq - 2})]
        return honest
