# SPDX-License-Identifier: Apache-2.0
"""A new process takes over while everybody talks: no connection is reset, no answered post lost, whoever fails on the way."""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading

import pytest

import roar as roar_module
from crowd import Crowd
from http1 import DEADLINE_S, Conn
from readers import open_reader
from roar import BINARY, environment, eventually
from successor import READY, REFUSED, YOURS, Successor, fork_borrower


@pytest.fixture
def ends():
    """Whatever follows is ended with the test."""
    followers = []
    yield followers.append
    for follower in followers:
        follower.done()


class Prober:
    """Asks over a new connection each time; every one has to be answered."""

    def __init__(self, server):
        self.address = server.address
        self.answers, self.faults = 0, []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(DEADLINE_S)

    def run(self):
        while not self.over.is_set():
            try:
                with Conn(self.address) as conn:
                    status = conn.ask("GET", "/healthz").status
                assert status == 200, status
                self.answers += 1
            except Exception as error:  # told by the test, not lost in a thread
                self.faults.append(repr(error))


FAST = {"drain_s": 5}


@pytest.mark.parametrize("own_files", ["false", "true"])
def test_upgrades_in_a_row_lose_nothing(start, stream, ends, own_files):
    """With fewer and with more reactors than before, too."""
    server = start({**FAST, "workers": 2, "own_files": own_files})
    crowd = Crowd(server, stream).fill(posters=3, viewers=1)
    with Prober(server) as prober:
        for workers in (2, 1, 3, 2):
            crowd.wait_more(40)
            before, server = server, server.upgrade("--workers", str(workers))
            ends(server)
            assert before.wait() == 0
            assert before.wait_log("the new process serves")["away_ms"] < 2000
        crowd.wait_more(30)
        crowd.finish(server)
    assert prober.faults == [] and prober.answers > 20
    assert server.metrics()['roar_upgrades_total{outcome="given"}'] == 0
    assert server.stop() == 0


def test_viewers_are_told_to_come_back(start, stream, ends):
    server = start({"drain_s": 5})
    viewers = [open_reader(kind, server, stream) for kind in ("sse", "ws") for _ in range(5)]
    ends(server.upgrade())
    waits = [viewer.find("goaway")["retry_ms"] for viewer in viewers]
    assert len(set(waits)) > 1 and all(1000 <= wait <= 15000 for wait in waits)
    for viewer in viewers:
        viewer.close()
    assert server.wait() == 0


def test_sigusr2_starts_the_binary_that_lies_there_now(start, stream, monkeypatch, tmp_path):
    binary = tmp_path / "roar"
    shutil.copy(BINARY, binary)
    monkeypatch.setattr(roar_module, "BINARY", str(binary))
    server = start({"drain_s": 5})
    first = server.posted(stream)["seq"]

    binary.unlink()
    binary.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    binary.chmod(0o755)
    server.signal(signal.SIGUSR2)
    assert server.wait_log("the new process ended")["exit"] == 3
    assert server.posted(stream)["seq"] == first + 1

    binary.unlink()
    shutil.copy(BINARY, binary)
    before = len(server.logs)
    server.signal(signal.SIGUSR2)
    child = server.wait_log("a new process was started", since=before)["pid"]
    try:
        server.wait_log("listening", since=before)
        eventually("the old one to end", lambda: server.process.poll() == 0)
        assert server.posted(stream)["seq"] == first + 2
    finally:
        os.kill(child, signal.SIGTERM)
    eventually("the new one to end", lambda: server.reader.is_alive() is False)


def test_nobody_to_follow_is_a_start(start, stream):
    server = start(flags=("--dev", "--upgrade"))
    server.wait_log("nobody serves this folder: there is nothing to take over")
    assert server.posted(stream)["seq"] == 1
    assert server.stop() == 0
    assert not (server.data / "roar.sock").exists()


@pytest.mark.parametrize("flags, settings, code", [
    (("--listen", "127.0.0.2:0"), {}, 2),  # a flag given later wins
    (("--limits-post-user", "many"), {}, 2),
    ((), {"secret_file": "/nowhere"}, 1),
    ((), {"auth.jwks_url": "/nowhere"}, 1),
])
def test_a_new_one_that_cannot_start_changes_nothing(start, stream, ends, flags, settings, code):
    server = start()
    with open_reader("sse", server, stream) as viewer:
        follower = server.follow(*flags, settings=settings)
        ends(follower)
        assert follower.wait() == code, follower.logs
        seq = server.posted(stream, "still here")["seq"]
        assert viewer.find("comment")["seq"] == seq
    assert server.stop() == 0


def test_a_bench_is_clean_across_upgrades(start, ends):
    """Its own judge, on all transports, with readers that stall and readers that come and go."""
    server = start(FAST)
    bench = subprocess.Popen(
        [BINARY, "bench", "--url", server.url, "--secret-file", str(server.folder / "secret"), "--viewers", "100",
         "--transport", "mix", "--stalled", "10", "--reconnect-every", "3", "--rate", "40", "--seconds", "6", "--json"],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for _ in range(2):
        eventually("it to post", lambda: server.metrics()['roar_posts_total{outcome="done"}'] >= 40)
        server = server.upgrade()
        ends(server)
    report = json.loads(bench.communicate(timeout=DEADLINE_S + 60)[0])
    assert report["clean"], (report["violations"], report["words"])
    assert report["counts"]["goaways"] > 0 and report["counts"]["answered"] > 200
    assert bench.returncode == 0


# ---- the one that follows breaks off ----

def test_one_that_goes_before_it_is_ready_changes_nothing(start, stream):
    server = start()
    with Successor(server) as successor:
        successor.ask()
        assert len(successor.sockets) >= 1
        assert server.posted(stream)["seq"] == 1
    server.wait_log("an upgrade failed: we go on")
    assert server.posted(stream)["seq"] == 2
    assert server.metrics()['roar_upgrades_total{outcome="failed"}'] == 1


def test_one_that_dies_with_the_folder_is_followed_by_the_old(start, stream):
    """Posts wait meanwhile, newcomers too; both are served when it is taken back."""
    server = start()
    server.posted(stream)
    with open_reader("sse", server, stream) as viewer, server.conn() as known:
        known.ask("GET", "/healthz")
        with Successor(server) as successor:
            successor.borrow()
            held = successor.lock()
            assert known.ask("GET", "/readyz").status == 503
            known.request("POST", f"/v1/streams/{stream}/comments", token=roar_module.token("ann"),
                          body={"text": "while nobody has it"})
            newcomer = server.conn()
            newcomer.request("GET", "/healthz")
            with pytest.raises(TimeoutError):
                newcomer.socket.settimeout(0.2)
                newcomer.socket.recv(1, socket.MSG_PEEK)
            newcomer.socket.settimeout(DEADLINE_S)
        server.wait_log("an upgrade failed: the data folder is taken back")
        os.close(held)  # the lock outlived the connection for a moment
        assert known.response().status == 201
        assert newcomer.response().status == 200
        newcomer.close()
        assert [comment["text"] for comment in viewer.comments(2)] == ["hello", "while nobody has it"]
        assert known.ask("GET", "/readyz").status == 200
    assert server.stop() == 0


def test_one_that_stands_still_with_the_folder_is_killed(start, stream):
    server = start({"upgrade_s": 3, "limits.hold_ms": 500})
    pid = fork_borrower(server)
    refused = server.post(stream, "too early")  # newcomers are served again after hold_ms
    assert refused.status == 503 and refused.problem() == "draining" and refused.header("retry-after") == "1"
    server.wait_log("the new process does not serve in time: killed")
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    server.wait_log("posts are taken again")
    assert server.posted(stream)["seq"] == 1


def test_it_can_be_stopped_while_it_is_lent(start):
    server = start({"drain_s": 5})
    with Successor(server) as successor:
        successor.borrow()
        assert server.stop() == 0


# ---- who may follow ----

def test_another_version_of_the_handover_is_refused_by_name(start, stream):
    server = start()
    with Successor(server, version=7) as successor:
        successor.say(1)
        kind, why = successor.hear()
        assert kind == REFUSED and "version" in why
    assert server.posted(stream)["seq"] == 1


def test_one_at_a_time(start):
    server = start()
    with Successor(server) as first, Successor(server) as second:
        first.ask()
        kind, why = second.hear()
        assert kind == REFUSED and "already" in why
        first.say(READY)
        first.until(YOURS)
    server.wait_log("posts are taken again")


def test_what_is_no_successor_is_turned_away(start, stream):
    server = start()
    for magic in (b"somebody", b"\0" * 8):
        with Successor(server, magic=magic) as stranger:
            stranger.say(1)
            assert stranger.hear()[0] in (REFUSED, None)
    with Successor(server) as hasty:
        hasty.say(7)
        assert hasty.hear()[0] is None
    assert server.posted(stream)["seq"] == 1
    assert (server.data / "roar.sock").stat().st_mode & 0o777 == 0o600


# ---- kill -9 of either in the middle ----

def taking_over(start, stream, ends):
    """A server with posters and viewers, them, and a process that follows it."""
    server = start(FAST)
    crowd = Crowd(server, stream).fill(posters=3, viewers=1)
    crowd.wait_answers(60, 60)
    follower = server.follow()
    ends(follower)
    return server, crowd, follower


@pytest.mark.parametrize("seed", range(4))
def test_the_old_one_killed_in_the_middle_loses_nothing(start, stream, ends, seed):
    chance = random.Random(seed)
    server, crowd, follower = taking_over(start, stream, ends)
    if seed > 0:
        server.wait_log("a new process asks to take over")
    threading.Event().wait(chance.uniform(0, 0.03))
    server.kill()
    follower.wait_log("listening")
    crowd.wait_more(30)
    crowd.finish(follower)
    assert follower.stop() == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_new_one_killed_in_the_middle_loses_nothing(start, stream, ends, seed):
    chance = random.Random(seed)
    server, crowd, follower = taking_over(start, stream, ends)
    server.wait_log("a new process asks to take over")
    threading.Event().wait(chance.uniform(0, 0.03))
    follower.kill()
    if any("the new process serves" in line for line in server.logs):
        assert server.wait() == 0
        server.start()
    else:
        eventually("it to go on", lambda: any("an upgrade failed" in line for line in server.logs))
    crowd.wait_more(30)
    crowd.finish(server)
    assert server.stop() == 0
