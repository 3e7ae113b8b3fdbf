# SPDX-License-Identifier: Apache-2.0
"""The world at its worst under a seed, for as long as one likes: test_world_soak.py runs it, tools/soak runs it for long.

It goes by chapters, each on a stream of its own: posters and viewers straight, by a way that cuts all into seven
bytes, by one that resets, and from an address that is cut off and mended; beside them some that read a byte a second.
Faults come one after the other by chance. A chapter ends with the checker over everybody. In the first third of the time
the server is killed and restarted, too; then it must live on, and its memory and files are watched between chapters.
"""
import contextlib
import os
import random
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from checker import check_view
from crowd import KINDS, Crowd
from herd import Herd
from proxy import Proxy
from readers import open_reader
from roar import eventually
from trickle import Trickle

SETTINGS = {"presence.ttl_s": 4, "presence.beat_s": 1, "delivery.stall_s": 5, "drain_s": 3, "limits.conns_address": 0}
LONG_S = 400 * 86400
HOUR_S = 3600
FAULTS_A_CHAPTER = 6
# Kinds of memory that use fills up to a bound (docs/limits.md, "The log"): newest events, the store's pages, both with
# what stands around them.
CACHES_MAX_KIB = {"event": 160 * 1024, "sqlite": 48 * 1024}


def reset_life(rng):
    return int(10 ** rng.uniform(0, 4) if rng.random() < 0.7 else 300000)


@dataclass
class Sample:
    anonymous_kib: float
    kept_kib: float  # by the server's own count
    files: int
    kinds: dict  # KiB of each, to see what grew

    @property
    def cached_kib(self):
        return sum(self.kinds[kind] for kind in CACHES_MAX_KIB)

    @property
    def held_kib(self):
        """What is held for somebody: nobody is there."""
        return self.kept_kib - self.cached_kib

    @property
    def uncounted_kib(self):
        """What the allocator keeps, threads, libraries, and what leaks."""
        return None if self.anonymous_kib is None else self.anonymous_kib - self.kept_kib


class Chapter:
    """One stream, everybody who is there, and what befalls them."""

    def __init__(self, soak, number):
        self.soak, self.roar, self.rng, self.network = soak, soak.roar, soak.rng, soak.network
        self.stream = f"soak-{number}"
        self.far = self.network.far()
        self.crowds = []
        self.herds = []  # (view, the seq it had when it went)

    def gather(self, stack):
        ways = [self.roar, stack.enter_context(Proxy(self.roar.address, piece=7)),
                stack.enter_context(Proxy(self.roar.address, life=reset_life, seed=self.rng.random())), self.roar]
        for number, way in enumerate(ways):
            source = self.far if number == 3 else None
            crowd = Crowd(way, self.stream, pause_s=0.03, ttl_s=LONG_S, source=source)
            self.crowds.append(crowd)
            crowd.up.set()
            crowd.post_by(f"p{number}")
            for kind in KINDS:
                crowd.view_by(kind, number)
        self.crowds[0].wait_more(10)
        stack.enter_context(Trickle(self.roar, self.stream, 5))

    def play(self):
        with contextlib.ExitStack() as stack:
            self.gather(stack)
            for _ in range(FAULTS_A_CHAPTER):
                fault = self.rng.choice(self.soak.faults())
                self.soak.say(f"{self.stream}: {fault}")
                getattr(self, fault)()
                self.crowds[0].wait_more(10)
            self.end()

    def end(self):
        log = self.crowds[0].finish(self.roar, *self.crowds[1:])
        found = [fault for view, seq in self.herds
                 for fault in check_view([event for event in log if event["seq"] <= seq], view)]
        assert found == [], "\n".join(found)
        self.soak.events += len(log)
        self.roar.posted(self.stream, "good night", as_token=self.soak.bearer)  # wakes viewers, who go

    # ---- the faults ----

    def restart(self, stop):
        for crowd in self.crowds:
            crowd.up.clear()
        stop()
        self.roar.start()
        for crowd in self.crowds:
            crowd.up.set()

    def kill(self):
        self.restart(self.roar.kill)

    def terminate(self):
        def stop():
            assert self.roar.stop() == 0

        self.restart(stop)

    def freeze(self):
        self.roar.signal(signal.SIGSTOP)
        self.soak.pause(self.rng.uniform(0.2, 3))
        self.roar.signal(signal.SIGCONT)

    def step_the_clock(self):
        self.roar.faults.set_clock(self.rng.choice((HOUR_S, -HOUR_S, 0, self.rng.randrange(-HOUR_S, HOUR_S))))

    def stall_the_disk(self):
        self.roar.faults.on("stall")
        self.soak.pause(self.rng.uniform(0.1, 1))
        self.roar.faults.off("stall")

    def cut_and_mend(self):
        self.network.cut(self.far)
        self.soak.pause(self.rng.uniform(0.2, 2))
        self.network.mend(self.far)

    def die_silently(self):
        source = self.network.far()
        gone = [open_reader(kind, self.roar, self.stream, source=source) for kind in ("sse", "ws", "sse")]
        self.network.cut(source)
        for reader in gone:
            reader.close()

    def herd(self):
        with Herd(self.roar, self.stream, 150) as herd:
            newest = self.crowds[0].answers[-1].seq
            herd.run("the herd to be caught up", lambda: herd.have_all_seen(newest), at_once=True)
            assert all(status in (429, 503) and int(wait) >= 1 for status, wait in herd.refusals())
            self.herds += [(member.view, member.seq) for member in herd.members]


class Soak:
    def __init__(self, roar, network, bearer, *, seconds, seed):
        self.roar, self.network, self.bearer = roar, network, bearer
        self.rng = random.Random(seed)
        self.begun = time.monotonic()
        self.seconds = seconds
        self.events = 0
        self.samples = []  # between chapters, of the process that lives on
        self.pause = threading.Event().wait

    def passed(self):
        return (time.monotonic() - self.begun) / self.seconds

    def faults(self):
        always = ["freeze", "step_the_clock", "stall_the_disk", "cut_and_mend", "die_silently", "herd"]
        return always + ["kill", "terminate"] * 2 if self.passed() < 1 / 3 else always

    def say(self, text):
        print(f"{time.monotonic() - self.begun:7.1f} s  {text}", flush=True)

    def run(self):
        number = 0
        while self.passed() < 1 or len(self.samples) < 2:
            number += 1
            Chapter(self, number).play()
            if self.passed() >= 1 / 3:
                self.samples.append(self.measure())
                self.say(f"{self.events} events; {self.samples[-1]}")

    def measure(self):
        """When everybody has gone: KiB anonymous (None under a sanitizer, which keeps what is freed), KiB by kind."""
        def is_quiet():
            metrics = self.roar.metrics()
            return metrics['roar_connections{kind="sse"}'] + metrics['roar_connections{kind="ws"}'] == 0

        eventually("everybody to have gone", is_quiet, 60)
        process = Path("/proc") / str(self.roar.process.pid)
        status = (process / "status").read_text(encoding="ascii")
        anonymous = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))
        is_sanitized = any(name in (process / "maps").read_text(encoding="utf-8") for name in ("libasan", "libtsan"))
        kinds = {name.split('"')[1]: round(value / 1024) for name, value in self.roar.metrics().items()
                 if name.startswith("roar_memory_bytes")}
        files = len(os.listdir(process / "fd"))
        return Sample(None if is_sanitized else anonymous, sum(kinds.values()), files, kinds)
