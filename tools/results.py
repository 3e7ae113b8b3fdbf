# SPDX-License-Identifier: Apache-2.0
"""Counts test cases in what the test programs themselves report: JUnit XML and TAP."""
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

TAP_RESULT = re.compile(r"^( *)(not )?ok\b[ \d]*(?:- )?(.*?)(?: # (SKIP|T[O]DO)\b.*)?$", re.IGNORECASE)


@dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)  # names

    @property
    def total(self):
        return self.passed + self.failed + self.skipped

    def add(self, outcome, name):
        setattr(self, outcome, getattr(self, outcome) + 1)
        if outcome == "failed":
            self.failures.append(name)

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures
        return self

    def __str__(self):
        tail = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{tail}"


def from_junit(text):
    counts = Counts()
    for case in ET.fromstring(text).iter("testcase"):
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        counts.add(outcome, f"{case.get('classname', '')} {case.get('name', '')}".strip())
    return counts


def from_tap(text):
    """Counts the leaves: a test that has subtests is its subtests, unless it alone failed."""
    counts = Counts()
    below = {}  # indent -> failures among the subtests seen at that indent and not yet claimed by a parent
    for line in text.splitlines():
        match = TAP_RESULT.match(line)
        if not match:
            continue
        indent, failed, name, directive = len(match[1]), bool(match[2]), match[3], match[4]
        deeper = [below.pop(depth) for depth in list(below) if depth > indent]
        if not deeper:
            counts.add("skipped" if directive else "failed" if failed else "passed", name)
        elif failed and not any(deeper):
            counts.add("failed", name)
        below[indent] = below.get(indent, 0) + failed
    return counts
