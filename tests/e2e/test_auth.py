# SPDX-License-Identifier: Apache-2.0
"""Section 2: tokens of every algorithm and every kind of bad one, tickets, guests, origins."""
import json
import signal
import time

import pytest

from readers import Ended, Refused, Sse, Ws, open_reader
from roar import eventually
from tokens import Key, b64, claims_of, hs256, token

ALGS = ["RS256", "ES256", "EdDSA"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return {alg: Key(folder, alg, f"k-{alg.lower()}") for alg in ALGS}


def jwks_file(folder, keys):
    path = folder / "jwks.json"
    path.write_text(json.dumps({"keys": [key.jwk() for key in keys]}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def jwks_server(tmp_path_factory, keys):
    from roar import UNLIMITED, Roar
    folder = tmp_path_factory.mktemp("jwks")
    roar = Roar(folder, {**UNLIMITED, "auth.jwks_url": jwks_file(folder, keys.values())}).start()
    yield roar
    roar.done()


@pytest.mark.parametrize("alg", ALGS)
def test_every_algorithm_is_taken(jwks_server, keys, stream, alg):
    answer = jwks_server.post(stream, as_token=keys[alg].token(claims_of("u", name="Ü")))
    assert answer.status == 201, answer.body
    assert answer.json()["comment"]["user"] == {"id": "u", "name": "Ü"}


def test_a_secret_stands_beside_the_set(jwks_server, stream):
    assert jwks_server.post(stream).status == 201


@pytest.mark.parametrize("alg", ALGS)
def test_a_key_signs_for_its_own_algorithm_and_kid_only(jwks_server, keys, stream, alg):
    for other in ["HS256", "none", *ALGS]:
        if other != alg:
            bad = keys[alg].token(claims_of("u"), {"alg": other})
            assert jwks_server.post(stream, as_token=bad).problem() == "bad_token", other
    stranger = keys[alg].token(claims_of("u"), {"kid": "unknown"})
    assert jwks_server.post(stream, as_token=stranger).problem() == "bad_token"


def test_a_public_key_is_no_secret(jwks_server, keys, stream):
    """The confusion of RFC 8725 section 2.1."""
    public = keys["RS256"].jwk()["n"]
    bad = hs256(claims_of("u"), secret=public, header={"kid": keys["RS256"].kid})
    assert jwks_server.post(stream, as_token=bad).problem() == "bad_token"


NOW = int(time.time())
BAD = {
    "nothing": "x", "two parts": "a.b", "four parts": "a.b.c.d", "empty parts": "..",
    "not base64url": token().replace(".", ".=", 1),
    "none": b64(b'{"alg":"none"}') + "." + b64(json.dumps(claims_of("u")).encode()) + ".",
    "none, signed": hs256(claims_of("u"), header={"alg": "none"}),
    "alg in lower case": hs256(claims_of("u"), header={"alg": "hs256"}),
    "alg unknown": hs256(claims_of("u"), header={"alg": "HS512"}),
    "alg a list": hs256(claims_of("u"), header={"alg": ["HS256"]}),
    "another secret": hs256(claims_of("u"), secret="x" * 40),
    "signature cut": token()[:-3],
    "claims changed": ".".join([token().split(".")[0], b64(json.dumps(claims_of("root")).encode()),
                                token().split(".")[2]]),
    "crit": hs256(claims_of("u"), header={"crit": ["exp"]}),
    "typ of another thing": hs256(claims_of("u"), header={"typ": "dpop+jwt"}),
    "no exp": hs256({"sub": "u"}), "exp a string": hs256({"sub": "u", "exp": str(NOW + 60)}),
    "exp null": hs256({"sub": "u", "exp": None}),
    "no sub": hs256({"exp": NOW + 60}), "sub empty": hs256(claims_of("")), "sub a number": hs256(claims_of(7)),
    "sub too long": hs256(claims_of("u" * 129)), "sub with NUL": hs256(claims_of("a\0b")),
    "name too long": hs256(claims_of("u", name="n" * 65)), "name a list": hs256(claims_of("u", name=["n"])),
    "name with LF": hs256(claims_of("u", name="a\nb")),
    "roles a string": hs256(claims_of("u", roles="admin")), "streams a string": hs256(claims_of("u", streams="*")),
    "avatar too long": hs256(claims_of("u", avatar="a" * 257)), "nine badges": hs256(claims_of("u", badges=["b"] * 9)),
    "badge too long": hs256(claims_of("u", badges=["b" * 33])),
    "nbf in the future": hs256(claims_of("u", nbf=NOW + 3600)),
    "claims no object": ".".join([token().split(".")[0], b64(b"[]"), token().split(".")[2]]),
    "huge": hs256(claims_of("u", pad="x" * 9000)),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_named_on_writes_and_reads(server, stream, kind):
    assert server.post(stream, as_token=BAD[kind]).problem() == "bad_token"
    for path in ("events", "poll?wait=0", "comments", "log", "ws"):
        assert server.get(f"/v1/streams/{stream}/{path}", token=BAD[kind]).problem() == "bad_token", path
    assert server.history(stream) == []


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "bearertoken", "Token abc"])
def test_another_scheme_is_no_token(server, stream, header):
    answer = server.get(f"/v1/streams/{stream}/comments", headers=[("Authorization", header)])
    assert answer.problem() == "bad_token"


def test_the_leeway_is_five_seconds(server, stream):
    assert server.post(stream, as_token=hs256(claims_of("u", ttl_s=-2))).status == 201
    assert server.post(stream, as_token=hs256(claims_of("u", ttl_s=-8))).problem() == "expired_token"
    assert server.get(f"/v1/streams/{stream}/log", token=hs256(claims_of("u", ttl_s=-60))).problem() == "expired_token"
    assert server.post(stream, as_token=hs256(claims_of("u", nbf=int(time.time()) + 3))).status == 201


def test_what_the_token_says_of_keys_is_ignored(server, stream):
    header = {"jku": "http://127.0.0.1:1/", "x5u": "http://127.0.0.1:1/", "jwk": {"kty": "oct", "k": "AAAA"}}
    assert server.post(stream, as_token=hs256(claims_of("u"), header=header)).status == 201


def test_streams_of_a_token_are_its_bounds(server, stream):
    bound = token("u", streams=[stream + "*", "other"])
    assert server.post(stream, as_token=bound).status == 201
    assert server.post(stream + "x", as_token=bound).status == 201
    assert server.post("else" + stream, as_token=bound).problem() == "forbidden"
    assert server.get(f"/v1/streams/else{stream}/events", token=bound).problem() == "forbidden"
    assert server.post(stream, as_token=token("u", streams=[])).problem() == "forbidden"


def test_posting_needs_a_token(server, stream):
    answer = server.ask("POST", f"/v1/streams/{stream}/comments", body={"text": "x"})
    assert answer.problem() == "no_token"
    with Ws(server, stream) as ws:
        problem = ws.ask(do="post", stream=stream, text="x")["problem"]
        assert problem["code"] == "no_token" and "auth" in problem["detail"]


def test_reading_may_need_one(start, stream):
    roar = start({"auth.read": "token"})
    for path in ("events", "poll?wait=0", "comments", "log", "snapshot", "presence", "ws"):
        assert roar.get(f"/v1/streams/{stream}/{path}").problem() == "no_token", path
    assert roar.get(f"/v1/streams/{stream}/comments", token=token()).status == 200
    with Sse(roar, stream, token=token()) as sse:
        assert sse.message()["type"] == "hello"


# ---- tickets ----


def ticket_of(roar, bearer=None):
    answer = roar.ask("POST", "/v1/tickets", token=bearer or token("tim", name="Tim"), body=b"")
    assert answer.status == 201
    assert answer.json()["expires_in"] == 30
    return answer.json()["ticket"]


def test_a_ticket_opens_one_connection(server, stream):
    for kind in (Sse, Ws):
        ticket = ticket_of(server)
        with kind(server, stream, ticket=ticket) as reader:
            assert reader.message()["type"] == "hello"
        with pytest.raises(Refused) as refused:
            kind(server, stream, ticket=ticket)
        assert refused.value.response.problem() == "bad_token"


def test_a_ticket_is_its_owner(server, stream):
    with Ws(server, stream, ticket=ticket_of(server)) as ws:
        assert ws.ask(do="post", stream=stream, text="x")["data"]["comment"]["user"] == {"id": "tim", "name": "Tim"}


def test_a_ticket_needs_a_token(server):
    assert server.ask("POST", "/v1/tickets", body=b"").problem() == "no_token"


@pytest.mark.parametrize("ticket", ["x", "", "A" * 43, "%00", "a" * 3000])
def test_an_unknown_ticket_is_refused(server, stream, ticket):
    assert server.get(f"/v1/streams/{stream}/events?ticket={ticket}").problem() == "bad_token"


@pytest.mark.slow
def test_a_ticket_lasts_thirty_seconds(server, stream):
    old = ticket_of(server)
    made = time.monotonic()
    with Sse(server, stream) as sse:  # its heartbeats are our clock
        sse.conn.socket.settimeout(40)
        while time.monotonic() - made < 30.5:
            sse.block()
    assert server.get(f"/v1/streams/{stream}/events?ticket={old}").problem() == "bad_token"


# ---- ?token= ----


def test_a_token_in_the_url_is_refused_where_it_is_off(server, stream):
    assert server.get(f"/v1/streams/{stream}/events?token={token()}").problem() == "bad_token"


def test_a_token_in_the_url_is_taken_where_it_is_on(start, stream):
    roar = start({"auth.query_token": "true"})
    with Ws(roar, stream, query={"token": token("q")}) as ws:
        assert ws.ask(do="post", stream=stream, text="x")["ok"]
    assert roar.get(f"/v1/streams/{stream}/events?token=bad").problem() == "bad_token"
    assert roar.get(f"/v1/streams/{stream}/poll?wait=0&token={token()}").status == 200


# ---- auth by message ----


def test_a_websocket_may_say_later_who_it_is(server, stream):
    with Ws(server, stream) as ws:
        assert ws.ask(do="auth", token=token("late"))["ok"]
        assert ws.ask(do="post", stream=stream, text="x")["data"]["comment"]["user"]["id"] == "late"
        assert ws.ask(do="auth", token="bad")["problem"]["code"] == "bad_token"


def test_first_message_auth_where_reading_needs_a_token(start, stream):
    roar = start({"auth.read": "token"})
    with Ws(roar) as ws:
        assert ws.ask(do="auth", token=token("late"))["ok"]
        assert ws.ask(do="join", stream=stream)["ok"]
        assert ws.find("hello")["stream"] == stream


def test_at_exp_a_websocket_is_closed_and_an_sse_ends(server, stream):
    short = token("brief", ttl_s=-3)  # two seconds of leeway are left
    with Ws(server, stream, token=short) as ws, Sse(server, stream, token=short) as sse:
        ws.message(), sse.message()
        assert ws.find("goaway")["reason"] == "token_expired"
        assert ws.closed() == 4001
        assert sse.find("goaway")["reason"] == "token_expired"
        assert len(sse.retries) == 2, "a retry: line before the goaway"
        assert sse.conn.is_ended()


def test_auth_renews_a_websocket(server, stream):
    with Ws(server, stream, token=token("brief", ttl_s=-3)) as ws:
        ws.message()
        assert ws.ask(do="auth", token=token("brief"))["ok"]
        with Ws(server, stream, token=token("witness", ttl_s=-3)) as witness:
            assert witness.closed() == 4001  # later than the first one would have been
        assert ws.ask(do="post", stream=stream, text="still here")["ok"]


def test_a_token_for_fewer_streams_leaves_the_others(server, stream):
    both, one = token("ann", streams=[stream + "*"]), token("ann", streams=[stream])
    with Ws(server, stream, token=both) as ws:
        assert ws.find("hello")["stream"] == stream
        assert ws.ask(do="join", stream=stream + "-other")["ok"]
        assert ws.ask(do="auth", token=one)["ok"]
        told = ws.find("reply")
        assert told["stream"] == stream + "-other" and not told["ok"] and told["problem"]["code"] == "forbidden"
        server.posted(stream + "-other", "not for it")
        kept = server.posted(stream, "for it")["comment"]
        assert ws.find("comment") == kept
        assert ws.ask(do="post", text="the only one joined")["ok"]
        assert ws.ask(do="join", stream=stream + "-other")["problem"]["code"] == "forbidden"
        assert ws.ask(do="auth", token=both)["ok"]
        assert ws.ask(do="join", stream=stream + "-other")["ok"], "one that allows it again"


# ---- guests ----


def test_guests_get_a_token_of_their_own(server, stream):
    answer = server.ask("POST", "/v1/guests", body={"name": "Gast ☺"})
    assert answer.status == 201
    guest = answer.json()
    assert guest["user"]["name"] == "Gast ☺"
    user = server.posted(stream, as_token=guest["token"])["comment"]["user"]
    assert user == guest["user"]
    other = server.ask("POST", "/v1/guests", body={"name": "Gast ☺"}).json()
    assert other["user"]["id"] != guest["user"]["id"]


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\0b", "x" * 65, 5, ["a"]])
def test_a_guests_name_is_a_name(server, name):
    answer = server.ask("POST", "/v1/guests", body={"name": name})
    assert answer.problem() == "bad_field" and answer.json()["field"] == "name"


def test_guests_are_off_unless_asked_for(start):
    roar = start({"auth.guests": "false"})
    assert roar.ask("POST", "/v1/guests", body={"name": "x"}).problem() == "forbidden"
    plain = start(flags=())
    assert plain.ask("POST", "/v1/guests", body={"name": "x"}).problem() == "forbidden"


# ---- origins ----


def with_origin(origin):
    return [("Origin", origin)]


def test_a_foreign_origin_is_refused_on_upgrades_tickets_and_reads(start, stream):
    roar = start({"http.origins": "https://site.test"})
    foreign = with_origin("https://evil.test")
    assert roar.ask("POST", "/v1/tickets", token=token(), headers=foreign, body=b"").problem() == "bad_origin"
    with pytest.raises(Refused) as refused:
        Ws(roar, stream, headers=foreign)
    assert refused.value.response.problem() == "bad_origin"
    with Ws(roar, stream, headers=with_origin("https://site.test")) as ws:
        assert ws.message()["type"] == "hello"
    with Ws(roar, stream, headers=with_origin(roar.url)) as ws:  # our own page
        assert ws.message()["type"] == "hello"


@pytest.mark.parametrize("origin", ["https://site.test.evil.test", "http://site.test", "https://site.test:8443", "null",
                                    "https://SITE.test/", "https://evil.test#https://site.test"])
def test_origins_are_compared_exactly(start, stream, origin):
    roar = start({"http.origins": "https://site.test"})
    with pytest.raises(Refused) as refused:
        Ws(roar, stream, headers=with_origin(origin))
    assert refused.value.response.problem() == "bad_origin"


def test_cors_names_the_allowed_origin_and_no_other(start, stream):
    roar = start({"http.origins": "https://site.test"})
    target = f"/v1/streams/{stream}/comments"
    good = roar.get(target, headers=with_origin("https://site.test"))
    assert good.header("access-control-allow-origin") == "https://site.test"
    assert "Origin" in good.header("vary")
    assert roar.get(target, headers=with_origin("https://evil.test")).header("access-control-allow-origin") is None
    ask = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization, content-type")]
    preflight = roar.ask("OPTIONS", target, headers=[*with_origin("https://site.test"), *ask])
    assert preflight.status in (200, 204)
    assert preflight.header("access-control-allow-origin") == "https://site.test"
    assert "POST" in preflight.header("access-control-allow-methods")
    assert "authorization" in preflight.header("access-control-allow-headers").lower()
    denied = roar.ask("OPTIONS", target, headers=[*with_origin("https://evil.test"), *ask])
    assert denied.header("access-control-allow-origin") is None


def test_sse_carries_cors(start, stream):
    roar = start({"http.origins": "https://site.test"})
    with Sse(roar, stream, headers=with_origin("https://site.test")) as sse:
        assert sse.head.header("access-control-allow-origin") == "https://site.test"


# ---- keys change while it runs ----


def test_a_reload_brings_new_keys(start, stream, tmp_path, keys):
    first, second = keys["EdDSA"], keys["ES256"]
    path = jwks_file(tmp_path, [first])
    roar = start({"auth.jwks_url": path})
    assert roar.post(stream, as_token=first.token(claims_of("u"))).status == 201
    assert roar.post(stream, as_token=second.token(claims_of("u"))).problem() == "bad_token"
    with open_reader("ws", roar, stream) as viewer:
        jwks_file(tmp_path, [second])
        roar.signal(signal.SIGHUP)
        eventually("the new key", lambda: roar.post(stream, as_token=second.token(claims_of("u"))).status == 201)
        assert roar.post(stream, as_token=first.token(claims_of("u"))).problem() == "bad_token"
        viewer.comments(2)


def test_a_4001_is_not_for_those_without_a_token(server, stream):
    with Ws(server, stream) as ws:
        ws.message()
        ws.send({"do": "beat", "ref": 1, "stream": stream})
        assert ws.find("reply")["ok"]
        with pytest.raises(Ended):
            ws.send_frame(8, b"\x03\xe8")
            ws.read_data()
