# SPDX-License-Identifier: Apache-2.0
import itertools
import json
import sys

sys.dont_write_bytecode = True

import pytest

from disk import Faults
from roar import COMPRESSED, PATIENT, UNLIMITED, Roar

numbers = itertools.count(1)
BEGINNING = 1 / 4  # of a run


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes or waits long (12 s and more)")


def pytest_collection_modifyitems(items):
    """Workers are dealt rows of neighbours. So the tests of each file are spread over the whole run, lest the long ones
    of one be all one worker's; what waits long over its beginning, lest it be waited for at the end. Tests that share
    what their module sets up stay together, lest that be set up for each."""
    slow, together, files = [], {}, {}
    for item in items:
        if shares_set_up(item):
            together.setdefault(item.path, []).append(item)
        elif item.get_closest_marker("slow"):
            slow.insert(0, item)
        else:
            files.setdefault(item.path, []).append(item)
    place = {item: at * BEGINNING for item, at in spread(slow)}
    for group in files.values():
        place.update(spread(group))
    for group, at in spread(list(together.values())):
        place.update((item, at) for item in group)
    items.sort(key=place.get)


def spread(things):
    return [(thing, (number + 0.5) / len(things)) for number, thing in enumerate(things)]


def shares_set_up(item):
    return any(fixture.scope == "module" for known in item._fixtureinfo.name2fixturedefs.values() for fixture in known)


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
