#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""make bench-peers: Roar, the bare send() loop and other servers in one run, each round through all of them.

  peers.py [--binary build/release/roar] [--quick] [--rounds N] [--only NAME]... [--out FILE]

Needs what bench/peers/install brings. Writes everything measured as JSON; bench/page.py makes the page of it.
A server that does not start, or a run that does not end, is named in the results and left out. Exit code 1: Roar wronged
a viewer, or could not be measured.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from run import ROOT, SECRET, environment, machine, say, versions

HOME = ROOT / "build/peers"
SETUPS = ROOT / "bench/peers"
START_S, RUN_S, STOP_S = 10, 150, 5
PINS = json.loads((HOME / "pins.json").read_text()) if (HOME / "pins.json").exists() else {}

# What each of them is asked for. Message sizes are such that each sends about 300 bytes a delivery.
FULL = {
    "stairs": ("--viewers", "1000,10000", "--rate", "2,5,10,20,50", "--seconds", "1"),
    "slow": ("--viewers", "300", "--rate", "60,60", "--seconds", "3", "--stalled", "10"),
    "storm": ("--viewers", "5000", "--rate", "2,2", "--seconds", "1", "--storm", "1"),
}
QUICK = {
    "stairs": ("--viewers", "500", "--rate", "2,20", "--seconds", "1"),
    "slow": ("--viewers", "100", "--rate", "50,50", "--seconds", "1", "--stalled", "10"),
    "storm": ("--viewers", "500", "--rate", "2,2", "--seconds", "1", "--storm", "1"),
}
ROAR_TEXT_BYTES, PEER_BYTES, LARGE_BYTES = 62, 275, 2000


# ---- who is measured ----

class Roar:
    name, version = "roar", ""
    about = "one reactor (`--workers 1`), otherwise as installed: every comment is on the disk before anybody sees it"

    def run(self, binary, transport, args, large, floor):
        text = LARGE_BYTES if large else ROAR_TEXT_BYTES
        pairs = ("--pairs", "1") if floor else ()
        variables = {"ROAR_LIMITS_TEXT_POINTS": str(LARGE_BYTES)} if large else {}
        return bench(binary, "--spawn", "--server-workers", "1", "--transport", transport, "--bytes", text, *pairs, *args,
                     variables=variables)


class Peer:
    """A server of somebody else's: how it is started, from what folder, and which of its processes does the work."""

    def __init__(self, name, version, about, start):
        self.name, self.version, self.about, self.start = name, version, about, start

    def run(self, binary, transport, args, large, floor):
        del floor  # it is measured beside Roar
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            server = Processes(Path(folder))
            try:
                port, pid, more = self.start(server)
                return bench(binary, "--peer", self.name, "--url", f"http://127.0.0.1:{port}", "--pid", pid, "--settle",
                             10 if large else 2, "--transport", transport, "--bytes",
                             LARGE_BYTES if large else PEER_BYTES, *more, *args)
            finally:
                server.stop()


class Processes:
    """What one run started; they alone are ended."""

    def __init__(self, folder):
        self.folder, self.all = folder, []

    def start(self, *command, port, variables=None):
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen([str(part) for part in command], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                       stderr=log, env=environment() | (variables or {}))
        self.all.append(process)
        end = time.monotonic() + START_S
        while time.monotonic() < end and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return process.pid
            time.sleep(0.02)
        raise Failed(f"{Path(command[0]).name} does not start: {self.words()}")

    def child(self, pid):
        """The first process that `pid` has started: it does the work."""
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            if children:
                return children[0]
            time.sleep(0.02)
        raise Failed(f"process {pid} starts no other: {self.words()}")

    def words(self):
        return (self.folder / "log").read_text(errors="replace")[-300:].strip()

    def stop(self):
        for process in reversed(self.all):
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Failed(Exception):
    pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def setup(server, name, **values):
    """A file of bench/peers, filled in."""
    path = server.folder / name
    path.write_text((SETUPS / name).read_text().format(home=HOME, folder=server.folder, **values))
    return path


def start_nchan(server):
    port, files = free_port(), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    path = setup(server, "nginx.conf", port=port, files=files, connections=files - 100)
    master = server.start(HOME / "nginx/usr/sbin/nginx", "-p", server.folder, "-c", path, port=port)
    return port, server.child(master), ()


def start_centrifugo(server):
    port = free_port()
    path = setup(server, "centrifugo.json", port=port)
    return port, server.start(HOME / "bin/centrifugo", "-c", path, port=port, variables={"GOMAXPROCS": "1"}), ()


def start_mercure(server):
    port = free_port()
    pid = server.start(HOME / "bin/mercure", "--addr", f"127.0.0.1:{port}", "--allow-anonymous", "--transport-url",
                       "local://local", "--heartbeat-interval", "0s", "--write-timeout", "0s", "--dispatch-timeout", "0s",
                       port=port, variables={"GOMAXPROCS": "1", "JWT_KEY": SECRET})
    return port, pid, ("--token", token({"mercure": {"publish": ["*"]}}))


def start_nats(server):
    port, other_port, post_port = free_port(), free_port(), free_port()
    path = setup(server, "nats.conf", port=port, other_port=other_port)
    pid = server.start(HOME / "bin/nats-server", "-c", path, port=port, variables={"GOMAXPROCS": "1"})
    server.start("node", SETUPS / "nats.mjs", post_port, other_port, port=post_port)
    return port, pid, ("--post-url", f"http://127.0.0.1:{post_port}")


def start_socketio(server):
    port = free_port()
    return port, server.start("node", SETUPS / "socketio.mjs", port, HOME / "node/node_modules", port=port,
                              variables={"NODE_ENV": "production"}), ()


def token(claims):
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    text = part(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()) + "." + part(json.dumps(claims).encode())
    return text + "." + part(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest())


def nginx_version():
    packages = {deb.name.split("_")[0]: deb.name.split("_")[1].replace("%3a", ":") for deb in (HOME / "deb").glob("*.deb")}
    return ", ".join(f"{name} {version}" for name, version in sorted(packages.items()))


def node_version():
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()


CONTENDERS = {
    "roar": Roar(),
    "nchan": Peer("nchan", nginx_version(), "one worker, no access log, no gzip, `tcp_nodelay`, `multi_accept`, a buffer of 500 "
                  "messages in memory, so that who returns by `Last-Event-ID` catches up", start_nchan),
    "centrifugo": Peer("centrifugo", PINS.get("centrifugo"), "GOMAXPROCS=1, memory engine, no history, JSON protocol, no "
                       "compression, errors alone logged, queues for the slow of 256 MB", start_centrifugo),
    "mercure": Peer("mercure", PINS.get("mercure"), "the hub's own binary without Caddy; GOMAXPROCS=1, local transport without "
                    "history, no heartbeat, no time-out of a dispatch, anonymous readers", start_mercure),
    "nats": Peer("nats", PINS.get("nats"), "GOMAXPROCS=1, core NATS over WebSocket, no compression, no JetStream; 256 MB a slow "
                 "client; posted to by its own protocol through a small process that is not counted", start_nats),
    "socketio": Peer("socketio", f"{PINS.get('socketio')} on Node {node_version()}", "WebSocket alone, no compression, the first "
                     "request let go, one `emit` to all; no connection state recovery", start_socketio),
}
LINES = [("roar", "sse"), ("nchan", "sse"), ("mercure", "sse"),
         ("roar", "ws"), ("nchan", "ws"), ("centrifugo", "ws"), ("nats", "ws"), ("socketio", "ws")]
SIDE_LINES = [("roar", "sse"), ("nchan", "sse"), ("mercure", "sse"), ("centrifugo", "ws"), ("nats", "ws"), ("socketio", "ws")]


# ---- a run ----

def bench(binary, *args, variables=None):
    try:
        done = subprocess.run([binary, "bench", *map(str, args), "--json"], env=environment() | (variables or {}),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=RUN_S)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"no end after {RUN_S} s") from late
    if not done.stdout.startswith("{"):
        raise Failed(done.stderr.strip()[-300:])
    report = json.loads(done.stdout)
    kept = ("clean", "counts", "violations", "words", "posting_s", "joined_ms", "settled_ms", "has_settled", "anon_before",
            "anon_after", "anon_loaded", "frame_bytes", "storms_ms", "steps")
    return {name: report[name] for name in kept}


class Tour:
    """All rounds through all of them; what was found."""

    def __init__(self, binary, plan, rounds, only):
        self.binary, self.plan, self.rounds = str(binary), plan, rounds
        self.lines = [(figure, name, transport) for figure in plan
                      for name, transport in (LINES if figure == "stairs" else SIDE_LINES) if not only or name in only]
        self.runs, self.failures = [], {}

    def go(self):
        began, total = time.monotonic(), self.rounds * len(self.lines)
        for number in range(self.rounds):
            for at, (figure, name, transport) in enumerate(self.lines):
                done = number * len(self.lines) + at
                say(f"[{done + 1}/{total}, {time.monotonic() - began:.0f} s] round {number + 1}: {name} {transport} {figure}")
                self.one(number, figure, name, transport)

    def one(self, number, figure, name, transport):
        line = {"round": number, "figure": figure, "name": name, "transport": transport, "load_before": os.getloadavg()[0]}
        if self.failures.get((name, transport, figure), 0) >= 2:
            return
        try:
            line["report"] = CONTENDERS[name].run(self.binary, transport, self.plan[figure], figure == "slow",
                                                  figure == "stairs")
        except (Failed, OSError, ValueError) as failure:
            self.failures[name, transport, figure] = self.failures.get((name, transport, figure), 0) + 1
            line["failed"] = f"{type(failure).__name__}: {failure}"
            say(f"  failed: {failure}")
        self.runs.append(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/roar")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--only", action="append", choices=CONTENDERS)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    began, measured = datetime.now(timezone.utc), versions(str(args.binary.resolve()))
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    tour = Tour(args.binary.resolve(), QUICK if args.quick else FULL, args.rounds or (1 if args.quick else 5), args.only)
    tour.go()
    out = args.out or (ROOT / "build/peers/quick.json" if args.quick else ROOT / f"bench/results/peers-{began:%Y-%m-%d}.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    head = {"at": began.isoformat(timespec="seconds"), "took_s": round((datetime.now(timezone.utc) - began).total_seconds()),
            "quick": args.quick, "rounds": tour.rounds, "plan": tour.plan, "machine": machine(),
            "versions": measured,
            "contenders": {name: {"version": one.version, "about": one.about} for name, one in CONTENDERS.items()}}
    runs = ",\n".join(json.dumps(run, separators=(",", ":")) for run in tour.runs)
    out.write_text(json.dumps(head, indent=1)[:-2] + ',\n "runs": [\n' + runs + "\n]}\n", encoding="utf-8")
    say(f"all that was measured: {out}")
    wronged = [run for run in tour.runs if run["name"] == "roar" and not run.get("report", {"clean": False})["clean"]]
    return 1 if wronged else 0


if __name__ == "__main__":
    sys.exit(main())
