# SPDX-License-Identifier: Apache-2.0
"""All sources under src/, read once and given to every rule."""
from dataclasses import dataclass
from pathlib import Path

from source import read_source


@dataclass
class Tree:
    root: Path
    sources: list

    def __post_init__(self):
        self.by_path = {source.path: source for source in self.sources}


def read_tree(root):
    root = Path(root)
    paths = sorted(path.relative_to(root) for path in (root / "src").rglob("*.[ch]"))
    return Tree(root, [read_source(root, str(path)) for path in paths])
