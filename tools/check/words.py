# SPDX-License-Identifier: Apache-2.0
"""What stands in comments: the licence line, the room's card, and what must not stand there."""
import re
from pathlib import Path

from report import Finding

SPDX = "// SPDX-License-Identifier: Apache-2.0"
LATER = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X)\b(?!.*#\d+)")
# A suppression names one check and says why: `NOLINT(check): why`, `cppcheck-suppress id ; why`.
LINT = re.compile(r"NOLINT|cppcheck-suppress|clang-format off")
LINT_WITH_REASON = re.compile(
    r"NOLINT(?:NEXTLINE)?\([\w.,-]+\): \S|cppcheck-suppress \w+ ; \S|clang-format off: \S")
TEXT_FOLDERS = ("src", "sdk", "web", "tests", "tools", "fuzz", "bench", "sim", "docs", "deploy")
TEXT_ENDS = {".c", ".h", ".py", ".ts", ".js", ".mjs", ".css", ".html", ".md", ".sh", ".build", ""}
SKIPPED = {"node_modules", "dist", "__pycache__", "corpus"}


def licence(tree):
    for source in tree.sources:
        if source.text.split("\n", 1)[0] != SPDX:
            yield Finding(source.path, 1, "licence", f"the first line is `{SPDX}`")


def card(tree):
    for source in tree.sources:
        lines = source.text.split("\n")
        if not source.is_header:
            continue
        if len(lines) < 2 or not lines[1].startswith(f"/* {source.stem} -- "):
            yield Finding(source.path, 2, "card", f"a header opens with its card: `/* {source.stem} -- what it is`")
        if "#pragma once" not in lines:
            yield Finding(source.path, 2, "card", "has no #pragma once")


def later(tree):
    for path in text_files(tree.root):
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
            if LATER.search(line):
                yield Finding(str(path.relative_to(tree.root)), number, "later", "work left for later names its issue: #12")


def text_files(root):
    for folder in TEXT_FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in TEXT_ENDS and path.is_file() and not SKIPPED & set(path.parts):
                yield path


def suppressions(tree):
    for source, comment in lint_comments(tree):
        if not LINT_WITH_REASON.search(comment.text):
            yield Finding(source.path, comment.line, "suppressions",
                          "names one check and says why, as in `NOLINT(check): why`")


def lint_comments(tree):
    return [(source, comment) for source in tree.sources for comment in source.comments
            if LINT.search(comment.text)]


def map_paths(tree):
    """Every path that the map and its neighbours name is there."""
    top = "|".join(TEXT_FOLDERS)
    inside = re.compile(rf"(?<![\w/.<-])((?:{top})/[\w./-]*[\w/])(?![\w*<{{])")
    quoted = re.compile(r"`([\w-]+(?:/[\w-]+)*\.(?:c|h|ts|py|md|toml|build))`")
    names = {path.name for path in text_files(tree.root)} | {path.name for path in tree.root.glob("*")}
    for page in ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md", "docs/threats.md", "docs/testing.md"):
        path = tree.root / page
        if not path.is_file():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for name in inside.findall(line):
                if not (tree.root / name).exists():
                    yield Finding(page, number, "map", f"there is no {name}")
            for name in quoted.findall(line):
                if not any((tree.root / base / name).exists() for base in (".", "src")) and \
                        ("/" in name or Path(name).name not in names):
                    yield Finding(page, number, "map", f"there is no {name}")


def named_tests(tree):
    """What a page says is tested by `path::name` is: the file is there, and the name in it."""
    claim = re.compile(r"`([\w/.-]+)::([^`]+)`")
    for path in sorted((tree.root / "docs").glob("*.md")):
        page = str(path.relative_to(tree.root))
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            for name, test in claim.findall(line):
                file = tree.root / name
                if not file.is_file() or not re.search(rf"\b{re.escape(test)}\b", file.read_text(encoding="utf-8")):
                    yield Finding(page, number, "named-tests", f"there is no {name}::{test}")
