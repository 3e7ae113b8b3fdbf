# SPDX-License-Identifier: Apache-2.0
"""ENOMEM: the address space ends while viewers come and comments are posted."""
import resource
from pathlib import Path

import pytest

from http1 import Closed
from readers import Refused, open_reader
from roar import BINARY, eventually

ROOM_BYTES = 1 << 20
CROWD = 600


def limit_address_space(roar, more_bytes):
    """What it has now and so much more; None: no limit."""
    pages = int(Path(f"/proc/{roar.process.pid}/statm").read_text(encoding="ascii").split()[0])
    _, hard = resource.prlimit(roar.process.pid, resource.RLIMIT_AS)
    soft = resource.RLIM_INFINITY if more_bytes is None else pages * resource.getpagesize() + more_bytes
    resource.prlimit(roar.process.pid, resource.RLIMIT_AS, (soft, hard))


def fill(roar, stream):
    """Viewers until some are refused; (those that are in, how many are not)."""
    inside, outside = [], 0
    for number in range(CROWD):
        try:
            inside.append(open_reader("sse", roar, f"{stream}-{number}"))
        except (Refused, Closed, OSError) as refusal:
            outside += 1
            if isinstance(refusal, Refused):
                assert refusal.response.status == 503, refusal.response
    return inside, outside


@pytest.mark.skipif(any(f"/{mode}/" in BINARY for mode in ("asan", "tsan")),
                    reason="a sanitizer's own memory ends with the address space")
def test_without_memory_newcomers_are_refused_and_those_inside_go_on(start, stream):
    roar = start({"workers": "1"})
    roar.posted(stream, "before")
    viewer = open_reader("sse", roar, stream)
    assert viewer.texts(1) == ["before"]
    limit_address_space(roar, ROOM_BYTES)
    crowd, refused = fill(roar, stream)
    assert roar.is_alive()
    assert refused > 0, f"{CROWD} viewers took less than {ROOM_BYTES} bytes"

    limit_address_space(roar, None)
    for reader in crowd:
        reader.close()
    eventually("room again", lambda: roar.get("/readyz").status == 200)
    roar.posted(stream, "after")
    seen = viewer.until(lambda message: message.get("text") == "after")
    assert [message["text"] for message in seen if message.get("type") == "comment"] == ["after"]
    with open_reader("ws", roar, stream) as late:
        assert late.texts(2) == ["before", "after"]
    viewer.close()
    assert roar.stop() == 0
