# SPDX-License-Identifier: Apache-2.0
"""Calls that belong to one room."""
from report import Finding

ALLOCATORS = {"malloc", "calloc", "realloc", "reallocarray", "free", "strdup", "strndup", "asprintf",
              "vasprintf", "aligned_alloc", "posix_memalign"}
SLEEPS = {"sleep", "usleep", "nanosleep", "clock_nanosleep"}


def malloc(tree):
    for source in tree.sources:
        if source.is_test or source.path == "src/base/mem.c":
            continue
        for token in called(source, ALLOCATORS):
            yield Finding(source.path, token.line, "malloc", f"{token.text}() is for base/mem.c")


def errno(tree):
    for source in tree.sources:
        if source.is_test or source.folder == "sys":
            continue
        for token in source.tokens:
            if token.text == "errno":
                yield Finding(source.path, token.line, "errno", "is read in sys/ only")


def sleeps(tree):
    for source in tree.sources:
        for token in called(source, SLEEPS) if source.is_test else []:
            yield Finding(source.path, token.line, "sleeps", "a test waits for an event")


def called(source, names):
    """Where one of `names` is called as a function, not as a member of a struct."""
    tokens = source.tokens
    for index, token in enumerate(tokens[:-1]):
        if token.text in names and tokens[index + 1].text == "(":
            if index == 0 or tokens[index - 1].text not in (".", "->"):
                yield token
