# SPDX-License-Identifier: Apache-2.0
"""Section 10: streams made, described and ended; health and metrics; logs."""
import json

import pytest

from readers import Sse, Ws, open_reader
from roar import eventually, parse_metrics
from tokens import token

HOST = {"roles": ["host"]}


def test_info_of_a_stream(server, stream):
    comment = server.posted(stream)
    info = server.get(f"/v1/streams/{stream}").json()
    assert info["state"] == "live" and info["tier"] == "push" and info["seq"] == comment["seq"]
    assert info["epoch"] == comment["epoch"] and info["viewers"] == 0
    assert isinstance(info["why"], str) and info["rate_in"] >= 0 and info["rate_out"] >= 0
    with open_reader("sse", server, stream):
        eventually("one viewer", lambda: server.get(f"/v1/streams/{stream}").json()["viewers"] == 1)


def test_a_stream_exists_once_named(server, stream):
    assert server.get(f"/v1/streams/{stream}").json()["state"] == "live"


@pytest.mark.parametrize("name", ["a", "0", "A.b_c~d-e", "x" * 128, "demo.2"])
def test_names_of_all_kinds(server, name):
    assert server.posted(name, "in " + name[:5])["comment"]["stream"] == name
    with open_reader("sse", server, name, tail=1) as reader:
        assert reader.find("comment")["stream"] == name


def test_escaped_names_are_the_same_name(server, stream):
    server.posted(stream, "here")
    escaped = "".join(f"%{ord(c):02x}" for c in stream)
    assert [c["text"] for c in server.history(escaped)] == ["here"]


def test_streams_made_explicitly(start, stream):
    roar = start({"streams.create": "explicit"})
    host = token("host", **HOST)
    assert roar.ask("PUT", f"/v1/streams/{stream}", token=token("ann"), body={}).problem() == "wrong_role"
    assert roar.ask("PUT", f"/v1/streams/{stream}", body={}).problem() == "no_token"
    made = roar.ask("PUT", f"/v1/streams/{stream}", token=host, body={})
    assert made.status == 201
    assert roar.ask("PUT", f"/v1/streams/{stream}", token=host, body={}).status == 200
    assert roar.post(stream).status == 201
    with open_reader("ws", roar, stream) as reader:
        assert reader.find("comment")["text"] == "hello"
    roar.kill()
    roar.start()
    assert roar.post(stream).status == 201
    assert roar.post(stream + "2").problem() == "no_stream"


def test_settings_are_checked(server, stream):
    host = token("host", **HOST)
    for body in ({"retention_days": -1}, {"retention_days": "1"}, {"state": "gone"}):
        answer = server.ask("PUT", f"/v1/streams/{stream}", token=host, body=body)
        assert answer.problem() == "bad_field", body


@pytest.mark.parametrize("kind", ["sse", "ws"])
def test_the_end_is_an_event(server, stream, kind):
    with open_reader(kind, server, stream) as reader:
        last = server.posted(stream)["comment"]
        answer = server.ask("POST", f"/v1/streams/{stream}/end", token=token("host", **HOST), body=b"")
        assert answer.status == 200 and answer.json()["state"] == "ended"
        event = reader.find("stream")
        assert event["state"] == "ended" and event["prev"] == last["seq"] and event["seq"] > last["seq"]
    assert server.log(stream)[-1] == event
    assert server.history(stream) == [last], "reading goes on"
    with open_reader(kind, server, stream) as late:
        assert late.hello["state"] == "ended"


def test_the_end_outlives_a_crash(start, stream):
    roar = start()
    roar.posted(stream)
    assert roar.ask("POST", f"/v1/streams/{stream}/end", token=token("host", **HOST), body=b"").status == 200
    roar.kill()
    roar.start()
    assert roar.post(stream).problem() == "stream_ended"
    assert roar.get(f"/v1/streams/{stream}").json()["state"] == "ended"


# ---- health ----


def test_health(server):
    assert server.get("/healthz").status == 200
    assert server.get("/readyz").status == 200


def test_the_page_is_there(server):
    answer = server.get("/?stream=demo")
    assert answer.status == 200 and answer.header("content-type").startswith("text/html")
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy
    etag = answer.header("etag")
    assert server.get("/", headers=[("If-None-Match", etag)]).status == 304
    squeezed = server.get("/", headers=[("Accept-Encoding", "gzip")])
    assert squeezed.header("content-encoding") == "gzip" and squeezed.header("etag") != etag


# ---- metrics ----


def test_metrics_are_prometheus_text_and_move(start, stream):
    roar = start()
    answer = roar.get("/metrics")
    assert answer.header("content-type").startswith("text/plain; version=0.0.4")
    before = parse_metrics(answer.body.decode())
    with open_reader("sse", roar, stream) as sse, open_reader("ws", roar, stream) as ws:
        for number in range(5):
            roar.posted(stream, str(number), cid=f"c{number}")
        assert roar.post(stream, cid="c1").status == 200
        assert roar.post(stream, "").status == 422
        sse.comments(5), ws.comments(5)
        after = eventually("viewers counted", lambda: (
            values := roar.metrics()) and total(values, "viewers") >= total(before, "viewers") + 2 and values)
    assert total(after, "post") > total(before, "post")
    assert any(value >= 5 for name, value in after.items() if "post" in name and "accept" in name)
    assert any(value >= 1 for name, value in after.items() if "post" in name and "duplicate" in name)
    assert any(value >= 10 for name, value in after.items() if "deliver" in name)
    assert any(value >= 5 for name, value in after.items() if "commit" in name)
    assert sum(value for name, value in after.items() if name.startswith("roar_memory_bytes")) > 0
    eventually("the store's own memory", lambda: roar.metrics()['roar_memory_bytes{kind="sqlite"}'] > 0)
    assert all(name.startswith("roar_") for name in after)


def total(values, word):
    return sum(value for name, value in values.items() if word in name and "_bucket" not in name)


def test_metrics_need_a_token_outside_dev(start):
    roar = start({"metrics.token": "scrape-me"}, flags=())
    assert roar.get("/metrics").problem() == "no_token"
    assert roar.get("/metrics", token="wrong").problem() == "bad_token"
    assert roar.get("/metrics", token="scrape-me").status == 200
    assert start(flags=()).get("/metrics").problem() == "forbidden"


def test_metrics_may_have_a_listener_of_their_own(start):
    roar = start({"metrics.listen": "127.0.0.1:0"}, flags=())
    lines = [json.loads(line) for line in roar.logs]
    addresses = [line["addr"] for line in lines if "addr" in line and not line["addr"].endswith(f":{roar.address[1]}")]
    assert addresses, roar.logs
    host, _, port = addresses[0].rpartition(":")
    main, roar.address = roar.address, (host, int(port))
    assert roar.get("/metrics").status == 200
    assert roar.get("/v1/streams/x").status == 404
    roar.address = main


def test_metrics_of_one_stream(server, stream):
    with open_reader("sse", server, stream) as reader:
        for number in range(3):
            server.posted(stream, str(number))
        reader.comments(3)
        found = eventually("deliveries", lambda: (m := server.get(f"/v1/streams/{stream}/metrics").json())[
            "deliveries"] >= 3 and m)
        assert found["events"] == 3 and found["viewers"]["sse"] == 1 and found["viewers"]["all"] == 1
        assert found["visible_ms"]["p50"] <= found["visible_ms"]["p95"] <= found["visible_ms"]["p99"]


def test_explain_and_node(server, stream):
    assert server.get(f"/v1/streams/{stream}/explain").json()["tier"] == "push"
    with Ws(server, stream) as ws:
        ws.find("hello")
        assert "1 viewer," in server.get(f"/v1/streams/{stream}/explain").json()["why"]
    assert len(server.get(f"/v1/streams/{stream}/node").json()["nodes"]) == 1


# ---- logs ----


def test_nothing_secret_is_ever_logged(start, stream):
    """At the loudest level, with tokens and tickets good and bad; check_logs() looks for tokens too."""
    roar = start({"log.level": "debug", "auth.query_token": "true"})
    secret = token("secretive")
    ticket = roar.ask("POST", "/v1/tickets", token=secret, body=b"").json()["ticket"]
    with Sse(roar, stream, ticket=ticket), Ws(roar, stream, query={"token": secret}) as ws:
        ws.ask(do="auth", token=secret)
    roar.get(f"/v1/streams/{stream}/events?ticket={ticket}")
    roar.get(f"/v1/streams/{stream}/events?token={secret}x")
    roar.post(stream, as_token=secret + "x")
    roar.post(stream, as_token=secret, text='evil"\n{"msg":"listening"}\u2028')
    assert roar.stop() == 0
    everything = "\n".join(roar.logs)
    for word in (ticket, secret, secret.split(".")[2]):
        assert word not in everything


def test_no_text_breaks_an_sse_frame(server, stream):
    nasty = ["\n\ndata: {}\n\n", "id: 9\n", ":\n", "\u2028\u2029", "</script>", "\\", '"}', "retry: 1", "a\rb\r\nc"]
    with open_reader("sse", server, stream) as reader:
        kept = [server.posted(stream, "x" + text + "y")["comment"] for text in nasty]
        assert reader.comments(len(nasty)) == kept
        assert reader.retries == reader.retries[:1]
