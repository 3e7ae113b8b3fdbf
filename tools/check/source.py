# SPDX-License-Identifier: Apache-2.0
"""What the rules see of a C file: its tokens, includes, functions and marked breaches.

This is a tokenizer, not a parser: macros are not expanded and preprocessor lines are set aside.
A function is a `{` at file scope that follows a parameter list.
"""
import bisect
import re
from dataclasses import dataclass, field
from pathlib import Path

TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
      | (?P<directive>^[ \t]*\#(?:[^\n\\]|\\.)*)
      | (?P<string>(?:u8|[uUL])?"(?:[^"\\\n]|\\.)*")
      | (?P<char>[uUL]?'(?:[^'\\\n]|\\.)*')
      | (?P<word>[A-Za-z_]\w*)
      | (?P<number>\.?\d(?:[eEpP][+-]|[\w.'])*)
      | (?P<mark>->|[^\s\w])""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
BREACH = re.compile(r"breach\(([\w-]+)\)(?::\s*(.*?))?\s*(?:\*/)?\s*$", re.DOTALL)


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Include:
    path: str
    is_system: bool
    line: int


@dataclass(frozen=True)
class Function:
    name: str
    line: int  # where its declaration begins
    end: int  # where its last brace stands
    params: int
    nesting: int  # levels of control blocks, see nesting_of()
    nesting_line: int


@dataclass
class Breach:
    rule: str
    reason: str
    path: str
    first: int  # the marker's own lines ...
    last: int
    used: bool = False

    def covers(self, line):
        """Its own lines, the one below, and every line for a finding about the whole file."""
        return line == 0 or self.first <= line <= self.last + 1


@dataclass
class Source:
    path: str  # from the root of the repository
    text: str
    tokens: list = field(default_factory=list)  # code only
    comments: list = field(default_factory=list)
    includes: list = field(default_factory=list)
    breaches: list = field(default_factory=list)
    functions: list = field(default_factory=list)

    @property
    def stem(self):
        return Path(self.path).stem

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_test(self):
        """A test, or what several tests stand on."""
        return self.stem.endswith(("_test", "_rig"))

    @property
    def folder(self):
        """The folder under src/ that stands on a floor; main.c is its own."""
        parts = Path(self.path).parts
        return parts[1] if len(parts) > 2 else self.stem

    @property
    def line_count(self):
        return self.text.count("\n")


def read_source(root, path):
    return parse(path, (Path(root) / path).read_text(encoding="utf-8"))


def parse(path, text):
    source = Source(path, text)
    starts = [match.end() for match in re.finditer(r"\n", text)]
    for match in TOKEN.finditer(text):
        line = bisect.bisect_right(starts, match.start()) + 1
        token = Token(match.lastgroup, match.group(), line)
        if token.kind == "comment":
            source.comments.append(token)
            add_breach(source, token)
        elif token.kind == "directive":
            add_include(source, token)
        else:
            source.tokens.append(token)
    source.functions = list(find_functions(source.tokens))
    return source


def add_breach(source, token):
    match = BREACH.search(token.text)
    if match:
        last = token.line + token.text.count("\n")
        reason = " ".join((match.group(2) or "").split())
        source.breaches.append(Breach(match.group(1), reason, source.path, token.line, last))


def add_include(source, token):
    match = INCLUDE.match(token.text)
    if match:
        source.includes.append(Include(match.group(2), match.group(1) == "<", token.line))


def matching_open(tokens, close):
    """The index of the `(` that the `)` at `close` ends, or -1."""
    depth = 0
    for index in range(close, -1, -1):
        text = tokens[index].text
        if text == ")":
            depth += 1
        elif text == "(":
            depth -= 1
            if depth == 0:
                return index
    return -1


def matching_close(tokens, open_index):
    depth = 0
    for index in range(open_index, len(tokens)):
        text = tokens[index].text
        if text == "{":
            depth += 1
        elif text == "}":
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def find_functions(tokens):
    index, begin = 0, 0
    while index < len(tokens):
        text = tokens[index].text
        if text == "{":
            end = matching_close(tokens, index)
            head = parameter_list(tokens, begin, index)
            if head:
                nesting, nesting_line = nesting_of(tokens, index, end)
                yield Function(tokens[head[0] - 1].text, tokens[begin].line, tokens[end].line,
                               count_params(tokens, *head), nesting, nesting_line)
            index = end
            begin = end + 1
        elif text == ";":
            begin = index + 1
        index += 1


def parameter_list(tokens, begin, brace):
    """(open, close) of the parameters before the body at `brace`; None for a struct or an array."""
    close = brace - 1
    while close > begin and tokens[close].text == ")":
        opened = matching_open(tokens, close)
        if opened <= begin:
            return None
        if tokens[opened - 1].text == "__attribute__":
            close = opened - 2
        elif tokens[opened - 1].kind == "word":
            return opened, close
        else:
            return None
    return None


def count_params(tokens, opened, close):
    inside = tokens[opened + 1 : close]
    if not inside or [token.text for token in inside] == ["void"]:
        return 0
    depth, commas = 0, 0
    for token in inside:
        depth += (token.text in "([{") - (token.text in ")]}")
        commas += token.text == "," and depth == 0
    return commas + 1


def nesting_of(tokens, opened, close):
    """How deep control blocks stand in each other in a body, and the line of the deepest.

    A block counts when it follows `else`, `do`, or the closing parenthesis of if, for, while, switch or of a
    macro that is used like one. Blocks after a `case` label, bare blocks and initializers do not count:
    they ask nothing more of the reader.
    """
    blocks, depth, deepest, line = [], 0, 0, tokens[opened].line
    for index in range(opened + 1, close):
        text = tokens[index].text
        if text == "{":
            blocks.append(is_control_block(tokens, index))
            depth += blocks[-1]
            if depth > deepest:
                deepest, line = depth, tokens[index].line
        elif text == "}" and blocks:
            depth -= blocks.pop()
    return deepest, line


def is_control_block(tokens, brace):
    before = tokens[brace - 1]
    if before.text in ("else", "do"):
        return True
    if before.text != ")":
        return False
    opened = matching_open(tokens, brace - 1)
    name = tokens[opened - 1]  # a compound literal's type follows `=`, `(`, `,`, `&` or `return`
    return name.kind == "word" and name.text not in ("return", "sizeof")
