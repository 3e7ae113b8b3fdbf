# SPDX-License-Identifier: Apache-2.0
"""What an operator does and meets: keys over HTTP, settings that need a restart, too few files, commands that go on
over a restart."""
import http.server
import json
import resource
import signal
import threading

import pytest

from http1 import DEADLINE_S
from roar import Roar, Throng, eventually, run
from test_cli import is_comment, read_until, tail
from tokens import Key, claims_of, token


@pytest.fixture
def key_server():
    """Serves `answer` at any path: [status, bytes]."""
    answer = [200, b"{}"]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(answer[0])
            self.end_headers()  # neither length nor chunks: it ends when it closes
            self.wfile.write(answer[1])

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}/keys", answer
        httpd.shutdown()


# ---- keys over HTTP ----


def test_keys_are_fetched_at_start_and_at_reload(start, stream, tmp_path, key_server):
    url, answer = key_server
    first, second = Key(tmp_path, "ES256", "k1"), Key(tmp_path, "EdDSA", "k2")
    answer[1] = json.dumps({"keys": [first.jwk()]}).encode()
    roar = start({"auth.jwks_url": url})
    assert roar.post(stream, as_token=first.token(claims_of("ann"))).status == 201
    assert roar.post(stream, as_token=second.token(claims_of("bob"))).problem() == "bad_token"
    answer[1] = json.dumps({"keys": [second.jwk()]}).encode()
    roar.signal(signal.SIGHUP)
    roar.wait_log("reloaded")
    assert roar.post(stream, as_token=second.token(claims_of("bob"))).status == 201
    assert roar.post(stream, as_token=first.token(claims_of("ann"))).problem() == "bad_token"
    answer[0] = 500
    roar.signal(signal.SIGHUP)
    assert "500" in roar.wait_log("reload refused: nothing changed")["why"]
    assert roar.post(stream, as_token=second.token(claims_of("bob"))).status == 201


@pytest.mark.parametrize(("url", "codes", "word"), [
    ("https://127.0.0.1/keys", (2,), "https"),
    ("http://127.0.0.1:1/keys", (1,), "refused"),
    ("/no/such/keys.json", (1,), "/no/such/keys.json"),
    ("file:///no/such/keys.json", (1,), "/no/such/keys.json"),
])
def test_keys_that_cannot_be_had_are_named(tmp_path, url, codes, word):
    code, _, err = run("serve", "--dev", "--listen", "127.0.0.1:0", "--data", tmp_path / "data",
                       settings={"auth.jwks_url": url})
    assert code in codes
    assert word in json.loads(err.splitlines()[-1])["why"]


def test_a_server_nobody_could_write_to_does_not_start(tmp_path):
    code, _, err = run("serve", "--listen", "127.0.0.1:0", "--data", tmp_path / "data")
    assert code == 2
    assert "secret_file" in json.loads(err.splitlines()[-1])["why"]


def test_metrics_need_a_port_of_their_own(start, tmp_path):
    roar = start()
    port = roar.address[1]
    assert roar.stop() == 0
    code, _, err = run("serve", "--dev", "--listen", f"127.0.0.1:{port}", "--data", tmp_path / "data",
                       settings={"metrics.listen": f"127.0.0.1:{port}"})
    assert code == 2 and "metrics.listen" in err


# ---- reload ----


def test_what_needs_a_restart_is_named(start, tmp_path):
    path = tmp_path / "roar.toml"
    path.write_text("workers = 1\n[log]\nlevel = \"info\"\n", encoding="utf-8")
    roar = start(flags=("--dev", "--config", str(path)))
    path.write_text("workers = 2\n[log]\nlevel = \"debug\"\n", encoding="utf-8")
    roar.signal(signal.SIGHUP)
    roar.wait_log("reloaded")
    assert roar.wait_log("a setting changed that needs a restart")["setting"] == "workers"
    assert roar.stop() == 0


# ---- too few files ----


def ask_once_more(roar, throng):
    """Of somebody who comes while there is no file; whoever got in stays."""
    def ask():
        throng.conns.append(roar.conn())
        return throng.conns[-1].ask("GET", "/healthz")
    throng.let_in(ask)


def test_without_files_newcomers_are_turned_away_and_those_inside_go_on(start, stream):
    def few_files():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    roar = start(preexec_fn=few_files)
    inside = roar.conn()
    assert inside.ask("GET", "/healthz").status == 200
    throng = Throng(roar, 100)
    assert 0 < throng.told <= throng.turned_away < 100
    eventually("not all are told the same second", lambda: ask_once_more(roar, throng) or len(throng.retries) > 2)
    assert throng.retries <= set(range(5, 11))
    assert inside.ask("GET", "/healthz").status == 200
    throng.leave()  # not all are gone at once
    posted = eventually("room again", lambda: throng.let_in(lambda: roar.post(stream)))
    assert posted.status == 201
    assert roar.metrics()["roar_accepts_refused_total"] == throng.turned_away
    inside.close()
    assert roar.stop() == 0


# ---- commands over a restart ----


def test_tail_comes_back_where_it_was(tmp_path, stream):
    roar = Roar(tmp_path / "roar").start()
    process = tail(roar, stream, "--json")
    try:
        eventually("tail to read", lambda: roar.get(f"/v1/streams/{stream}/metrics").json()["viewers"]["sse"] == 1)
        seqs = [roar.posted(stream, f"before {number}")["seq"] for number in range(3)]
        assert [json.loads(read_until(process, is_comment))["seq"] for _ in range(3)] == seqs
        roar.kill()
        roar.start()
        seqs = [roar.posted(stream, f"after {number}", as_token=token("bob"))["seq"] for number in range(3)]
        assert [json.loads(read_until(process, is_comment))["seq"] for _ in range(3)] == seqs
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_S)
        roar.done()


def test_a_comment_gives_a_terminal_no_orders(server, stream):
    server.posted(stream, "plain\nsecond \u202e turned", as_token=token("u", name="A\u2066nn"))
    process = tail(server, stream)
    try:
        line = read_until(process, lambda line: "plain" in line)
        assert "second" in line, "a line end inside a comment ends no line"
        assert not set(line) & {"\u202e", "\u2066"}
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_S)
