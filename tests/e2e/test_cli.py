# SPDX-License-Identifier: Apache-2.0
"""Section 11: the commands, the settings, and what is said when they are wrong."""
import contextlib
import json
import os
import re
import socket
import subprocess
import threading

import pytest

from http1 import DEADLINE_S
from lanes import carried
from moderator import Moderator
from roar import BINARY, UNLIMITED, Roar, environment, run
from tokens import SECRET, token


@pytest.fixture
def secret_file(tmp_path):
    path = tmp_path / "the-secret"
    path.write_text(SECRET + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


# ---- token ----


def test_token_prints_one_that_is_taken(server, stream, secret_file):
    code, out, err = run("token", "--sub", "cli", "--name", "Cleo", "--role", "moderator", "--role", "vip", "--stream",
                         stream + "*", "--ttl", "1h", "--secret-file", secret_file)
    assert code == 0, err
    assert out.count("\n") == 1 and out.count(".") == 2
    user = server.posted(stream, as_token=out.strip())["comment"]["user"]
    assert user == {"id": "cli", "name": "Cleo", "roles": ["vip", "moderator"]}
    assert server.post("elsewhere", as_token=out.strip()).problem() == "forbidden"


def test_token_needs_what_it_needs(secret_file):
    for args in (("token",), ("token", "--sub"), ("token", "--sub", "x", "--ttl", "soon", "--secret-file", secret_file),
                 ("token", "--sub", "x", "--colour", "red", "--secret-file", secret_file)):
        code, out, err = run(*args)
        assert code == 2 and out == "" and err, args


def test_token_with_a_secret_that_cannot_be_had(tmp_path):
    code, out, err = run("token", "--sub", "x", "--secret-file", tmp_path / "nowhere")
    assert code == 1 and out == "" and "nowhere" in err
    short = tmp_path / "short"
    short.write_text("short\n", encoding="utf-8")
    code, out, err = run("token", "--sub", "x", "--secret-file", short)
    assert code in (1, 2) and out == "" and "32" in err


# ---- post, tail ----


def test_post_posts(server, stream):
    code, out, err = run("post", stream, "from the shell ☺", "--url", server.url, "--token", token("cli"))
    assert code == 0, err
    assert server.history(stream)[-1]["text"] == "from the shell ☺"
    done = subprocess.run([BINARY, "post", stream, "by variables"], capture_output=True, text=True, check=False,
                          timeout=DEADLINE_S, env=environment() | {"ROAR_URL": server.url, "ROAR_TOKEN": token("cli")})
    assert done.returncode == 0, done.stderr
    assert [comment["text"] for comment in server.history(stream)] == ["from the shell ☺", "by variables"]


def test_an_empty_token_is_none(server, stream):
    def tried(command, *args, variable):
        return subprocess.run([BINARY, command, stream, *args, "--url", server.url], capture_output=True, text=True,
                              check=False, timeout=DEADLINE_S, env=environment() | {"ROAR_TOKEN": variable})

    for args, variable in (([], ""), (["--token", ""], token("cli")), (["--token="], "bad")):
        done = tried("post", "hello", *args, variable=variable)
        assert done.returncode == 1 and "no_token" in done.stderr, done.stderr
    server.posted(stream, "to all")
    with subprocess.Popen([BINARY, "tail", stream, "--after", "0"], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment() | {"ROAR_TOKEN": "", "ROAR_URL": server.url}) as process:
        try:
            assert "to all" in read_until(process, lambda line: "to all" in line)
        finally:
            process.terminate()


def test_post_says_why_not(server, stream):
    code, out, err = run("post", stream, "x" * 501, "--url", server.url, "--token", token("cli"))
    assert code == 1 and "too_long" in err
    code, _, err = run("post", stream, "x", "--url", server.url, "--token", "bad")
    assert code == 1 and "bad_token" in err
    code, _, err = run("post", stream, "x", "--url", "http://127.0.0.1:1", "--token", "bad")
    assert code == 1 and err
    code, _, err = run("post", stream)
    assert code == 2 and err
    code, _, err = run("post", stream, "caf\udce9", "--url", server.url, "--token", token("cli"))
    assert code == 2 and "UTF-8" in err and server.history(stream) == []


def tail(server, *args):
    return subprocess.Popen([BINARY, "tail", *args, "--url", server.url], env=environment(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@contextlib.contextmanager
def tailing(server, *args):
    """It is ended, whatever it has said."""
    process = tail(server, *args)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=DEADLINE_S)


def read_until(process, condition):
    """The first line that meets it; others are passed over."""
    watchdog = threading.Timer(DEADLINE_S, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            if condition(line):
                return line
    finally:
        watchdog.cancel()
    raise AssertionError(f"it ended: {process.wait()} {process.stderr.read()}")


def all_until(server, stream, text):
    """Every line that one from the beginning prints up to the first with this text."""
    lines = []
    with tailing(server, stream, "--after", "0") as process:
        read_until(process, lambda line: lines.append(line) or text in line)
    return lines


def is_comment(line):
    return json.loads(line)["type"] == "comment"


def test_tail_follows(server, stream):
    first = server.posted(stream, "before")["comment"]
    with tailing(server, stream, "--json", "--after", "0") as process:
        assert json.loads(read_until(process, is_comment)) == first
        second = server.posted(stream, "after")["comment"]
        assert json.loads(read_until(process, is_comment)) == second


def test_tail_is_for_people(server, stream):
    server.posted(stream, "first\nsecond \u202e", as_token=token("u", name="Ann"))
    with tailing(server, stream, "--after", "0") as process:
        line = read_until(process, lambda line: "Ann" in line)
        assert "first" in line and "second" in line and "\u202e" not in line


@pytest.mark.parametrize("lane", ["readable", "digest", "control"])
def test_tail_reads_a_lane(server, stream, lane):
    for number in range(20):
        server.posted(stream, f"t{number}")
    server.ask("PUT", f"/v1/streams/{stream}", token=token("h", roles=["host"]), body={"state": "paused"})
    log = server.log(stream)
    sent = carried(log, lane)
    texts = [event["text"] for event in log if event["seq"] in sent and event["type"] == "comment"]
    lines = []

    def told():
        """(comments printed, left out): an act may be told ahead of them."""
        return ([line.rstrip().rpartition(": ")[2] for line in lines if not line.startswith("--")],
                sum(int(line.split()[1]) for line in lines if "left out" in line))

    with tailing(server, stream, "--after", "0", "--lane", lane) as process:
        read_until(process, lambda line: lines.append(line) or told() == (texts, len(log) - len(sent)))
    assert len([line for line in lines if "the stream is paused" in line]) <= 1


def test_tail_tells_every_act(server, stream):
    mod = Moderator(server, stream)
    with tailing(server, stream, "--after", "0") as process:
        for text in ("one", "two", "three"):
            server.posted(stream, text, user="u9", as_token=token("u9", name="Ann"))
        read_until(process, lambda line: "three" in line)
        delete = mod.act("delete", seq=1)
        removed = read_until(process, lambda line: line.startswith("--"))
        assert re.fullmatch(r"-- removed: 1 \(Ann, \d\d:\d\d:\d\d\)\n", removed), removed
        mod.undo(delete["act"])
        assert read_until(process, lambda line: line.startswith("-- restored: ")).endswith(" Ann: one\n")
        mod.act("pin", seq=2)
        assert read_until(process, lambda line: line.startswith("-- pinned: ")).endswith(" Ann: two\n")
        mod.act("unpin", seq=2)
        assert read_until(process, lambda line: line.startswith("--")).startswith("-- no longer pinned: 2 (Ann, ")
        mod.act("slow", seconds=10)
        assert read_until(process, lambda line: line.startswith("--")) == "-- rules: one comment in 10 s\n"
        mod.act("slow", seconds=10)  # says nothing new
        mod.act("purge", user="u9")
        assert read_until(process, lambda line: line.startswith("--")).startswith("-- removed: all by u9 (Ann), up to ")
        mod.act("clear")
        assert read_until(process, lambda line: line.startswith("-- removed: everything"))


def test_tail_names_the_first_of_many(server, stream):
    mod = Moderator(server, stream)
    for number in range(12):
        server.posted(stream, f"n{number}", user=f"u{number}", as_token=token(f"u{number}", name="Ann"))
    seqs = [comment["seq"] for comment in server.history(stream)]
    with tailing(server, stream, "--after", "0") as process:
        read_until(process, lambda line: "n11" in line)
        mod.act("delete", seqs=seqs)
        line = read_until(process, lambda line: line.startswith("-- removed:"))
    assert line.count("(Ann, ") == 8 and line.endswith(") and 4 more\n"), line


def test_tail_tells_rules_when_they_change(server, stream):
    mod = Moderator(server, stream)
    for do, more in (("slow", {"seconds": 10}), ("terms", {"value": [{"text": "spam", "action": "refuse"}]}),
                     ("mode", {"value": ["links_off"]}), ("shield", {"value": True}), ("shield", {"value": False}),
                     ("mode", {"value": []}), ("slow", {"seconds": 0})):
        mod.act(do, **more)
    server.posted(stream, "the end")
    lines = all_until(server, stream, "the end")
    assert [line for line in lines if line.startswith("--")] == [
        "-- rules: one comment in 10 s\n", "-- rules: one comment in 10 s links_off\n",
        "-- rules: one comment in 30 s links_off unique hold_first shield\n",
        "-- rules: one comment in 10 s links_off\n", "-- rules: one comment in 10 s\n", "-- rules: none\n"]
    assert len([event for event in server.log(stream) if event["type"] == "settings"]) == 7, "the terms tell it, too"


def test_tail_begun_later_never_shows_what_was_removed(server, stream):
    mod = Moderator(server, stream)
    server.posted(stream, "the secret")
    mod.act("delete", seq=1)
    server.posted(stream, "the end")
    lines = all_until(server, stream, "the end")
    assert "secret" not in "".join(lines)


def test_tail_says_why_not(server):
    process = tail(server, "-bad-")
    _, err = process.communicate(timeout=DEADLINE_S)
    assert process.returncode in (1, 2) and err


# ---- version, usage ----


def test_version(server):
    code, out, _ = run("version")
    assert code == 0 and out.startswith("roar ") and out.count("\n") == 1


@pytest.mark.parametrize("args", [(), ("dance",), ("serve", "--colour", "red"), ("serve", "--listen"),
                                  ("serve", "extra"), ("post",), ("tail",), ("serve", "--workers", "many"),
                                  ("serve", "--workers", "-1"), ("serve", "--engine", "abacus")])
def test_wrong_usage_is_2(tmp_path, args):
    code, out, err = run(*args, cwd=tmp_path)
    assert code == 2 and err
    assert os.listdir(tmp_path) == []


def test_help_is_no_error():
    code, out, _ = run("--help")
    assert code == 0 and "serve" in out and "token" in out
    code, out, _ = run("serve", "--help")
    assert code == 0 and "--listen" in out


# ---- configuration ----


def refused(tmp_path, text, *args, settings=None):
    """What serve says of a file with this text."""
    path = tmp_path / "roar.toml"
    path.write_text(text, encoding="utf-8")
    code, _, err = run("serve", "--dev", "--config", path, "--data", tmp_path / "data", "--listen", "127.0.0.1:0", *args,
                       settings=settings)
    assert code in (1, 2), (code, err)
    return err


@pytest.mark.parametrize("text, line, column", [
    ('colour = "red"\n', 1, 1), ('\n\n  [limits]\n  post_usr = "5/10s"\n', 4, 3), ("[nothing]\nx = 1\n", None, None),
    ('[limits]\npost_user = "5 per 10s"\n', 2, None), ("[limits]\nconns_user = -1\n", 2, None),
    ("[limits]\nconns_user = true\n", 2, None), ("[limits\n", 1, None), ("listen = \n", 1, None),
    ('listen = "127.0.0.1:0\n', 1, None), ('[auth]\nguests = "perhaps"\n', 2, None),
    ('[auth]\nread = "nobody"\n', 2, None), ('workers = 1\nworkers = 2\n', 2, None), ("= 5\n", 1, None)])
def test_a_wrong_file_is_named_by_line(tmp_path, text, line, column):
    err = refused(tmp_path, text)
    assert "roar.toml" in err
    if line is not None:
        assert f":{line}:" in err, err
    if column is not None:
        assert f":{line}:{column}" in err, err


def test_a_file_that_cannot_be_read(tmp_path):
    code, _, err = run("serve", "--dev", "--config", tmp_path / "nowhere.toml")
    assert code in (1, 2) and "nowhere.toml" in err


def test_an_unknown_variable_is_named(start):
    roar = start({"limit.post_user": "1/1h", "colour": "red", "token": "x"})
    said = [json.loads(line) for line in roar.logs if "no setting has this variable" in line]
    assert {line["variable"]: line["nearest"] for line in said} == {
        "ROAR_LIMIT_POST_USER": "limits.post_user", "ROAR_COLOUR": ""}


@pytest.mark.parametrize("mode, warnings", [(0o600, 0), (0o640, 0), (0o644, 1), (0o660, 1)])
def test_a_secret_open_to_others_is_warned_of(start, tmp_path, mode, warnings):
    path = tmp_path / "secret"
    path.write_text("x" * 32 + "\n", encoding="utf-8")
    path.chmod(mode)
    roar = start({"secret_file": path}, flags=())
    said = [json.loads(line) for line in roar.logs if "secret_file" in line]
    assert [line["path"] for line in said] == [str(path)] * warnings, roar.logs


def test_a_wrong_variable_is_named(tmp_path):
    code, _, err = run("serve", "--dev", "--data", tmp_path / "data", "--listen", "127.0.0.1:0",
                       settings={"limits.post_user": "lots"})
    assert code in (1, 2) and "ROAR_LIMITS_POST_USER" in err


@pytest.mark.parametrize("text, names", [
    ("[presence]\nttl_s = 5\n", ("presence.beat_s (10)", "presence.ttl_s (5)")),
    ("[delivery]\nmerge_ms = 300\n", ("delivery.merge_ms (300)", "delivery.merge_max_ms (250)"))])
def test_settings_that_are_well_only_alone_are_named(tmp_path, text, names):
    err = refused(tmp_path, text)
    assert all(name in err for name in names), err


def test_a_flag_beats_the_variable_which_beats_the_file(start, stream, tmp_path):
    path = tmp_path / "roar.toml"
    path.write_text('[limits]\ntext_points = 5\n[auth]\nguests = false\n', encoding="utf-8")
    roar = start({"limits.text_points": 7}, flags=("--dev", "--config", str(path)))
    assert roar.post(stream, "1234567").status == 201
    assert roar.post(stream, "12345678").problem() == "too_long"
    assert roar.ask("POST", "/v1/guests", body={"name": "x"}).problem() == "forbidden"
    third = start({"limits.text_points": 7}, flags=("--dev", "--config", str(path), "--limits-text-points", "9"))
    assert third.post(stream, "123456789").status == 201


def test_a_port_taken_is_exit_1(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, err = run("serve", "--dev", "--listen", address, "--data", tmp_path / "data")
        assert code == 1 and address in err


def test_a_port_of_another_roar_is_taken(start, tmp_path):
    roar = start()
    address = f"127.0.0.1:{roar.address[1]}"
    code, _, err = run("serve", "--dev", "--listen", address, "--data", tmp_path / "other")
    assert code == 1 and address in err


def test_a_folder_that_cannot_be_made(tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("", encoding="utf-8")
    code, _, err = run("serve", "--dev", "--listen", "127.0.0.1:0", "--data", blocker / "data")
    assert code == 1 and "file" in err


def test_dev_is_for_loopback_only(tmp_path):
    code, _, err = run("serve", "--dev", "--listen", "0.0.0.0:0", "--data", tmp_path / "data")
    assert code in (1, 2) and "loopback" in err


def test_dev_needs_nothing(tmp_path):
    """Its secret is fixed and its data in ./roar-data."""
    roar = Roar(tmp_path, UNLIMITED)
    del roar.settings["secret_file"]
    roar.data = "roar-data"
    try:
        roar.start()
        assert (tmp_path / "roar-data").is_dir()
        guest = roar.ask("POST", "/v1/guests", body={"name": "G"}).json()
        assert roar.post("s", as_token=guest["token"]).status == 201
        assert roar.stop() == 0
    finally:
        roar.done()


def test_several_workers(start, stream):
    roar = start(flags=("--dev", "--workers", "3"))
    seen = [roar.posted(stream, str(number))["comment"] for number in range(20)]
    assert roar.log(stream) == seen
