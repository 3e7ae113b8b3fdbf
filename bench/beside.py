#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a delivery costs in two builds of Roar, in turn: whether a change made the fan-out dearer.

  beside.py --before OLD/roar [--binary build/release/roar] [--transport sse] [--viewers 5000] [--pairs 9] [--json]

Each pair is a server of each build, one reactor, loaded by the same bench (of --binary), one after the other; which comes
first changes. Told are the medians and, of the pairs' ratios, the interval that holds the true one with 95 %.
"""
import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from run import ROOT, Server, environment


def measure(binary, client, args):
    with tempfile.TemporaryDirectory() as folder:
        server = Server(str(binary), Path(folder), {"ROAR_WORKERS": "1", "ROAR_DRAIN_S": "1"})
        server.start()
        done = subprocess.run(
            [client, "bench", "--url", server.url, "--pid", str(server.process.pid), "--secret-file", server.secret, "--viewers",
             str(args.viewers), "--transport", args.transport, "--rate", str(args.rate), "--bytes", "100", "--pairs", "1",
             "--seconds", str(args.seconds), "--json"], env=environment(), stdout=subprocess.PIPE, text=True, check=False)
        server.kill()
    report = json.loads(done.stdout)
    if not report["clean"]:
        raise SystemExit(f"{binary} is not clean: {report['violations']} {report['words']}")
    floor_ns, server_ns = report["pairs"][0]
    return {"ns": server_ns, "floor_ns": floor_ns, "by_floor": server_ns / floor_ns, "viewer_bytes": report["viewer_bytes"]}


def interval(values):
    """Of nine, the second from each end; see report.c."""
    values = sorted(values)
    rank = {6: 0, 7: 0, 8: 0, 9: 1, 10: 1, 11: 1, 12: 2, 13: 2, 14: 2, 15: 3}.get(len(values), 0)
    return statistics.median(values), values[rank], values[-1 - rank]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--binary", type=Path, default=ROOT / "build/release/roar")
    parser.add_argument("--transport", choices=("sse", "ws"), default="sse")
    parser.add_argument("--viewers", type=int, default=5000)
    parser.add_argument("--rate", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    before, now = [], []
    for pair in range(args.pairs):
        turns = [(args.before, before), (args.binary, now)]
        for binary, rows in turns if pair % 2 == 0 else reversed(turns):
            rows.append(measure(binary.resolve(), args.binary.resolve(), args))
        print(f"pair {pair + 1}: before {before[-1]['ns']:.0f} ns ({before[-1]['by_floor']:.3f} F), "
              f"now {now[-1]['ns']:.0f} ns ({now[-1]['by_floor']:.3f} F)", file=sys.stderr, flush=True)
    told = {"transport": args.transport, "viewers": args.viewers, "before": before, "now": now}
    for name in "ns", "by_floor", "viewer_bytes":
        told[name] = interval([new[name] / old[name] for old, new in zip(before, now)])
        print(f"{args.transport} {name}: before {statistics.median(row[name] for row in before):.4g}, now "
              f"{statistics.median(row[name] for row in now):.4g}; ratio {told[name][0]:.3f} ({told[name][1]:.3f} .. {told[name][2]:.3f})",
              file=sys.stderr if args.json else sys.stdout)
    if args.json:
        print(json.dumps(told))


if __name__ == "__main__":
    main()
