# SPDX-License-Identifier: Apache-2.0
"""bench/page.py and bench/plot.py: what was measured is what the page says, and who failed is named."""
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))

import page  # noqa: E402
import plot  # noqa: E402


def window(viewers, rate, us, p99_ms, floor_us=0.0):
    return {"viewers": viewers, "rate": rate, "anon": 1000 * viewers, "deliveries": 1000, "cpu_ns": us * 1e6,
            "floor_writes": 1000 if floor_us else 0, "floor_cpu_ns": floor_us * 1e6, "visible": {"p99_ms": p99_ms},
            "floor_visible": {"p99_ms": p99_ms / 2}}


def run(name, transport, figure, steps, **more):
    counts = {"missing": 0, "spared": 0, "cut": 0, "bytes": 300, "deliveries": 1, **more.pop("counts", {})}
    report = {"steps": steps, "counts": counts, "violations": {"lost": 0}, "anon_before": 0, "anon_loaded": 400_000,
              "frame_bytes": 300, "storms_ms": [], **more}
    return {"round": 0, "figure": figure, "name": name, "transport": transport, "load_before": 1.0, "report": report}


RESULTS = {
    "at": "2026-01-01T00:00:00+00:00", "took_s": 600, "rounds": 1, "plan": {"slow": ["--viewers", "100", "--rate", "60,60"]},
    "machine": {"cpu": "a CPU", "cores": 2, "memory_bytes": 2**33, "kernel": "6"},
    "versions": {"roar": "roar 9", "commit": "c0ffee", "compiler": "cc"},
    "contenders": {name: {"version": "1.2.3", "about": "as it is"} for name in ("roar", "nchan", "nats")},
    "runs": [
        run("roar", "sse", "stairs", [window(1000, 2, 8, 20, 8), window(5000, 2, 8, 40, 8), window(5000, 50, 2, 400)]),
        run("nchan", "sse", "stairs", [window(1000, 2, 12, 20), window(5000, 2, 12, 90)], counts={"missing": 7}),
        run("roar", "sse", "slow", [window(100, 60, 8, 20), window(100, 60, 8, 21)]),
        run("nchan", "sse", "storm", [window(500, 2, 9, 9), window(500, 2, 9, 9)], storms_ms=[250]),
        {"round": 0, "figure": "stairs", "name": "nats", "transport": "ws", "load_before": 1.0, "failed": "it does not start"},
    ]}


def row(text, name):
    return [cell.strip() for cell in next(line for line in text.splitlines() if line.startswith(f"| {name} |")).split("|")]


def test_the_page_says_what_was_measured(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(RESULTS))
    text = page.page(page.Results(tmp_path / "results.json"), tmp_path)
    assert row(text, "nchan sse")[2:4] == ["12.00", "1.50 F"] and row(text, "nchan sse")[-2] == "7"
    assert row(text, "roar sse")[-3] == "50/s" and row(text, "bare loop")[3] == "1.00 F"
    assert "| nchan sse | 2,000 | 0 |" in text
    assert "nats ws, stairs: it does not start" in text
    for name in "cost-rate", "cost-viewers", "latency-load", "memory-viewers", "slow-readers", "storm":
        assert f"{name}.svg" in text
        ElementTree.parse(tmp_path / f"{name}.svg")


def test_labels_do_not_cover_each_other():
    places = plot.apart({"a": 100.0, "b": 101.0, "c": 99.0})
    heights = sorted(places.values())
    assert all(low + 14 <= high for low, high in zip(heights, heights[1:]))
    assert places["c"] < places["a"] < places["b"]


def test_a_name_is_text_and_not_markup():
    svg = plot.lines("<&>", "x", "y", {("roar", "sse"): [(1, 1), (2, 3)]}, (2, "a & b"))
    assert ElementTree.fromstring(svg).get("aria-label") == "<&>"
