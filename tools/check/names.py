# SPDX-License-Identifier: Apache-2.0
"""The name is the address: stems are unique and exported names begin with them."""
import json
import subprocess
from collections import defaultdict
from pathlib import Path

from report import Finding


def stems(tree):
    places = defaultdict(set)
    for source in tree.sources:
        places[source.stem].add(str(Path(source.path).parent))
    for stem, folders in sorted(places.items()):
        if len(folders) > 1:
            for folder in sorted(folders):
                path = next(s.path for s in tree.sources if s.stem == stem and str(Path(s.path).parent) == folder)
                yield Finding(path, 0, "stems", f"{stem} is the name of files in {', '.join(sorted(folders))}")


def typedefs(tree):
    for source in tree.sources:
        for first, second in zip(source.tokens, source.tokens[1:]):
            if first.text == "typedef" and second.text in ("struct", "union", "enum"):
                yield Finding(source.path, first.line, "typedefs", f"write `{second.text} name` where it is used")


def exported(tree):
    """Reads the release objects of the library, so that build must be there and fresh."""
    known = {source.path for source in tree.sources}
    for path, symbols in library_symbols(tree.root / "build/release"):
        stem = Path(path).stem
        for symbol in symbols if path in known else []:
            if symbol != stem and not symbol.startswith(stem + "_"):
                yield Finding(path, 0, "exported", f"{symbol} does not begin with {stem}_")


def library_symbols(build):
    commands = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    objects = {}
    for command in commands:
        output = Path(command["directory"]) / command["output"]
        if "libroarlib.a.p" in command["output"]:
            objects[str(output)] = source_path(command, build.parent.parent)
    if objects:
        text = subprocess.run(["nm", "-A", "-g", "--defined-only", "-P", *objects], check=True,
                              capture_output=True, text=True).stdout
        found = defaultdict(list)
        for line in text.splitlines():
            place, symbol = line.split()[:2]
            found[objects[place.rstrip(":")]].append(symbol)
        yield from sorted(found.items())


def source_path(command, root):
    path = (Path(command["directory"]) / command["file"]).resolve()
    return str(path.relative_to(root.resolve())) if path.is_relative_to(root.resolve()) else str(path)
