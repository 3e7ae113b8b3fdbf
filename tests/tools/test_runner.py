# SPDX-License-Identifier: Apache-2.0
"""`make test` may not say that all is well when a suite died, hung, or ran nothing."""
import importlib.machinery
import importlib.util
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
loader = importlib.machinery.SourceFileLoader("runner", str(ROOT / "tools/test"))
runner = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
sys.modules["runner"] = runner
loader.exec_module(runner)


build = runner.build


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "OUT", tmp_path)
    monkeypatch.setattr(runner, "build", lambda suite: True)


def run(script, **more):
    return runner.run_all([suite("one", script, **more)])


def suite(name, script, **more):
    return runner.Suite(name, "a suite", ["bash", "-c", script], **more)


def test_what_passed_is_counted():
    assert str(run("echo 'ok 1 - a'; echo 'ok 2 - b'")) == "2 passed, 0 failed"


def test_a_suite_that_ran_nothing_failed():
    counts = run("true")
    assert (counts.failed, counts.failures) == (1, ["one ran no test"])


def test_a_suite_that_died_after_its_tests_failed():
    counts = run("echo 'ok 1 - a'; exit 3")
    assert (counts.passed, counts.failures) == (1, ["one exit code 3"])


def test_a_program_that_crashed_behind_its_tests_is_named():
    said = "1/2 conf_kill ERROR  0.02s  killed by signal 6 SIGABRT"
    counts = run(f"echo 'ok 1 - a'; echo '{said}'; echo; echo 'Summary of Failures:'; echo; echo '{said}'; exit 1")
    assert (counts.passed, counts.failures) == (1, ["one conf_kill ERROR 0.02s killed by signal 6 SIGABRT"])


def test_a_suite_that_does_not_build_failed(monkeypatch):
    monkeypatch.setattr(runner, "build", lambda suite: False)
    assert run("echo 'ok 1 - a'").failures == ["one does not build"]


def test_a_report_of_an_earlier_run_is_not_counted(tmp_path):
    (tmp_path / "one.xml").write_text('<testsuite><testcase name="old"/></testsuite>')
    assert run("true", junit=tmp_path / "one.xml").failures == ["one ran no test"]


def test_a_sanitizer_report_fails_a_suite_whose_tests_passed():
    counts = run("log=${ASAN_OPTIONS#log_path=}; echo 'ok 1 - a'; echo leak > ${log%%:*}.77")
    assert (counts.passed, counts.failures) == (1, ["one sanitizer report one.sanitizer.77"])


def test_a_suite_that_hangs_is_stopped_with_all_it_started(tmp_path):
    counts = run(f"sleep 1000 & echo $! > {tmp_path}/child; echo 'ok 1 - a'; wait", limit_s=1)
    assert (counts.passed, counts.failed) == (1, 1)
    assert ends(int((tmp_path / "child").read_text()))


def ends(pid):
    """It was killed; that it is gone may take the kernel a moment."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], 30)[0])
    finally:
        os.close(fd)


def test_ending_the_run_ends_what_it_started(tmp_path):
    script = f"""
import importlib.machinery, importlib.util, sys, pathlib
sys.path.insert(0, {str(ROOT / "tools")!r})
loader = importlib.machinery.SourceFileLoader("runner", {str(ROOT / "tools/test")!r})
runner = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
sys.modules["runner"] = runner
loader.exec_module(runner)
runner.ROOT = runner.OUT = pathlib.Path({str(tmp_path)!r})
runner.build = lambda suite: True
runner.SUITES = [runner.Suite("one", "a suite", ["bash", "-c", "echo $$ > {tmp_path}/pid.part; mv {tmp_path}/pid.part {tmp_path}/pid; exec sleep 1000"])]
sys.argv = ["test"]
runner.main()
"""
    (tmp_path / "pid").unlink(missing_ok=True)
    runs = subprocess.Popen([sys.executable, "-B", "-c", script], stdout=subprocess.DEVNULL)
    while not (tmp_path / "pid").exists():
        assert runs.poll() is None
    runs.terminate()
    assert runs.wait(timeout=30) == 143
    assert not Path("/proc", (tmp_path / "pid").read_text().strip()).exists()


def test_a_suite_that_cannot_run_here_is_counted_as_skipped():
    counts = run("echo 'ok 1 - a'", probe=["false"])
    assert (counts.passed, counts.failed, counts.skipped) == (0, 0, 1)
    assert run("echo 'ok 1 - a'", probe=["true"]).passed == 1


@pytest.mark.parametrize("target, targets", [("", "all"), ("its-tests", "roar its-tests")])
def test_what_a_suite_runs_is_built_before_it_begins(tmp_path, target, targets):
    (tmp_path / "Makefile").write_text("TARGETS := all\nbuild:\n\t@echo $(MODE): $(TARGETS) >built\n")
    assert build(suite("one", "true", mode="asan", target=target))
    assert (tmp_path / "built").read_text() == f"asan: {targets}\n"


def test_a_suite_beside_the_others_runs_while_they_do(tmp_path):
    os.mkfifo(tmp_path / "meet")
    beside = suite("long", f"read word < {tmp_path}/meet; echo \"ok 1 - $word\"", beside=True, limit_s=30)
    other = suite("short", f"echo met > {tmp_path}/meet; echo 'ok 1 - b'", limit_s=30)
    assert str(runner.run_all([other, beside])) == "2 passed, 0 failed"
    assert (tmp_path / "long.log").read_text() == "ok 1 - met\n"


def test_a_suite_that_gives_way_comes_last_for_the_machine(tmp_path):
    tells = "read word < {0}/go; nice; cat /proc/self/autogroup 2>/dev/null || echo nice 19; echo 'ok 1 - told'"
    os.mkfifo(tmp_path / "go")
    running = runner.start(suite("long", tells.format(tmp_path), gives_way=True, limit_s=30), [])
    (tmp_path / "go").write_text("on\n", encoding="ascii")
    assert str(running.finish()) == "1 passed, 0 failed"
    said = running.suite.log.read_text(encoding="utf-8").splitlines()
    assert said[0] == "19"
    assert said[1].endswith("nice 19")


def test_a_failure_beside_the_others_is_counted():
    counts = runner.run_all([suite("long", "echo 'not ok 1 - a'; exit 1", beside=True), suite("short", "echo 'ok 1 - b'")])
    assert (counts.passed, counts.failed) == (1, 1)
