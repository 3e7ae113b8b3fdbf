# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: folders stand on floors, and includes run down."""
from pathlib import Path

from report import Finding

FLOORS = [["base"], ["sys"], ["wire"], ["hub", "rules"], ["loop"], ["net"], ["serve", "engine", "bench"], ["api"], ["app"], ["main"]]
FLOOR = {folder: number for number, floor in enumerate(FLOORS) for folder in floor}
# hub and rules are simulated under a seed, so they may not reach the kernel at all.
ONLY = {"hub": {"wire", "base"}, "rules": {"wire", "base"}}


def floors(tree):
    for source in tree.sources:
        if source.folder not in FLOOR:
            yield Finding(source.path, 0, "floors", f"no floor has a folder {source.folder}")
            continue
        for include in source.includes:
            if include.is_system:
                continue
            folder = include.path.split("/")[0]
            if folder in FLOOR and not may_use(source.folder, folder):
                yield Finding(source.path, include.line, "floors", f"{source.folder} may not use {folder}")


def may_use(folder, used):
    if folder == used:
        return True
    if folder in ONLY:
        return used in ONLY[folder]
    return FLOOR[used] < FLOOR[folder]


def includes(tree):
    """Quoted paths start in src/, a .c opens with its own header."""
    for source in tree.sources:
        quoted = [include for include in source.includes if not include.is_system]
        for include in quoted:
            if ".." in Path(include.path).parts:
                yield Finding(source.path, include.line, "includes", "a path starts in src/, never with ../")
            elif not (tree.root / "src" / include.path).is_file() and not is_generated(tree, include.path):
                yield Finding(source.path, include.line, "includes",
                              f'no src/{include.path}; a library\'s header stands in <>')
        own = Path(source.path).relative_to("src").with_suffix(".h")
        if source.path.endswith(".c") and (tree.root / "src" / own).is_file():
            if not source.includes or source.includes[0].path != str(own):
                yield Finding(source.path, 0, "includes", f'the first include is its own header, "{own}"')


def is_generated(tree, path):
    return any((build / "src" / path).is_file() for build in (tree.root / "build").glob("*"))


def circles(tree):
    """A .c and its .h are one node; a knot of nodes is a circle."""
    node = {source.path: str(Path(source.path).with_suffix("")) for source in tree.sources}
    graph = {name: set() for name in node.values()}
    for source in tree.sources:
        for include in source.includes:
            target = node.get("src/" + include.path)
            if target and target != node[source.path]:
                graph[node[source.path]].add(target)
    for knot in knots(graph):
        path = next(path for path in sorted(node) if node[path] == knot[0])
        way = " > ".join(name.removeprefix("src/") for name in shortest_way_round(graph, knot))
        yield Finding(path, 0, "circles", f"{len(knot)} rooms include each other, for one: {way}")


def shortest_way_round(graph, knot):
    """From the first room of a knot along includes back to itself."""
    came_from, waiting = {}, [knot[0]]
    while knot[0] not in came_from:
        name = waiting.pop(0)
        for target in sorted(graph[name]):
            if target in knot and target not in came_from:
                came_from[target] = name
                waiting.append(target)
    way = [knot[0]]
    while len(way) == 1 or way[-1] != knot[0]:
        way.append(came_from[way[-1]])
    return way[::-1]


def knots(graph):
    """Strongly connected sets of more than one node, by Kosaraju's two walks, each on its own stack."""
    order, seen = [], set()
    for start in sorted(graph):
        walk(graph, start, seen, order)
    backwards = {name: set() for name in graph}
    for name, targets in graph.items():
        for target in targets:
            backwards[target].add(name)
    seen = set()
    for start in reversed(order):
        knot = []
        walk(backwards, start, seen, knot)
        if len(knot) > 1:
            yield sorted(knot)


def walk(graph, start, seen, ret_order):
    """Appends what can be reached from `start`, each after all it leads to."""
    if start in seen:
        return
    seen.add(start)
    stack = [(start, iter(sorted(graph[start])))]
    while stack:
        name, targets = stack[-1]
        target = next((t for t in targets if t not in seen), None)
        if target is None:
            stack.pop()
            ret_order.append(name)
        else:
            seen.add(target)
            stack.append((target, iter(sorted(graph[target]))))
