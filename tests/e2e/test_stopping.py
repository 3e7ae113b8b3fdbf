# SPDX-License-Identifier: Apache-2.0
"""SIGTERM drains, SIGHUP reloads, SIGSTOP passes: nobody loses anything answered."""
import signal

import pytest

from crowd import Crowd
from http1 import Closed, encode
from readers import Ended, Ws, open_reader
from roar import eventually
from tokens import token


def test_sigterm_tells_everybody_and_exits_0(start, stream):
    roar = start({"drain_s": 5})
    viewers = [open_reader(kind, roar, stream) for kind in ("sse", "ws") for _ in range(5)]
    roar.signal(signal.SIGTERM)
    waits = []
    for viewer in viewers:
        goaway = viewer.find("goaway")
        assert goaway["reason"] == "drain" and 1000 <= goaway["retry_ms"] <= 15000
        waits.append(goaway["retry_ms"])
        with pytest.raises(Closed) as ended:
            while True:
                viewer.message()
        if isinstance(viewer, Ws):
            assert isinstance(ended.value, Ended) and ended.value.code == 1001
        else:
            assert viewer.retries[-1] == goaway["retry_ms"]
        viewer.close()
    assert len(set(waits)) > 1, "spread, so that they do not all come at once"
    assert roar.wait() == 0


def test_sigterm_drains(start, stream):
    """What was begun is answered: a poll with what there is, a post that comes too late with "draining"."""
    roar = start({"drain_s": 5})
    last = roar.posted(stream)["seq"]
    data = encode("POST", f"/v1/streams/{stream}/comments", token=token("late"), body={"text": "too late"})
    with roar.conn() as waiting, roar.conn() as late:
        waiting.request("GET", f"/v1/streams/{stream}/poll?wait=30&after={last}")
        late.send(data[:-5])
        eventually("the poll to wait", lambda: roar.get(f"/v1/streams/{stream}/metrics").json()["viewers"]["poll"] == 1)
        roar.signal(signal.SIGTERM)
        answer = waiting.response()
        assert answer.status == 200 and answer.json()["events"] == [] and answer.header("connection") == "close"
        late.send(data[-5:])
        refused = late.response()
        assert refused.status == 503 and refused.problem() == "draining"
    assert roar.wait() == 0
    roar.start()
    assert [comment["text"] for comment in roar.history(stream)] == ["hello"]


def test_rolling_restarts_under_load_lose_nothing(start, stream):
    roar = start({"drain_s": 2})
    crowd = Crowd(roar, stream).fill(posters=3, viewers=1)
    for _ in range(5):
        crowd.wait_more(30)
        crowd.up.clear()
        assert roar.stop() == 0
        roar.start()
        crowd.up.set()
    crowd.wait_more(30)
    crowd.finish(roar)


def test_a_second_sigterm_is_no_harm(start, stream):
    roar = start({"drain_s": 1})
    with open_reader("sse", roar, stream):
        roar.signal(signal.SIGTERM)
        roar.signal(signal.SIGTERM)
        assert roar.wait() == 0


def test_sigint_is_sigterm(start):
    roar = start({"drain_s": 1})
    roar.signal(signal.SIGINT)
    assert roar.wait() == 0


def test_a_stopped_process_goes_on_where_it_was(start, stream):
    roar = start()
    with open_reader("sse", roar, stream) as sse, open_reader("ws", roar, stream) as ws:
        roar.signal(signal.SIGSTOP)
        with roar.conn() as conn:
            conn.request("POST", f"/v1/streams/{stream}/comments", token=token(), body={"text": "asleep"})
            roar.signal(signal.SIGCONT)
            comment = conn.response().json()["comment"]
        assert sse.find("comment") == comment and ws.find("comment") == comment


def config(tmp_path, text):
    path = tmp_path / "roar.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_sighup_reloads_limits_under_viewers(start, stream, tmp_path):
    path = config(tmp_path, '[limits]\ntext_points = 5\n')
    roar = start(flags=("--dev", "--config", str(path)))
    assert roar.post(stream, "123456").problem() == "too_long"
    with open_reader("ws", roar, stream) as viewer:
        config(tmp_path, '[limits]\ntext_points = 10\n')
        roar.signal(signal.SIGHUP)
        eventually("the new limit", lambda: roar.post(stream, "123456").status == 201)
        assert viewer.find("comment")["text"] == "123456"


def test_reloads_under_load_lose_nothing(start, stream, tmp_path):
    """Keys, limits and retention are put in force again and again, every third time refused, while all go on."""
    path = config(tmp_path, "[limits]\ntext_points = 100\n")
    roar = start(flags=("--dev", "--config", str(path)))
    crowd = Crowd(roar, stream).fill(posters=3, viewers=1)
    for number in range(30):
        crowd.wait_more(5)
        is_broken = number % 3 == 2
        config(tmp_path, f"[limits]\ntext_points = {100 + number}\n[retention]\ndays = {number + 1}\n" + "x" * is_broken)
        before = len(roar.logs)
        roar.signal(signal.SIGHUP)
        roar.wait_log("reload refused: nothing changed" if is_broken else "reloaded", since=before)
    crowd.finish(roar)


def test_a_broken_file_at_reload_changes_nothing(start, stream, tmp_path):
    path = config(tmp_path, '[limits]\ntext_points = 5\n')
    roar = start(flags=("--dev", "--config", str(path)))
    config(tmp_path, '[limits]\ntext_point = 10\n')
    before = len(roar.logs)
    roar.signal(signal.SIGHUP)
    eventually("a word about it", lambda: any("text_point" in line for line in roar.logs[before:]))
    assert roar.post(stream, "123456").problem() == "too_long"
    assert roar.post(stream, "12345").status == 201
