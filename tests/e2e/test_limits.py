# SPDX-License-Identifier: Apache-2.0
"""Section 4's limits, exactly: at most n accepted in any window, each with its answer."""
import errno
import select
import signal
import socket
import time

import pytest

from http1 import BUSY_S, DEADLINE_S, Closed
from readers import Ended, Refused, Sse, Ws, open_reader
from roar import eventually
from tokens import token


def rate_of(answer):
    return tuple(int(answer.header(f"ratelimit-{name}")) for name in ("limit", "remaining", "reset"))


def test_a_user_has_so_many_and_is_told(start, stream):
    roar = start({"limits.post_user": "3/1h"})
    for left in (2, 1, 0):
        answer = roar.post(stream)
        assert answer.status == 201
        limit, remaining, reset = rate_of(answer)
        assert (limit, remaining) == (3, left) and 3590 <= reset <= 3600
        for text, cid in (("", None), ("x" * 501, None), ("", "never")):
            unfit = roar.post(stream, text, cid=cid)
            assert unfit.status == 422 and rate_of(unfit)[:2] == (3, left), "who posts nonsense is told, and pays nothing"
    refused = roar.post(stream)
    assert refused.problem() == "rate_user" and refused.status == 429
    assert rate_of(refused)[:2] == (3, 0)
    assert 3590 <= int(refused.header("retry-after")) <= 3600
    assert roar.post(stream + "-other").problem() == "rate_user", "a user's count is over all streams"
    assert roar.post(stream, user="bob").status == 201
    assert len(roar.history(stream)) == 4, "a refused comment leaves no trace"


def test_the_window_slides(start, stream):
    roar = start({"limits.post_user": "2/1s"})
    accepted = []
    end = time.monotonic() + 4
    while time.monotonic() < end:
        begun = time.monotonic()
        answer = roar.post(stream)
        if answer.status == 201:
            accepted.append((begun, time.monotonic()))
    assert len(accepted) >= 6
    for first, third in zip(accepted, accepted[2:]):
        assert third[1] - first[0] >= 1.0, "three within one second"


def test_a_refusal_costs_nothing(start, stream):
    """Whoever hammers gets through when the window has passed, not later."""
    roar = start({"limits.post_user": "1/2s"})
    begun = time.monotonic()
    assert roar.post(stream).status == 201
    refusals = 0
    while roar.post(stream).status != 201:
        refusals += 1
    assert refusals > 5
    assert 1.9 <= time.monotonic() - begun < 2 + BUSY_S


def test_the_user_window_survives_a_restart(start, stream):
    roar = start({"limits.post_user": "2/1h"})
    for _ in range(2):
        assert roar.post(stream).status == 201
    for end in (roar.kill, roar.stop):
        end()
        roar.start()
        assert roar.post(stream).problem() == "rate_user"
        assert roar.post(stream, user=f"bob{end.__name__}").status == 201


@pytest.mark.parametrize("role", ["moderator", "host", "admin", "bot"])
def test_some_have_ten_times_as_much(start, stream, role):
    roar = start({"limits.post_user": "1/1h"})
    strong = token("strong", roles=[role])
    statuses = [roar.post(stream, as_token=strong).status for _ in range(11)]
    assert statuses == [201] * 10 + [429]


def test_an_address_has_so_many(start, stream):
    roar = start({"limits.post_address": "3/1h"})
    for number in range(3):
        assert roar.post(stream, user=f"u{number}").status == 201
    refused = roar.post(stream, user="u9")
    assert refused.problem() == "rate_address"
    assert roar.post(stream, user="u9", source="127.0.0.2").status == 201


def test_a_trusted_proxy_names_the_address(start, stream):
    roar = start({"limits.post_address": "1/1h", "http.trusted_proxies": "127.0.0.1"})
    one, two = [("X-Forwarded-For", "203.0.113.1")], [("X-Forwarded-For", "198.51.100.7, 203.0.113.2")]
    assert roar.post(stream, user="a", headers=one).status == 201
    assert roar.post(stream, user="b", headers=one).problem() == "rate_address"
    assert roar.post(stream, user="c", headers=two).status == 201
    assert roar.post(stream, user="d", headers=two).problem() == "rate_address"
    forged = [("X-Forwarded-For", "203.0.113.99")]
    assert roar.post(stream, user="e", headers=forged, source="127.0.0.3").status == 201
    assert roar.post(stream, user="f", headers=one, source="127.0.0.3").problem() == "rate_address"


def test_an_ipv6_neighbourhood_is_one_address(start, stream):
    roar = start({"limits.post_address": "1/1h", "http.trusted_proxies": "127.0.0.1"})
    home = [("X-Forwarded-For", "2001:db8:1:2::1")]
    room = [("X-Forwarded-For", "2001:db8:1:2:ffff::9")]
    away = [("X-Forwarded-For", "2001:db8:1:3::1")]
    assert roar.post(stream, user="a", headers=home).status == 201
    assert roar.post(stream, user="b", headers=room).problem() == "rate_address"
    assert roar.post(stream, user="c", headers=away).status == 201


def guest(roar, **more):
    return roar.ask("POST", "/v1/guests", body={}, **more)


def test_an_address_has_so_many_new_guests(start):
    roar = start({"limits.guests_address": "2/1h", "http.trusted_proxies": "127.0.0.1"})
    one, two = [("X-Forwarded-For", "203.0.113.1")], [("X-Forwarded-For", "203.0.113.2")]
    assert roar.ask("POST", "/v1/guests", body={"name": ""}, headers=one).problem() == "bad_field", "costs nothing"
    assert [guest(roar, headers=one).status for _ in range(2)] == [201, 201]
    refused = guest(roar, headers=one)
    assert (refused.status, refused.problem()) == (429, "rate_address")
    assert 3500 < int(refused.header("retry-after")) <= 3600
    assert roar.metrics()['roar_problems_total{code="rate_address"}'] == 1
    assert guest(roar, headers=two).status == 201, "the proxy's other clients have their own"
    assert [guest(roar).status for _ in range(5)] == [201] * 5, "a trusted address is not counted"


def test_an_address_has_so_many_who_beat(start, stream):
    roar = start({"limits.beats_address": 2, "http.trusted_proxies": "127.0.0.1"})
    one, two = [("X-Forwarded-For", "203.0.113.1")], [("X-Forwarded-For", "203.0.113.2")]
    beat = lambda session, headers: roar.ask("POST", f"/v1/streams/{stream}/heartbeat", body={"session": session},
                                             headers=headers)
    assert [beat(session, one).status for session in "aba"] == [200, 200, 200]
    refused = beat("c", one)
    assert (refused.status, refused.problem()) == (429, "rate_address")
    assert roar.get(f"/v1/streams/{stream}/poll?wait=0&session=d", headers=one).status == 200
    with Ws(roar, stream, session="e", headers=one) as ws:
        assert ws.ask(do="beat")["problem"]["code"] == "rate_address", "else it could go on without a connection"
    assert beat("c", two).status == 200
    eventually("a, b and c", lambda: beat("c", two).json()["viewers"] == 3)


def test_dev_has_as_many_guests_as_it_wants_and_others_sixty_a_minute(start):
    dev = start()
    assert {guest(dev).status for _ in range(100)} == {201}
    plain = start({"auth.guests": "true"}, flags=())
    assert [guest(plain).status for _ in range(61)] == [201] * 60 + [429]


def test_a_stream_has_so_many(start, stream):
    roar = start({"limits.post_stream": "3/1h"})
    for number in range(3):
        assert roar.post(stream, user=f"u{number}").status == 201
    assert roar.post(stream, user="u9").problem() == "rate_stream"
    assert roar.post(stream + "-other", user="u9").status == 201


def test_limits_hold_on_the_websocket(start, stream):
    roar = start({"limits.post_user": "2/1h"})
    with Ws(roar, stream, token=token("ann")) as ws:
        assert ws.ask(do="post", stream=stream, text="1")["ok"]
        assert roar.post(stream).status == 201
        problem = ws.ask(do="post", stream=stream, text="3")["problem"]
        assert problem["code"] == "rate_user" and problem["status"] == 429 and problem["retry_after"] >= 3590


def test_the_oldest_connection_of_a_user_gives_way(start, stream):
    roar = start({"limits.conns_user": 2})
    same = token("ann")
    with Ws(roar, stream, token=same) as first, Sse(roar, stream, token=same) as second:
        first.message(), second.message()
        with Sse(roar, stream, token=same) as third:
            third.message()
            with pytest.raises(Ended) as ended:
                first.until(lambda message: message["type"] == "goaway" and message["reason"] == "replaced")
                first.message()
            assert ended.value.code == 4003
            with Ws(roar, stream, token=same) as fourth:
                fourth.message()
                goaway = second.find("goaway")
                assert goaway["reason"] == "replaced"
                with pytest.raises(Closed):
                    second.message()
                live = roar.posted(stream)["comment"]
                assert third.find("comment") == live and fourth.find("comment") == live


def test_an_address_has_so_many_connections(start, stream):
    roar = start({"limits.conns_address": 3})
    held = [open_reader("sse", roar, stream) for _ in range(3)]
    with pytest.raises((Refused, Closed)) as refused:
        open_reader("sse", roar, stream)
    if refused.type is Refused:
        assert refused.value.response.problem() == "conns_address"
    with open_reader("sse", roar, stream, source="127.0.0.2"):
        pass
    held.pop().close()

    def joins():
        try:
            open_reader("sse", roar, stream).close()
        except (Refused, Closed):
            return False
        return True

    eventually("room again", joins)
    for reader in held:
        reader.close()


def test_a_full_server_says_so(start, stream):
    roar = start({"limits.viewers_max": 2})
    held = [open_reader(kind, roar, stream) for kind in ("sse", "ws")]
    for kind in ("sse", "ws"):
        with pytest.raises(Refused) as refused:
            open_reader(kind, roar, stream)
        answer = refused.value.response
        assert answer.status == 503 and answer.problem() == "full" and 5 <= int(answer.header("retry-after")) <= 10
    answer = roar.get(f"/v1/streams/{stream}/poll?after=0&wait=1")
    assert answer.status == 503 and answer.problem() == "full" and 5 <= int(answer.header("retry-after")) <= 10
    live = roar.posted(stream)["comment"]
    for reader in held:
        with reader:
            assert reader.find("comment") == live


def test_a_queue_that_is_full_is_counted_and_survived(start, stream):
    """More come at once than may wait to be accepted: the kernel puts them off, and all are served in the end."""
    roar = start({"workers": 1, "limits.listen_queue": 8})
    assert roar.metrics()["roar_listen_overflows_total"] >= 0
    with open_reader("sse", roar, stream) as inside:
        roar.signal(signal.SIGSTOP)
        comers = [socket.socket() for _ in range(40)]
        for comer in comers:
            comer.setblocking(False)
            assert comer.connect_ex(roar.address) in (0, errno.EINPROGRESS)
        roar.signal(signal.SIGCONT)
        seq = roar.posted(stream)["seq"]
        assert inside.find("comment")["seq"] == seq
        eventually("it to be counted", lambda: roar.metrics()["roar_listen_overflows_total"] > 0)
        for comer in comers:
            comer.settimeout(DEADLINE_S)
            assert select.select([], [comer], [], DEADLINE_S)[1]
            comer.sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            assert comer.recv(12) == b"HTTP/1.1 200"
            comer.close()


def test_each_stream_of_a_websocket_is_a_viewer(start, stream):
    """One connection with 64 streams costs what 64 viewers cost."""
    roar = start({"limits.viewers_max": 3})
    with Ws(roar) as ws:
        for number in range(3):
            assert ws.ask(do="join", stream=f"{stream}-{number}")["ok"]
        refused = ws.ask(do="join", stream=f"{stream}-3")["problem"]
        assert refused["code"] == "full" and refused["retry_after"] == 5
        with pytest.raises(Refused):
            open_reader("sse", roar, stream)
        assert ws.ask(do="leave", stream=f"{stream}-0")["ok"]
        assert ws.ask(do="join", stream=f"{stream}-3")["ok"]

    def opened():
        try:
            return open_reader("sse", roar, stream)
        except Refused:
            return None

    with eventually("its places are free again", opened):
        pass


def test_a_shorter_text_may_be_asked_for(start, stream):
    roar = start({"limits.text_points": 5})
    assert roar.post(stream, "12345").status == 201
    assert roar.post(stream, "123456").problem() == "too_long"
