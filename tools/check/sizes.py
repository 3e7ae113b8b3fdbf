# SPDX-License-Identifier: Apache-2.0
"""How much a reader must hold at once."""
from report import Finding

FILE_LINES_NOTE = 500
FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
PARAMS_MAX = 5
NESTING_MAX = 3
COLUMNS_MAX = 100  # clang-format sees to code; it leaves comments as they were drawn


def file_length(tree):
    for source in tree.sources:
        if source.line_count > FILE_LINES_MAX:
            yield Finding(source.path, 0, "file-length", f"{source.line_count} lines; {FILE_LINES_MAX} at most")


def long_files(tree):
    """Not breaches: files that want a second look."""
    return [f"{source.path}: {source.line_count} lines, look at it again"
            for source in tree.sources if FILE_LINES_NOTE < source.line_count <= FILE_LINES_MAX]


def function_length(tree):
    for source, function in all_functions(tree):
        lines = function.end - function.line + 1
        if lines > FUNCTION_LINES_MAX:
            yield Finding(source.path, function.line, "function-length",
                          f"{function.name} has {lines} lines; {FUNCTION_LINES_MAX} at most")


def params(tree):
    for source, function in all_functions(tree):
        if function.params > PARAMS_MAX:
            yield Finding(source.path, function.line, "params",
                          f"{function.name} takes {function.params}; {PARAMS_MAX} at most, then an options struct")


def nesting(tree):
    for source, function in all_functions(tree):
        if function.nesting > NESTING_MAX:
            yield Finding(source.path, function.nesting_line, "nesting",
                          f"{function.name} is {function.nesting} levels deep here; {NESTING_MAX} at most")


def columns(tree):
    for source in tree.sources:
        for number, line in enumerate(source.text.split("\n"), 1):
            if len(line) > COLUMNS_MAX:
                yield Finding(source.path, number, "columns", f"{len(line)} columns; {COLUMNS_MAX} at most")


def all_functions(tree):
    return ((source, function) for source in tree.sources for function in source.functions)
