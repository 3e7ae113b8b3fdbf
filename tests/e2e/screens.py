# SPDX-License-Identifier: Apache-2.0
"""Everything that a reader may be shown of a stream, as text, so that a test can say what is in none of it."""
import json

from readers import open_reader
from roar import eventually


def secret(n):
    return f"the-secret-{n}"


def all_pages(roar, stream, as_token=None):
    """Every page and stream of this one as text, as of now: whatever begins now must not hold what was removed."""
    path = f"/v1/streams/{stream}"
    found = {}
    for what in ("/comments?limit=500", "/comments?limit=500&tombstones=1", "/comments?after=0&limit=500",
                 "/log?after=0&limit=500", "/poll?after=0&wait=0", "/poll?tail=500&wait=0"):
        answer = roar.get(path + what, token=as_token)
        assert answer.status == 200, (what, answer.status, answer.body)
        found[what] = answer.body.decode()
    return found


def backfill(roar, kind, stream, **more):
    """What a newcomer is sent up to the newest event, as text."""
    latest = roar.get(f"/v1/streams/{stream}/comments?limit=1").json()["latest_seq"]
    with open_reader(kind, roar, stream, **{"tail": 500, **more}) as reader:
        found = [reader.hello]
        while reader.seq < latest:
            found.append(reader.message())
    return json.dumps(found)


def gone(roar, stream, text, kinds=("sse", "ws")):
    """It is nowhere that is begun from now on."""
    for what, page in all_pages(roar, stream).items():
        assert text not in page, what
    for kind in kinds:
        assert text not in backfill(roar, kind, stream), kind
        assert text not in backfill(roar, kind, stream, after="0"), kind
    path = f"/v1/streams/{stream}/snapshot"
    eventually("the snapshot is a new one", lambda: text not in roar.get(path).body.decode(), 1.0)


def watch(roar, kind, stream, **more):
    """A reader from the beginning on; a poll waits from there."""
    return open_reader(kind, roar, stream, **{"after": "0", **more})
