#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The page docs/bench/peers.md and its plots, from what bench/peers.py wrote.

  page.py [RESULTS.json] [--to docs/bench]       without a file: the newest bench/results/peers-*.json
"""
import argparse
import json
import statistics
from collections import defaultdict
from pathlib import Path

import plot
from run import ROOT

BARE = ("bare loop", "")


class Results:
    def __init__(self, path):
        self.path, self.all = path, json.loads(path.read_text())
        self.runs = [run for run in self.all["runs"] if "report" in run]

    def failures(self):
        return sorted({(run["name"], run["transport"], run["figure"], run["failed"]) for run in self.all["runs"]
                       if "failed" in run})

    def of(self, figure):
        """{(name, transport): [report, ...]} in the order they were measured."""
        found = defaultdict(list)
        for run in self.runs:
            if run["figure"] == figure:
                found[run["name"], run["transport"]].append(run["report"])
        return found


def steps(results):
    """Every window: (line, viewers, rate, the values it has); storms apart."""
    for figure in ("stairs", "storm"):
        for line, reports in results.of(figure).items():
            for report in reports:
                for step in report["steps"][:1] if figure == "storm" else report["steps"]:
                    values = {}
                    if step["deliveries"]:
                        values = {"us": step["cpu_ns"] / step["deliveries"] / 1000, "p99": step["visible"]["p99_ms"],
                                  "bytes": (step["anon"] - report["anon_before"]) / step["viewers"]}
                    yield line, step["viewers"], step["rate"], values
                    if step["floor_writes"]:
                        yield BARE, step["viewers"], step["rate"], {"us": step["floor_cpu_ns"] / step["floor_writes"] / 1000,
                                                                   "p99": step["floor_visible"]["p99_ms"]}


def medians(results, kind):
    """{line: {(viewers, rate): median}}"""
    found = defaultdict(lambda: defaultdict(list))
    for line, viewers, rate, values in steps(results):
        if values.get(kind, 0) > 0:
            found[line][viewers, rate].append(values[kind])
    return {line: {key: statistics.median(values) for key, values in points.items()} for line, points in found.items()}


def by_rate(points, viewers):
    return {line: sorted((rate, value) for (crowd, rate), value in found.items() if crowd == viewers)
            for line, found in points.items()}


def by_viewers(points, rate):
    return {line: sorted((crowd, value) for (crowd, at), value in found.items() if at == rate)
            for line, found in points.items()}


def filled(series):
    return {line: points for line, points in series.items() if points}


# ---- plots ----

def draw(results, folder):
    cost, late, memory = (medians(results, kind) for kind in ("us", "p99", "bytes"))
    crowd = max(viewers for found in cost.values() for viewers, _ in found)
    rate = min(at for found in cost.values() for _, at in found)
    plots = {
        "cost-rate": plot.lines(f"Server CPU a delivery, {crowd:,} viewers", "comments a second", "µs",
                                filled(by_rate(cost, crowd))),
        "cost-viewers": plot.lines(f"Server CPU a delivery, {rate:.0f} comments a second", "viewers", "µs",
                                   filled(by_viewers(cost, rate))),
        "latency-load": plot.lines(f"Due to visible, p99, {crowd:,} viewers", "comments a second", "ms",
                                   filled(by_rate(late, crowd)), (500, "half a second")),
        "memory-viewers": plot.lines("Private memory of the server", "viewers", "bytes a viewer",
                                     filled(by_viewers(memory, rate))),
        "slow-readers": plot.bars("Others' p99 without and with 10 % who read nothing", "ms, due to visible",
                                  {line: [("ms without", row["before"]), ("ms with", row["after"])]
                                   for line, row in slow(results).items()}),
        "storm": plot.bars("Everybody leaves and returns", "viewers a second that are back",
                           {line: [("/s" + ("" if row["missing"] else ", caught up"), row["back"])]
                            for line, row in storms(results).items()}),
    }
    for name, svg in plots.items():
        (folder / f"{name}.svg").write_text(svg, encoding="utf-8")
    return crowd, rate, cost, late, memory


def slow(results):
    rows = {}
    for line, reports in results.of("slow").items():
        whole = [report for report in reports if len(report["steps"]) == 2]
        if whole:
            steps_of = [report["steps"] for report in whole]
            tenth = steps_of[0][0]["viewers"] / 10  # as many as --stalled 10 makes stall, as near as chance has it
            rows[line] = {"before": statistics.median(first["visible"]["p99_ms"] for first, _ in steps_of),
                          "after": statistics.median(second["visible"]["p99_ms"] for _, second in steps_of),
                          "kib": statistics.median((report["anon_loaded"] - report["steps"][1]["anon"]) / tenth / 1024
                                                   for report in whole),
                          "cut": statistics.median(report["counts"]["cut"] for report in whole),
                          "missing": statistics.median(report["counts"]["missing"] for report in whole),
                          "told": statistics.median(report["counts"]["spared"] for report in whole)}
    return rows


def storms(results):
    rows = {}
    for line, reports in results.of("storm").items():
        whole = [report for report in reports if report["storms_ms"]]
        if whole:
            rows[line] = {"back": statistics.median(report["steps"][0]["viewers"] * 1000 / report["storms_ms"][0]
                                                    for report in whole),
                          "missing": statistics.median(report["counts"]["missing"] / report["steps"][0]["viewers"]
                                                       for report in whole)}
    return rows


# ---- the page ----

def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] +
                     ["| " + " | ".join(row) + " |" for row in rows])


def named(line):
    return " ".join(line).strip()


def cell(points, key, shown):
    return shown(points[key]) if key in points else "-"


def missed(results):
    """Messages that viewers never had, of those they were there for; told of or not."""
    return {line: sum(report["counts"]["missing"] + report["counts"]["spared"] + report["violations"]["lost"]
                      for report in reports) for line, reports in results.of("stairs").items()}


def is_busy(results):
    """Other things ran beside: what a server could hold is then not told, for it would be told wrongly."""
    return statistics.median(run["load_before"] for run in results.all["runs"]) > 3


def main_table(results, crowd, rate, cost, late, memory):
    lost = missed(results)
    low, floor = (crowd, rate), cost[BARE][crowd, rate]
    rates = sorted({at for found in late.values() for viewers, at in found if viewers == crowd})
    rows = []
    for line, points in sorted(cost.items(), key=lambda item: item[0] != BARE):
        held = [at for at in rates if late[line].get((crowd, at), 1e9) < 500]
        rows.append([named(line), cell(points, low, lambda us: f"{us:.2f}"), cell(points, low, lambda us: f"{us / floor:.2f} F"),
                     cell(memory.get(line, {}), low, plot.number)] +
                    [cell(late[line], (crowd, at), plot.number) for at in rates] +
                    ["not told" if is_busy(results) else f"{max(held):.0f}/s" if held else "none", plot.number(lost[line]) if line in lost else "-"])
    head = ["", f"µs a delivery at {rate:.0f}/s", "of F", "bytes a viewer"] + \
        [f"p99 at {at:.0f}/s, ms" for at in rates] + ["p99 < 500 ms up to", "never delivered"]
    return table(head, rows)


def sent_bytes(results):
    """What a delivery has on the wire, by those who only read: of windows without a hello in them, as near as it goes."""
    found = {}
    for line, reports in results.of("stairs").items():
        values = [report["frame_bytes"] or report["counts"]["bytes"] / max(1, report["counts"]["deliveries"])
                  for report in reports]
        found[line] = statistics.median(values)
    return found


def page(results, folder):
    crowd, rate, *points = draw(results, folder)
    whole, machine = results.all, results.all["machine"]
    loads = sorted(run["load_before"] for run in whole["runs"])
    left_out = [f"- {named((name, transport))}, {figure}: {why}" for name, transport, figure, why in results.failures()]
    slow_rows = [[named(line), plot.number(row["before"]), plot.number(row["after"]), plot.number(max(0, row["kib"])),
                  plot.number(row["cut"]), plot.number(row["missing"]), plot.number(row["told"])]
                 for line, row in slow(results).items()]
    storm_rows = [[named(line), plot.number(row["back"]), plot.number(row["missing"])] for line, row in storms(results).items()]
    about = [[name, one["version"] or whole["versions"]["roar"], one["about"],
              ", ".join(f"{bytes_:.0f} ({line[1]})" for line, bytes_ in sent_bytes(results).items() if line[0] == name)]
             for name, one in whole["contenders"].items()]
    return f"""# Roar beside other servers

Made by `bench/page.py` from `{results.path.relative_to(ROOT) if results.path.is_relative_to(ROOT) else results.path.name}`;
`make bench-peers` repeats all of it. What the numbers mean and how they are taken: [../bench.md](../bench.md).

Measured {whole["at"]}: {whole["rounds"]} {"round" if whole["rounds"] == 1 else "rounds"} through all of them in turn,
{whole["took_s"] // 60} minutes; medians. {machine["cpu"]}, {machine["cores"]} cores, {machine["memory_bytes"] / 2**30:.0f} GiB, Linux {machine["kernel"]}; Roar {whole["versions"]["commit"]},
{whole["versions"]["compiler"]}. Each server has one worker thread or process; it, its viewers and the bare loop share the
machine and its loopback. Load average before the runs: {loads[0]:.1f} to {loads[-1]:.1f}, median {statistics.median(loads):.1f}{
    ": **the machine was doing other things too**." + chr(10) +
    "Delays then say more about those than about the servers, and what each could hold is not told: a quiet machine has "
    "to" + chr(10) + "say it. CPU and memory suffer less" if is_busy(results) else ""}.

F is the bare loop: one process that sends as many bytes to as many sockets and does nothing else. It is measured in turn
with Roar, window by window, in every round.

{main_table(results, crowd, rate, *points)}

{crowd:,} viewers of one stream. A line ends where a second's comments take more than two seconds: more was not asked of it.

![Server CPU a delivery against rate](cost-rate.svg)
![Server CPU a delivery against viewers](cost-viewers.svg)
![p99 from due to visible against rate](latency-load.svg)
![Memory a viewer against viewers](memory-viewers.svg)

## Viewers who read nothing
A tenth of {whole["plan"]["slow"][1]} viewers stops reading in the second window; comments of 2,000 bytes,
{whole["plan"]["slow"][3].split(",")[0]} a second. Then they read on. *missing*: what somebody who stayed never got;
*told*: what a gap told of. What Roar keeps is one ring of the stream, as large for one who waits as for thousands, here
divided by the few there are. Its p99 at so small a crowd is that it gathers for up to 50 ms (`delivery.merge_ms`) where the others
write each comment by itself.

![Others' p99 without and with slow readers](slow-readers.svg)

{table(["", "others' p99 before, ms", "and with them, ms", "server KiB a slow viewer", "cut off", "missing", "told"], slow_rows)}

## Everybody returns
All leave at once and return after a second, with the id of the last they saw where the server takes it.

![Viewers a second that are back](storm.svg)

{table(["", "back a second", "comments missed by each, untold"], storm_rows)}

## Who, and how they are set up
A message is JSON of 275 bytes, and what each wraps around it comes on top; Roar's own event is about as long.
Files are in `bench/peers/`. uWebSockets.js is not on npm, and left out.

{table(["", "version", "settings", "bytes a delivery"], about)}

Roar has every comment on the disk before it sends it, and every event of every viewer was checked for order, loss and
doubles while it was measured; the others keep messages in memory, and theirs were counted.

{"Left out, or failed:" if left_out else "None was left out, and none failed."}
{chr(10).join(left_out)}
""".rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?")
    parser.add_argument("--to", type=Path, default=ROOT / "docs/bench")
    args = parser.parse_args()
    path = args.results or max((ROOT / "bench/results").glob("peers-*.json"))
    args.to.mkdir(parents=True, exist_ok=True)
    (args.to / "peers.md").write_text(page(Results(path.resolve()), args.to), encoding="utf-8")
    print(args.to / "peers.md")


if __name__ == "__main__":
    main()
