# SPDX-License-Identifier: Apache-2.0
"""Two kinds of plot as SVG text: lines over a logarithmic x, and bars. Readable in light and in dark; lines are named at
their ends, so that no legend is needed."""
import math
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 400, 70, 170, 44, 54
STYLE = """<style>
 text { font: 12px system-ui, sans-serif; fill: #24292f } .title { font-size: 15px; font-weight: 600 }
 .grid { stroke: #d0d7de } .frame { stroke: #57606a } .back { fill: #ffffff }
 @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .grid { stroke: #30363d } .frame { stroke: #8b949e }
  .back { fill: #0d1117 } }
</style>"""
COLOURS = {"bare loop": "#8b8b8b", "roar": "#1f8a4c", "nchan": "#c2410c", "mercure": "#8250df", "centrifugo": "#0969da",
           "nats": "#bf8700", "socketio": "#cf222e"}


def number(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def document(title, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            f'role="img" aria-label={quoteattr(title)}>\n{STYLE}\n<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>\n'
            + text(16, 24, title, cls="title") + "\n".join(parts) + "\n</svg>\n")


def text(x, y, words, anchor="start", cls="", fill="", turn=""):
    more = (f' class="{cls}"' if cls else "") + (f' style="fill:{fill}"' if fill else "") + \
        (f' transform="rotate({turn} {x} {y})"' if turn else "")
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(words)}</text>\n'


def ticks(low, high):
    """1, 2, 5 and their tenfolds within what is shown."""
    values = [step * 10 ** power for power in range(-3, 10) for step in (1, 2, 5)]
    shown = [value for value in values if low * 0.999 <= value <= high * 1.001]
    return shown if len(shown) <= 9 else [value for value in shown if f"{value:e}"[0] == "1"]


def around(values):
    """The ticks below and above all of them."""
    steps = [step * 10 ** power for power in range(-3, 10) for step in (1, 2, 5)]
    low = max(step for step in steps if step <= min(values))
    return low, min(step for step in steps if step >= max(values) and step > low)


def apart(places, least=14):
    """Moves labels down until none covers another; {key: y}."""
    moved, last = {}, -math.inf
    for key, y in sorted(places.items(), key=lambda item: item[1]):
        last = max(y, last + least)
        moved[key] = last
    over = max(0, last - (HEIGHT - BOTTOM + 8))
    return {key: y - over for key, y in moved.items()}


def lines(title, x_name, y_name, series, mark=None):
    """series: {(name, transport): [(x, y), ...]}; both axes are logarithmic, all values above 0. `mark`: (y, words), a line to compare with."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points] + ([mark[0]] if mark else [])
    x_low, x_high = min(xs), max(xs)
    y_low, y_high = around(ys)

    def at_x(x):
        part = math.log(x / x_low) / math.log(x_high / x_low) if x_high > x_low else 0.5
        return LEFT + part * (WIDTH - LEFT - RIGHT)

    def at_y(y):
        return HEIGHT - BOTTOM - math.log(y / y_low) / math.log(y_high / y_low) * (HEIGHT - BOTTOM - TOP)

    parts = []
    for y in ticks(y_low, y_high):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at_y(y):.1f}" y2="{at_y(y):.1f}"/>')
        parts.append(text(LEFT - 8, at_y(y) + 4, number(y), "end"))
    for x in sorted(set(xs)):
        parts.append(text(at_x(x), HEIGHT - BOTTOM + 18, number(x), "middle"))
    parts.append(f'<line class="frame" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>')
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x_name, "middle"))
    parts.append(text(18, (TOP + HEIGHT - BOTTOM) / 2, y_name, "middle", turn="-90"))
    if mark:
        parts.append(f'<line class="frame" stroke-dasharray="2 4" x1="{LEFT}" x2="{WIDTH - RIGHT}" '
                     f'y1="{at_y(mark[0]):.1f}" y2="{at_y(mark[0]):.1f}"/>')
        parts.append(text(LEFT + 6, at_y(mark[0]) - 5, mark[1]))
    ends = apart({key: at_y(points[-1][1]) + 4 for key, points in series.items()})
    for (name, transport), points in series.items():
        path = " ".join(f"{at_x(x):.1f},{at_y(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="7 4"' if transport == "ws" else ""
        parts.append(f'<polyline fill="none" stroke="{COLOURS[name]}" stroke-width="2"{dash} points="{path}"/>')
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="3" fill="{COLOURS[name]}"/>' for x, y in points]
        end_x, label_y = at_x(points[-1][0]), ends[name, transport]
        parts.append(f'<line stroke="{COLOURS[name]}" stroke-width="0.7" x1="{end_x + 4:.1f}" y1="{at_y(points[-1][1]):.1f}" '
                     f'x2="{WIDTH - RIGHT + 10}" y2="{label_y - 4:.1f}"/>')
        parts.append(text(WIDTH - RIGHT + 14, label_y, f"{name} {transport} {number(points[-1][1])}".replace("  ", " "),
                          fill=COLOURS[name]))
    return document(title, parts)


def bars(title, x_name, groups):
    """groups: {(name, transport): [(words, value), ...]}: from zero, one bar a value."""
    left, right = 150, 200
    top = max(value for group in groups.values() for _, value in group) or 1
    each = (HEIGHT - TOP - 40) / sum(len(group) + 0.6 for group in groups.values())
    parts, y = [], TOP + 4.0
    for (name, transport), group in groups.items():
        parts.append(text(left - 8, y + each * len(group) / 2 + 4, f"{name} {transport}", "end"))
        for at, (words, value) in enumerate(group):
            length = value / top * (WIDTH - left - right)
            parts.append(f'<rect x="{left}" y="{y:.1f}" width="{max(1, length):.1f}" height="{each * 0.86:.1f}" '
                         f'fill="{COLOURS[name]}" opacity="{1 if at == len(group) - 1 else 0.45}"/>')
            parts.append(text(left + length + 6, y + each * 0.43 + 4, f"{number(value)} {words}"))
            y += each
        y += each * 0.6
    parts.append(text((left + WIDTH - right) / 2, HEIGHT - 12, x_name, "middle"))
    return document(title, parts)
