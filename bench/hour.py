#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a server's user memory does in an hour of traffic, minute by minute.

  hour.py [--binary build/release/roar] [--minutes 60] [--viewers 6000] [--out FILE]

Half the viewers come by SSE, half by WebSocket; one in ten of each inflates and comes back by cursor every 30 s on average.
Before, the caches that have a size are filled: comments are posted until the store keeps no page more, and for two minutes
there is more traffic than later. Before the hour and after it as many viewers watch streams in which nobody says
anything: their memory is what an idle viewer costs. Every run of `roar bench` judges what its viewers were sent.
Caches are told apart, by the server's own metrics. Exits 1 when a viewer was wronged, or when an idle viewer
costs GROWTH_MAX more than before.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from run import METRICS_TOKEN, ROOT, Server, environment, machine, say, versions

GROWTH_MAX = 0.05  # of an idle viewer's memory
RATE, TEXT_BYTES = 2, 100  # a frame of 300 bytes, twice a second in each stream
FULL_RATE, FULL_MINUTES, FULL_S, FULL_TIMES = 10, 2, 8, 12
IDLE_S, CALM_S = 75, 45    # a ring gives its memory back ten seconds after it was full; 15 s later come heartbeats
SETTLED_MINUTES = 10
OWN = ("conn", "viewer", "ring", "stream", "engine", "other")
COUNTED = ("roar_memory_bytes", "roar_connections", "roar_viewers", "roar_streams", "roar_compress_memory_bytes",
           "roar_joins_total", "roar_deliveries_total", "roar_hub_events_total")


class Patient:
    """The server whose memory is read, and what was read."""

    def __init__(self, binary, folder):
        self.server = Server(binary, folder, {"ROAR_METRICS_TOKEN": METRICS_TOKEN})
        self.server.start()
        threading.Thread(target=self.listen, daemon=True).start()
        self.began = time.monotonic()
        self.samples = []

    def listen(self):
        with suppress(ValueError):  # closed, at the end
            for line in self.server.process.stderr:
                if json.loads(line)["level"] not in ("info", "debug"):
                    say(line.rstrip())

    def metrics(self):
        ask = urllib.request.Request(self.server.url + "/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        with urllib.request.urlopen(ask, timeout=30) as answer:
            lines = [line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines if name.startswith(COUNTED)}

    def viewers(self):
        metrics = self.metrics()
        return sum(metrics[f'roar_connections{{kind="{kind}"}}'] for kind in ("sse", "ws"))

    def sample(self, phase):
        rollup = Path(f"/proc/{self.server.process.pid}/smaps_rollup").read_text(encoding="ascii")
        anon = next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Anonymous:"))
        taken = {"s": round(time.monotonic() - self.began, 1), "phase": phase, "anon_bytes": anon, "metrics": self.metrics()}
        self.samples.append(taken)
        held = {name[24:-2]: int(value) for name, value in taken["metrics"].items() if name.startswith("roar_memory_bytes")}
        say(f"{taken['s']:8.0f} s  {phase:<8} {anon / 1024:9.0f} KiB anonymous  "
            + " ".join(f"{kind} {size // 1024}" for kind, size in held.items()))
        return taken


class Crowds:
    """Runs of `roar bench` at the same time against one server."""

    def __init__(self, patient):
        self.patient, self.reports, self.running = patient, [], []

    @contextmanager
    def come(self, phase, seconds, *crowds):
        for crowd in crowds:
            args = ["bench", "--url", self.patient.server.url, "--secret-file", self.patient.server.secret,
                    "--seconds", seconds, "--settle", 60, *crowd, "--json"]
            self.running.append((phase, args, subprocess.Popen([str(self.patient.server.binary), *map(str, args)],
                                                               env=environment(), stdout=subprocess.PIPE, text=True)))
        yield
        for phase, args, process in self.running:
            out = process.communicate()[0]
            if not out.startswith("{"):
                sys.exit(f"roar bench ended with {process.returncode}")
            self.reports.append({"phase": phase, "args": [str(arg) for arg in args], "report": json.loads(out)})
        self.running = []

    def wait_in(self, count):
        """Those who come back are away for a moment: nearly all is all."""
        while self.patient.viewers() < 0.99 * count:
            if any(process.poll() is not None for _, _, process in self.running):
                sys.exit("a crowd did not come in")
            time.sleep(0.5)

    def are_clean(self):
        return all(run["report"]["clean"] for run in self.reports)


def talking(viewers, rate):
    """As arguments of `roar bench`."""
    back = viewers // 20
    rate = ("--rate", rate, "--bytes", TEXT_BYTES)
    return [(*rate, "--transport", kind, "--viewers", count, *more) for kind in ("sse", "ws")
            for count, more in ((viewers // 2 - back, ()), (back, ("--compress", 100, "--reconnect-every", 30)))]


def idle(patient, crowds, viewers, name):
    with crowds.come(name, IDLE_S, *(("--idle", "--transport", kind, "--viewers", viewers // 2) for kind in ("sse", "ws"))):
        crowds.wait_in(viewers)
        time.sleep(CALM_S)
        return patient.sample(name)


def fill(patient, crowds):
    """Until the store keeps no page more."""
    pages = -1
    for _ in range(FULL_TIMES):
        before, pages = pages, held(patient.sample("fill"), "sqlite")
        if pages == before:
            return
        with crowds.come("fill", FULL_S, ("--viewers", 0, "--posters", 64, "--rate", "max", "--bytes", TEXT_BYTES)):
            pass


def traffic(patient, crowds, viewers, name, rate, minutes):
    with crowds.come(name, 60 * minutes, *talking(viewers, rate)):
        crowds.wait_in(viewers)
        began = time.monotonic()
        for minute in range(1, minutes):
            time.sleep(max(0, began + 60 * minute - time.monotonic()))
            patient.sample(name)


def held(taken, *kinds):
    return sum(taken["metrics"][f'roar_memory_bytes{{kind="{kind}"}}'] for kind in kinds)


def judge(samples, viewers):
    """What is told, in bytes a viewer but for anon; `grown` counts: what viewers, connections, rings and streams hold.

    Pages of the store and the newest events of streams fill caches that have a size, whoever watches. What the server does not
    count is what the allocator adds: a few percent of what is held.
    """
    empty, before, after = (next(taken for taken in samples if taken["phase"] == phase) for phase in ("empty", "before", "after"))
    hour = [taken for taken in samples if taken["phase"] == "hour"]
    first, last = hour[min(len(hour) - 1, SETTLED_MINUTES)], hour[-1]  # every ring is at its size by then

    def told(name, one, two):
        own, caches = OWN, ("sqlite", "event")
        uncounted = [taken["anon_bytes"] - held(taken, *own, *caches) for taken in (one, two)]
        return {f"{name}_own_first": (held(one, *own) - held(empty, *own)) / viewers,
                f"{name}_own_last": (held(two, *own) - held(empty, *own)) / viewers,
                f"{name}_caches_grown": (held(two, *caches) - held(one, *caches)) / viewers,
                f"{name}_uncounted_grown": (uncounted[1] - uncounted[0]) / viewers,
                f"{name}_anon_first": one["anon_bytes"], f"{name}_anon_last": two["anon_bytes"]}

    figures = told("idle", before, after) | told("traffic", first, last)
    return {"grown": figures["idle_own_last"] / figures["idle_own_first"] - 1} | figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/roar")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--viewers", type=int, default=6000)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    began = datetime.now(timezone.utc)
    binary = args.binary.resolve()
    with tempfile.TemporaryDirectory() as folder:
        patient = Patient(binary, Path(folder))
        crowds = Crowds(patient)
        patient.sample("empty")
        fill(patient, crowds)
        traffic(patient, crowds, args.viewers, "warm-up", FULL_RATE, FULL_MINUTES)
        idle(patient, crowds, args.viewers, "before")
        traffic(patient, crowds, args.viewers, "hour", RATE, args.minutes)
        idle(patient, crowds, args.viewers, "after")
        patient.server.stop()
    told = judge(patient.samples, args.viewers)
    is_well = crowds.are_clean() and told["grown"] <= GROWTH_MAX
    out = args.out or ROOT / "bench/results" / f"hour-{began:%Y-%m-%d}.json"
    out.write_text(json.dumps({"at": began.isoformat(timespec="seconds"), "minutes": args.minutes, "viewers": args.viewers,
                               "machine": machine(), "versions": versions(binary), "clean": crowds.are_clean(), **told,
                               "samples": patient.samples, "runs": crowds.reports}, indent=1) + "\n", encoding="utf-8")
    for name, value in told.items():
        print(f"{name:<28} {value:,.3f}")
    print("clean" if crowds.are_clean() else "NOT clean")
    say(f"all that was measured: {out}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
