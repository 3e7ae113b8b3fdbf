# SPDX-License-Identifier: Apache-2.0
"""The last line of `make test` is only as honest as this counting."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

from results import Counts, from_junit, from_tap


def test_junit_counts_each_case_by_its_outcome():
    counts = from_junit("""<testsuites><testsuite>
        <testcase classname="a" name="one"/>
        <testcase classname="a" name="two"><failure>x</failure></testcase>
        <testcase classname="a" name="three"><error>x</error></testcase>
        <testcase classname="a" name="four"><skipped/></testcase>
        </testsuite></testsuites>""")
    assert str(counts) == "1 passed, 2 failed, 1 skipped"
    assert counts.failures == ["a two", "a three"]


def test_tap_counts_leaves_and_not_their_parents():
    counts = from_tap("""TAP version 13
# Subtest: file.js
    # Subtest: group
        ok 1 - one
        not ok 2 - two
        1..2
    not ok 1 - group
    ok 2 - three # SKIP no network
    1..2
not ok 1 - file.js
ok 2 - four
1..2
""")
    assert str(counts) == "2 passed, 1 failed, 1 skipped"
    assert counts.failures == ["two"]


def test_tap_parent_that_alone_failed_is_counted():
    counts = from_tap("    ok 1 - one\n    1..1\nnot ok 1 - file whose teardown threw\n")
    assert (counts.passed, counts.failed) == (1, 1)


def test_tap_of_a_file_that_died_is_a_failure():
    assert from_tap("not ok 1 - file.js\n  ---\n  exitCode: 1\n").failed == 1


def test_tap_text_that_only_looks_like_a_result_is_not_counted():
    assert from_tap("# ok 1 - diagnostics\nokay then\nit is not ok\n").total == 0


def test_last_line_names_skips_only_when_there_are_some():
    assert str(Counts(passed=3)) == "3 passed, 0 failed"
    assert str(Counts(passed=3, skipped=1)) == "3 passed, 0 failed, 1 skipped"
