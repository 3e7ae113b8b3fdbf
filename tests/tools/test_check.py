# SPDX-License-Identifier: Apache-2.0
"""Each rule of `make check` is shown a breach that it must see and a neighbour that it must leave alone."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools/check"))

import calls
import floors
import lint
import names
import report
import sizes
import words
from source import parse
from tree import read_tree

SPDX = words.SPDX + "\n"
ISSUE_WORD = "TO" + "DO"


def write_tree(root, files):
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return read_tree(root)


def body(lines):
    return "int f(void)\n{\n" + "    g();\n" * lines + "}\n"


def nested(levels):
    return "void f(void)\n{\n" + "if (a) {\n" * levels + "}\n" * levels + "}\n"


HEADER = SPDX + "/* a -- a thing.\n */\n#pragma once\n"

# rule, files that break it, files that do not
CASES = [
    (floors.floors, {"src/hub/a.c": '#include "sys/b.h"\n'}, {"src/hub/a.c": '#include "wire/b.h"\n'}),
    (floors.floors, {"src/hub/a.c": '#include "rules/b.h"\n'}, {"src/hub/a.c": '#include "hub/b.h"\n'}),
    (floors.floors, {"src/serve/a.c": '#include "engine/b.h"\n'}, {"src/api/a.c": '#include "engine/b.h"\n'}),
    (floors.floors, {"src/base/a.c": '#include "sys/b.h"\n'}, {"src/base/a.c": "#include <sys/socket.h>\n"}),
    (floors.floors, {"src/attic/a.c": ""}, {"src/engine/embedded/a.c": '#include "wire/b.h"\n'}),
    (floors.includes, {"src/hub/a.c": '#include "../hub/b.h"\n', "src/hub/b.h": ""},
     {"src/hub/a.c": '#include "hub/b.h"\n', "src/hub/b.h": ""}),
    (floors.includes, {"src/hub/a.c": '#include "sqlite3.h"\n'}, {"src/hub/a.c": "#include <sqlite3.h>\n"}),
    (floors.includes, {"src/hub/a.c": '#include <x.h>\n#include "hub/a.h"\n', "src/hub/a.h": ""},
     {"src/hub/a.c": '#include "hub/a.h"\n#include <x.h>\n', "src/hub/a.h": ""}),
    (floors.circles, {"src/hub/a.h": "", "src/hub/a.c": '#include "hub/b.h"\n', "src/hub/b.h": '#include "hub/a.h"\n'},
     {"src/hub/a.h": "", "src/hub/a.c": '#include "hub/a.h"\n#include "hub/b.h"\n', "src/hub/b.h": ""}),
    (sizes.file_length, {"src/hub/a.c": "\n" * 801}, {"src/hub/a.c": "\n" * 800}),
    (sizes.function_length, {"src/hub/a.c": body(68)}, {"src/hub/a.c": body(67)}),
    (sizes.params, {"src/hub/a.c": "int f(int a, int b, int c, int d, int e, int g)\n{\n}\n"},
     {"src/hub/a.c": "int f(int a, int b, int c, int d, void (*e)(int x, int y))\n{\n}\n"}),
    (sizes.nesting, {"src/hub/a.c": nested(4)}, {"src/hub/a.c": nested(3)}),
    (sizes.nesting, {"src/hub/a.c": "void f(void)\n{\nLIST_EACH (x) {" + "do {" * 3 + "}" * 5},
     {"src/hub/a.c": "void f(void)\n{\nswitch (x) { case 1: { if (a) { if (b) { } else { } } } } }\n"}),
    (sizes.nesting, {"src/hub/a.c": "void f(void)\n{\nif (a) {} else {" + "while (b) {" * 3 + "}" * 5},
     {"src/hub/a.c": "void f(void)\n{\nif (a) { g(&(struct b){{1}, {{2}}}); int c[] = {{{{3}}}}; } }\n"}),
    (sizes.columns, {"src/hub/a.c": "// " + "é" * 98 + "\n"}, {"src/hub/a.c": "// " + "é" * 97 + "\n"}),
    (names.stems, {"src/hub/a.c": "", "src/wire/a.h": ""}, {"src/hub/a.c": "", "src/hub/a.h": ""}),
    (names.typedefs, {"src/hub/a.h": "typedef struct a { int b; } a;\n"}, {"src/hub/a.h": "typedef void (*a_fn)(int b);\n"}),
    (words.licence, {"src/hub/a.c": "// MIT\n"}, {"src/hub/a.c": SPDX}),
    (words.card, {"src/hub/a.h": SPDX + "#pragma once\n"}, {"src/hub/a.h": HEADER}),
    (words.card, {"src/hub/a.h": HEADER.replace("a --", "b --")}, {"src/hub/a.c": SPDX}),
    (words.card, {"src/hub/a.h": HEADER.replace("#pragma once", "")}, {"src/hub/a.h": HEADER}),
    (words.later, {"sdk/src/a.ts": f"// {ISSUE_WORD}: later\n"}, {"sdk/src/a.ts": f"// {ISSUE_WORD}(#12): later\n"}),
    (words.suppressions, {"src/hub/a.c": "f(); // NOLINT\n"}, {"src/hub/a.c": "f(); // NOLINT(bugprone-x): a reason\n"}),
    (words.suppressions, {"src/hub/a.c": "// cppcheck-suppress nullPointer\n"},
     {"src/hub/a.c": "// cppcheck-suppress nullPointer ; never null\n"}),
    (words.map_paths, {"ARCHITECTURE.md": "see src/hub/ring.c\n"}, {"ARCHITECTURE.md": "see src/hub/ring.c\n", "src/hub/ring.c": ""}),
    (words.named_tests, {"docs/a.md": "`a_test.py::test_b`\n", "a_test.py": "def test_bc():\n"},
     {"docs/a.md": "`a_test.py::test_b`\n", "a_test.py": "def test_b():\n"}),
    (words.map_paths, {"README.md": "see `ring.c`\n"}, {"README.md": "see `ring.c` and `/v1/a.b`\n", "src/hub/ring.c": ""}),
    (calls.malloc, {"src/hub/a.c": "p = malloc(4);\n"}, {"src/base/mem.c": "p = malloc(4);\n"}),
    (calls.malloc, {"src/hub/a.c": "free(p);\n"}, {"src/hub/a.c": "pool->free(p); // malloc(4)\n", "src/hub/a_rig.c": "free(p);\n"}),
    (calls.errno, {"src/hub/a.c": "if (errno == 1) {}\n"}, {"src/sys/a.c": "if (errno == 1) {}\n"}),
    (calls.sleeps, {"src/hub/a_test.c": "usleep(1);\n"}, {"src/hub/a.c": "usleep(1);\n"}),
    (lint.headers, {"src/hub/a.h": "#pragma once\nint f(size_t a);\n"},
     {"src/hub/a.h": "#pragma once\n#include <stddef.h>\nint f(size_t a);\n"}),
    (lint.format_of, {"src/hub/a.c": "int  a;\n"}, {"src/hub/a.c": "int a;\n"}),
    (lint.format_of, {"fuzz/a.c": "int  a;\n"}, {"fuzz/a.c": "int a;\n"}),
    (lint.cppcheck, {"src/hub/a.c": "int f(void)\n{\n    int a[2];\n    return a[2];\n}\n"},
     {"src/hub/a.c": "int f(void)\n{\n    int a[2] = {0};\n    return a[1];\n}\n"}),
]


@pytest.mark.parametrize("rule, broken, kept", CASES, ids=lambda value: getattr(value, "__name__", None) or "files")
def test_rule_sees_a_breach_and_nothing_else(tmp_path, rule, broken, kept):
    assert list(rule(write_tree(tmp_path / "broken", broken)))
    assert list(rule(write_tree(tmp_path / "kept", kept))) == []


def test_a_circle_is_told_by_its_shortest_way_round(tmp_path):
    tree = write_tree(tmp_path, {"src/hub/a.c": '#include "hub/b.h"\n#include "hub/c.h"\n', "src/hub/a.h": "",
                                 "src/hub/b.h": '#include "hub/c.h"\n', "src/hub/c.h": '#include "hub/a.h"\n'})
    assert [finding.text for finding in floors.circles(tree)] == [
        "3 rooms include each other, for one: hub/a > hub/c > hub/a"]


def compile_commands(root, path, text):
    """A release build as names.exported and lint.clang_tidy look for it."""
    tree = write_tree(root, {path: text})
    build = root / "build/release"
    output = "src/libroarlib.a.p/" + path.removeprefix("src/").replace("/", "_") + ".o"
    (build / output).parent.mkdir(parents=True)
    command = ["cc", "-c", f"../../{path}", "-o", output]
    subprocess.run(command, cwd=build, check=True)
    (build / "compile_commands.json").write_text(json.dumps(
        [{"directory": str(build), "file": f"../../{path}", "output": output, "command": " ".join(command)}]))
    return tree


def test_exported_name_must_begin_with_the_stem(tmp_path):
    broken = compile_commands(tmp_path / "broken", "src/hub/ring.c", "int push;\nint ring_push;\n")
    assert [finding.text for finding in names.exported(broken)] == ["push does not begin with ring_"]
    kept = compile_commands(tmp_path / "kept", "src/hub/ring.c", "static int push;\nint *ring_push = &push;\n")
    assert list(names.exported(kept)) == []


def test_clang_tidy_is_asked_and_its_answer_kept(tmp_path):
    text = "int f(const int *a);\nint f(const int *a)\n{\n    if (a)\n        return *a;\n    return 0;\n}\n"
    tree = compile_commands(tmp_path, "src/hub/a.c", text)
    (tmp_path / ".clang-tidy").write_text((ROOT / ".clang-tidy").read_text())
    found = list(lint.clang_tidy(tree))
    assert len(found) == 1 and "braces" in found[0].text


def test_what_was_clean_is_asked_again_only_when_something_it_reads_changes(tmp_path, monkeypatch):
    files = {"src/hub/a.c": '#include "hub/b.h"\n', "src/hub/b.h": "", "src/hub/c.h": ""}
    asked = []
    monkeypatch.setattr(lint, "run", lambda root, command: asked.append(command[-1]) or
                        subprocess.CompletedProcess(command, 0, "", ""))

    def ask(changes):
        asked.clear()
        assert list(lint.ask(write_tree(tmp_path, files | changes), "rule", {"src/hub/a.c": ["tool", "a.c"]})) == []
        return asked.count("a.c")

    assert ask({}) == 1
    assert ask({"src/hub/c.h": "int c;\n"}) == 0
    assert ask({"src/hub/b.h": "int b;\n"}) == 1


def test_what_failed_is_asked_again(tmp_path, monkeypatch):
    tree = write_tree(tmp_path, {"src/hub/a.c": ""})
    monkeypatch.setattr(lint, "run", lambda root, command: subprocess.CompletedProcess(command, 1, "bad", ""))
    for _ in range(2):
        assert [finding.text for finding in lint.ask(tree, "rule", {"src/hub/a.c": ["tool"]})] == ["bad"]


def test_types_are_the_compilers_to_judge(tmp_path):
    project = {"tsconfig.json": '{"compilerOptions": {"strict": true, "noEmit": true, "types": []}, "files": ["a.ts"]}',
               "package.json": json.dumps({"scripts": {"typecheck": f"{ROOT}/node_modules/.bin/tsc -p ."}})}
    assert list(lint.types(write_tree(tmp_path / "broken", project | {"a.ts": "export const a: number = 'one';\n"})))
    assert list(lint.types(write_tree(tmp_path / "kept", project | {"a.ts": "export const a: number = 1;\n"}))) == []


def settle(text):
    source = parse("src/hub/a.c", text)
    found = [report.Finding("src/hub/a.c", 3, "malloc", "here")]
    return [f"{finding.rule}: {finding.text}" for finding in report.settle(found, [source], {"malloc", "params"})]


@pytest.mark.parametrize("mark", ["\n/* breach(malloc): a reason */\nx();\n", "\n\nx(); // breach(malloc): a reason\n"])
def test_a_mark_with_a_reason_allows_the_breach(mark):
    assert settle(mark) == []


@pytest.mark.parametrize("mark, said", [
    ("\n/* breach(malloc): */\nx();\n", "breach: says no reason"),
    ("\n/* breach(malloc) */\nx();\n", "breach: says no reason"),
    ("/* breach(malloc): too far up */\n\nx();\n", "malloc: here"),
    ("\n/* breach(maloc): a reason */\nx();\n", "breach: no rule is called maloc"),
    ("\n/* breach(params): a reason */\nx();\n", "breach: params is not broken here; take the mark away"),
])
def test_a_mark_that_says_nothing_true_is_a_finding(mark, said):
    assert said in settle(mark)


def test_functions_are_found_where_a_reader_finds_them():
    source = parse("src/hub/a.c", """
#define EACH(x) for (x = 0; x < 3; x++) {
struct a { int b; };
static const int table[] = {1, 2};
static inline MUST_USE int
one(int a, char b)
{
    return a ? '{' : "}"[b]; /* } */
}
void two(void) __attribute__((cold));
__attribute__((cold)) void two(void)
{
}
int three(int a) __attribute__((pure))
{
}
""")
    assert [(f.name, f.line, f.params) for f in source.functions] == [("one", 5, 2), ("two", 11, 0), ("three", 14, 1)]


def test_junit_has_a_case_for_each_rule(tmp_path):
    report.write_junit(tmp_path / "x.xml", [report.Finding("a.c", 1, "malloc", "a < b")], ["malloc", "params"])
    text = (tmp_path / "x.xml").read_text()
    assert 'tests="2" failures="1"' in text and "a &lt; b" in text
