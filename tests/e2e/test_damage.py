# SPDX-License-Identifier: Apache-2.0
"""P14 and P15: a folder that is owned, damaged, torn or of another program is named, and never served as if whole."""
import sqlite3

import pytest

from roar import UNLIMITED, Roar, eventually


def test_one_process_owns_a_folder(start, tmp_path):
    roar = start()
    second = Roar(tmp_path / "second", UNLIMITED)
    second.data = roar.data
    second.spawn()
    assert second.wait() == 1
    assert str(roar.data) in "\n".join(second.logs) or "lock" in "\n".join(second.logs)
    assert roar.get("/healthz").status == 200


def test_a_flipped_bit_is_named_and_never_served_as_valid(start, stream):
    """In the rows of a log at rest: the damaged record is not given out as if it were whole."""
    roar = start()
    comments = [roar.posted(stream, f"needle {number} " + "n" * 400)["comment"] for number in range(50)]
    assert roar.stop() == 0
    flipped = 0
    for path in sorted(roar.data.iterdir()):
        data = bytearray(path.read_bytes())
        at = data.find(b"needle 20 ")
        if at >= 0:
            data[at] ^= 0x01  # "needle" becomes "oeedle"
            path.write_bytes(data)
            flipped += 1
    assert flipped
    before = len(roar.logs)
    try:
        roar.start()
    except AssertionError:
        assert roar.process.poll() == 1, "refusing to start, with the file named, is allowed"
        assert str(roar.data) in "\n".join(roar.logs[before:])
        return
    target = f"/v1/streams/{stream}/log"
    whole = roar.get(f"{target}?after=0&limit=500")
    assert b"oeedle" not in whole.body
    if whole.status == 200:  # then without it, and told: its place is a hole in the chain
        assert [event["seq"] for event in whole.json()["events"]] == [c["seq"] for c in comments if c != comments[20]]
    else:
        assert whole.problem() == "store_down"
    eventually("a word about it", lambda: any("damaged" in line for line in roar.logs[before:]))
    # The rest is readable: whatever does not lie beside it.
    assert roar.get(f"{target}?after=0&limit=8").json()["events"] == comments[:8]
    assert roar.get(f"{target}?after={comments[34]['seq']}&limit=100").json()["events"] == comments[35:]


def test_the_log_is_a_database_one_can_look_into(start, stream):
    """Inspectable: SQLite finds its own files whole after a kill."""
    roar = start()
    roar.posted(stream)
    roar.kill()
    databases = [path for path in roar.data.iterdir() if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3"]
    assert databases
    for path in databases:
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_torn_last_record_is_cut_off(start, stream):
    """A write the power ended: what comes after the last commit in the file is no commit."""
    roar = start()
    comments = [roar.posted(stream, f"t{number}")["comment"] for number in range(10)]
    roar.kill()
    wal = next(path for path in roar.data.iterdir() if path.name.endswith("-wal"))
    with wal.open("ab") as torn:
        torn.write(b"\x5a" * 2000)
    roar.start()
    assert roar.log(stream) == comments
    assert roar.posted(stream)["seq"] > comments[-1]["seq"]


def test_a_flipped_bit_in_what_was_synced_is_damage(start, stream):
    """A bad frame with good commits behind it is not a torn end: it is named, and old cursors get a new epoch."""
    roar = start()
    comments = [roar.posted(stream, f"w{number} " + "x" * 400)["comment"] for number in range(30)]
    epoch = roar.get(f"/v1/streams/{stream}").json()["epoch"]
    roar.kill()
    wal = next(path for path in roar.data.iterdir() if path.name.endswith("-wal"))
    data = bytearray(wal.read_bytes())
    at = data.find(b"w10 ")
    assert at > 0
    data[at] ^= 0x01
    wal.write_bytes(data)
    before = len(roar.logs)
    try:
        roar.start()
    except AssertionError:
        assert roar.process.poll() == 1
        assert str(roar.data) in "\n".join(roar.logs[before:])
        return
    left = roar.log(stream)
    assert left == comments[:len(left)] and len(left) < 30
    assert roar.get(f"/v1/streams/{stream}").json()["epoch"] != epoch
    said = "\n".join(roar.logs[before:])
    assert "damage" in said and "wal" in said


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_of_something_else_is_named(start, content, tmp_path):
    roar = Roar(tmp_path / "other", UNLIMITED)
    roar.data.mkdir()
    (roar.data / "roar.db").write_bytes(content)
    roar.spawn()
    assert roar.wait() == 1
    assert "roar.db" in "\n".join(roar.logs)


def test_a_newer_format_is_refused(start, stream):
    roar = start()
    roar.posted(stream)
    assert roar.stop() == 0
    with sqlite3.connect(roar.data / "roar.db") as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute(f"PRAGMA user_version = {version + 1}")
    before = len(roar.logs)
    roar.spawn()
    assert roar.wait() == 1
    said = "\n".join(roar.logs[before:])
    assert str(roar.data) in said and "new" in said
