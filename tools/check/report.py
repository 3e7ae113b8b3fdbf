# SPDX-License-Identifier: Apache-2.0
"""What a rule found, and which of it a marker in place allows."""
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int  # 0: about the whole file
    rule: str
    text: str

    def __str__(self):
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.rule}: {self.text}"


def settle(findings, sources, rules):
    """Takes out what a marker allows; adds what is wrong with the markers themselves."""
    by_path = {source.path: source for source in sources}
    left = []
    for finding in sorted(set(findings)):
        source = by_path.get(finding.path)
        allowed = [mark for mark in source.breaches
                   if mark.rule == finding.rule and mark.covers(finding.line)] if source else []
        for mark in allowed:
            mark.used = True
        if not allowed:
            left.append(finding)
    return left + list(bad_marks(sources, rules))


def bad_marks(sources, rules):
    for source in sources:
        for mark in source.breaches:
            if mark.rule not in rules:
                yield Finding(mark.path, mark.first, "breach", f"no rule is called {mark.rule}")
            elif not mark.reason:
                yield Finding(mark.path, mark.first, "breach", "says no reason")
            elif not mark.used:
                yield Finding(mark.path, mark.first, "breach", f"{mark.rule} is not broken here; take the mark away")


def write_junit(path, findings, rules):
    """One test case for each rule."""
    cases = []
    for rule in rules:
        found = "\n".join(str(finding) for finding in findings if finding.rule == rule)
        failure = f"<failure>{escape(found)}</failure>" if found else ""
        cases.append(f'<testcase classname="structure" name={quoteattr(rule)}>{failure}</testcase>')
    failed = sum("<failure>" in case for case in cases)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<testsuite name="structure" tests="{len(cases)}" failures="{failed}">'
                    + "".join(cases) + "</testsuite>\n", encoding="utf-8")
