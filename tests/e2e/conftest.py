# SPDX-License-Identifier: Apache-2.0
import itertools
import json
import sys

sys.dont_write_bytecode = True

import pytest

from disk import Faults
from roar import COMPRESSED, PATIENT, UNLIMITED, Roar

numbers = itertools.count(1)


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes or waits long (12 s and more)")


def pytest_collection_modifyitems(items):
    """What waits long is spread over the beginning, so that it is not all one worker's, nor waited for at the end."""
    slow = [item for item in reversed(items) if item.get_closest_marker("slow")]
    others = [item for item in items if not item.get_closest_marker("slow")]
    step = len(others) * 3 // 4 // (len(slow) + 1) + 1
    items[:] = others
    for number, item in enumerate(slow):
        items.insert(number * (step + 1), item)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One server for all tests that leave it as they found it; no post limits."""
    roar = Roar(tmp_path_factory.mktemp("server"), UNLIMITED | COMPRESSED | PATIENT).start()
    yield roar
    code = roar.stop()
    assert code == 0, "\n".join(roar.logs[-20:])
    check_logs(roar)


@pytest.fixture
def start(tmp_path):
    """Starts further servers: start({settings}, flags=(...)); whatever is left of them is ended."""
    started = []

    def begin(settings=None, flags=("--dev",), **more):
        roar = Roar(tmp_path / f"roar{len(started)}", {**UNLIMITED, **COMPRESSED, **PATIENT, **(settings or {})}, flags)
        started.append(roar)
        return roar.start(**more)

    yield begin
    for roar in started:
        roar.done()
        check_logs(roar)


@pytest.fixture
def faulty(tmp_path):
    """Starts a server whose disk and clock obey roar.faults."""
    started = []

    def begin(settings=None):
        faults = Faults(tmp_path / f"faults{len(started)}")
        roar = Roar(tmp_path / f"faulty{len(started)}", {**UNLIMITED, **PATIENT, **(settings or {})})
        roar.faults, roar.environment = faults, faults.environment
        started.append(roar)
        return roar.start()

    yield begin
    for roar in started:
        roar.faults.off("stall")  # a thread that waits in it could not be ended
        roar.done()
        check_logs(roar)


@pytest.fixture
def stream():
    """A stream of the test's own."""
    return f"s{next(numbers)}"


def check_logs(roar):
    """Every line is one JSON object, and no token ever stands in one."""
    for line in roar.logs:
        assert isinstance(json.loads(line), dict), line
        assert "eyJ" not in line, f"a token in the log: {line}"
