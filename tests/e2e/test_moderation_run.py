# SPDX-License-Identifier: Apache-2.0
"""Posts, acts, undos, returns and crashes at random, under one seed; then every transcript is judged, and the audit."""
import json
import os
import random

import pytest

from checker import check_moderation
from crowd import Crowd
from http1 import Closed
from moderator import Moderator
from roar import run

SEED = int(os.environ.get("ROAR_SEED", "1"))
ACTS = int(os.environ.get("ROAR_ACTS", "60"))


class Hand(Moderator):
    """A moderator who acts at random, and again where nobody answered: an act in force says `duplicate`."""

    def __init__(self, crowd, seed):
        super().__init__(crowd.roar, crowd.stream)
        self.crowd = crowd
        self.random = random.Random(seed)
        self.done = []  # acts that may be undone
        self.answered = []  # every act, for the audit
        self.found = []

    def until_answered(self, ask):
        while True:
            try:
                answer = ask()
            except (OSError, Closed, ValueError):
                self.crowd.up.wait(0.5)
                continue
            if answer.status != 503:
                return answer

    def once(self):
        answers = self.crowd.answers
        way = self.random.choice(["delete", "delete", "delete", "hold", "purge", "undo", "undo", "pin"])
        if way == "undo":
            self.lift()
            return
        target = self.random.choice(answers[-200:])
        fields = {"user": target.cid.partition("-")[0]} if way == "purge" else {"seq": target.seq}
        answer = self.until_answered(lambda: self.ask(way, **fields))
        assert answer.status in (200, 404, 409), (way, fields, answer.body)
        if answer.status == 200:
            self.note(answer.json(), way)
            if way in ("delete", "hold"):
                self.look_for(target)

    def lift(self):
        if not self.done:
            return
        act = self.done.pop(self.random.randrange(len(self.done)))
        answer = self.until_answered(lambda: self.roar.ask("POST", f"{self.path}/undo", token=self.token, body={"act": act}))
        assert answer.status in (200, 409), (act, answer.body)
        if answer.status == 200:
            self.note(answer.json(), "undo")

    def note(self, answer, way):
        self.answered.append(answer["act"])
        if way != "undo" and not answer.get("duplicate"):
            self.done.append(answer["act"])

    def look_for(self, target):
        """P6: no page begun after the answer has it. Nobody else acts here, so it is not back already."""
        path = f"/v1/streams/{self.stream}"
        for page in (f"/comments?after={target.seq - 1}&limit=1", f"/log?after={target.seq - 1}&limit=1",
                     f"/poll?after={target.seq - 1}&wait=0"):
            text = self.until_answered(lambda page=page: self.roar.get(path + page)).body.decode()
            if json.dumps(target.text) in text:
                self.found.append(f"{target.seq} is in {page} after its removal was answered")


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_a_moderated_run_keeps_its_promises(start, seed, tmp_path):
    roar = start()
    crowd = Crowd(roar, "s", pause_s=0.005).fill(posters=3, viewers=2)
    hand = Hand(crowd, seed)
    crowd.wait_answers(20, 20)
    for number in range(ACTS):
        hand.once()
        if number in (ACTS // 3, 2 * ACTS // 3):
            crowd.up.clear()
            roar.kill()
            roar.start()
            crowd.up.set()
            crowd.wait_more(5)
    log = crowd.finish(roar)
    assert hand.found == []
    assert check_moderation(log, crowd.views) == []
    entries = hand.entries()
    assert set(hand.answered) <= {entry["act"] for entry in entries}  # P16
    path = tmp_path / "audit.jsonl"
    path.write_text(run("audit", "export", "s", "--url", roar.url, "--token", hand.token)[1], encoding="utf-8")
    assert run("audit", "verify", path, "--last", entries[-1]["hash"])[0] == 0
