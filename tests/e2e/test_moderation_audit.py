# SPDX-License-Identifier: Apache-2.0
"""The audit over the real binary: each act is in it, and an export shows whatever was changed."""
import json

import pytest

from moderator import Moderator
from roar import run
from tokens import token


@pytest.fixture
def mod(server, stream):
    return Moderator(server, stream)


def test_every_act_is_in_the_audit_and_a_refused_one_is_not(mod, server):
    ban = mod.act("ban", user="u9", reason="spam")
    mod.act("ban", user="u9")  # a duplicate
    assert mod.refused("undo", act="a999999999")[0] == 404
    undo = mod.undo(ban["act"])
    entries = mod.entries()
    assert [(entry["n"], entry["act"], entry["do"]) for entry in entries] == [
        (1, ban["act"], "ban"), (2, undo["act"], "undo")]
    first = entries[0]
    assert (first["by"], first["kind"], first["reason"], first["stream"]) == (mod.user, "user", "spam", mod.stream)
    assert "u9" in first["target"]
    assert entries[1]["prev_hash"] == first["hash"]
    assert mod.look(f"acts/{ban['act']}")["entry"] == first


def exported(server, mod, tmp_path):
    code, text, error = run("audit", "export", mod.stream, "--url", server.url, "--token", mod.token)
    assert code == 0, error
    path = tmp_path / "audit.jsonl"
    path.write_text(text, encoding="utf-8")
    return path, text.split("\n")[:-1]


def test_an_export_is_verified(mod, server, tmp_path):
    acts = [mod.act("ban", user=f"u{i}", reason=f"r\u2028{i} \U0001f600") for i in range(7)]
    path, lines = exported(server, mod, tmp_path)
    assert [json.loads(line)["act"] for line in lines] == [act["act"] for act in acts]
    code, text, _ = run("audit", "verify", path)
    assert code == 0 and text.startswith("sound: entries 1 to 7"), text
    newest = json.loads(lines[-1])["hash"]
    assert run("audit", "verify", "-", "--last", newest, stdin=path.read_text(encoding="utf-8"))[0] == 0

    def verify(changed, *flags):
        path.write_text("".join(line + "\n" for line in changed), encoding="utf-8")
        code, text, _ = run("audit", "verify", path, *flags)
        return code, text

    edited = lines[3].replace("ban", "bun")
    for changed in (lines[:3] + [edited] + lines[4:], lines[:3] + lines[4:], lines[1:],
                    lines[:2] + [lines[3], lines[2]] + lines[4:], lines + [lines[-1]], [*lines, "{}"]):
        code, text = verify(changed)
        assert code == 1 and "line " in text, text
    for changed in lines[:3] + [edited] + lines[4:], lines[:3] + lines[4:]:
        assert "\n1 of " in verify(changed)[1], "one fault is told once"
    assert verify(lines[2:], "--part")[0] == 0
    code, text = verify(lines[:-1], "--last", newest)
    assert code == 1 and "missing" in text


def test_the_command_says_what_it_wants(mod, server, tmp_path):
    assert run("audit", "verify")[0] == 2
    assert run("audit", "export")[0] == 2
    assert run("audit", "shred", "x")[0] == 2
    assert run("audit", "verify", tmp_path / "nothing")[0] == 1
    code, _, error = run("audit", "export", mod.stream, "--url", server.url, "--token", token("u1"))
    assert code == 1 and "wrong_role" in error
    code, text, error = run("audit", "export", mod.stream, "--url", server.url, "--token", mod.token)
    assert (code, text) == (0, "") and error == f"roar audit: no act was done on {mod.stream} yet\n"
    empty = tmp_path / "empty"
    empty.touch()
    assert run("audit", "verify", empty)[:2] == (0, "no entries\n"), "a chain that has not begun is sound"
    assert run("audit", "verify", empty, "--last", "0" * 63 + "1")[0] == 1, "one that was emptied is not"
    assert "without any" in run("help", "audit")[1]
    mod.act("ban", user="u1")
    assert run("audit", "export", mod.stream, "--url", server.url, "--token", mod.token)[2] == ""


